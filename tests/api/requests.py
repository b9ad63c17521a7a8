"""What tests send, and how answers are held against the OpenAPI document's schemas."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import soundfile
from flask.testing import FlaskClient
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from emovec_db.api.schemas.answers import Error
from emovec_db.database import Database
from tests.sounds import tone

KEY = "a-key-of-twenty-four-letters"
COLLECTION = "/v1/collections/default"


def wav(hz: float, seconds: float = 2.0, level: float = 0.5) -> bytes:
    """A sine as a 16-bit WAV file; the fake encoder hears a label in every multiple of 200 Hz."""
    file = io.BytesIO()
    soundfile.write(file, tone(hz, seconds, level=level), 16_000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def file(content: bytes, name: str = "clip.wav") -> FileStorage:
    """A multipart file."""
    return FileStorage(io.BytesIO(content), name)


def checked(response: TestResponse, status: int, answer: type[BaseModel]) -> Any:
    """The JSON, after checking status and shape."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    answer.model_validate(response.json, strict=True)
    return response.json


def failed(response: TestResponse, status: int, code: str) -> Any:
    """The error document, after checking status, shape and code."""
    document = checked(response, status, Error)
    assert document["code"] == code, document
    return document


@dataclass(frozen=True)
class Api:
    """A client, and the worker's step done by hand."""

    client: FlaskClient
    database: Database

    def send(self, address: str, fields: Any) -> TestResponse:
        """POST a form; encoded here, since the test client leaves a temporary file behind where it is large."""
        boundary, body = encode_multipart(fields)
        return self.client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")

    def store(self, content: bytes, name: str = "clip.wav", **fields: str) -> Any:
        """Upload and ingest; the finished job's document."""
        response = self.send(f"{COLLECTION}/recordings", {"recording": file(content, name), **fields})
        assert response.status_code == 202, response.get_data(as_text=True)
        self.database.run_next_job("test")
        return self.client.get(response.headers["Location"]).json

    def stored_id(self, content: bytes, name: str = "clip.wav", **fields: str) -> int:
        """Upload and ingest; the recording's id."""
        (recording_id,) = self.store(content, name, **fields)["items"][0]["recording_ids"]
        return int(recording_id)
