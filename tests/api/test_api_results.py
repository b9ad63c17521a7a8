"""What scripts for the known demo pages send, and get."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from emovec_db.api.app import EmovecApp, create_app
from emovec_db.api.schemas.answers import Classification, Policy
from emovec_db.api.schemas.results import ResultWithEmbedding
from emovec_db.database import Database
from emovec_db.documents import result_document
from emovec_db.settings import Settings, read_settings
from tests.api.requests import COLLECTION, KEY, Api, checked, failed, file, wav
from tests.calls import write_call

BY_FORM = ["/predict", "/api/predict"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root for audio_path, with a secret beside it."""
    root = tmp_path / "root"
    (root / "calls").mkdir(parents=True)
    (root / "calls" / "a.wav").write_bytes(wav(800))
    (root / "notes.wav").write_bytes(b"no sound" * 100)
    (root / "large.wav").write_bytes(b"x" * 1_000_001)
    (tmp_path / "secret.wav").write_bytes(wav(200))
    (root / "out.wav").symlink_to(tmp_path / "secret.wav")
    os.mkfifo(root / "pipe.wav")
    return root


@pytest.fixture
def rooted(database: Database, settings: Settings, root: Path) -> FlaskClient:
    """Of a server whose operator configured the root."""
    told = read_settings(**{**settings.model_dump(), "audio_root": root})
    return create_app(database, told).test_client()


@pytest.mark.parametrize("address", BY_FORM)
def test_a_form_is_answered_as_result_json_has_it(api: Api, address: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = checked(api.send(address, {"audio": file(wav(800))}), 200, ResultWithEmbedding)
    predicted = checked(api.send(f"{COLLECTION}/predictions", {"recording": file(wav(800))}), 200, Classification)
    assert before <= datetime.fromisoformat(answer.pop("timestamp")) <= datetime.now(UTC)
    assert answer == {
        "emotion": predicted["label"],
        "confidence": predicted["confidence"],
        "scores": predicted["scores"],
        "granularity": "utterance",
        "encoder": predicted["encoder"],
    }


@pytest.mark.parametrize("address", BY_FORM)
@pytest.mark.parametrize("said", ["true", "True", "1", "on"])
def test_frames_and_embedding(api: Api, tmp_path: Path, address: str, said: str) -> None:
    fields = {"audio": file(wav(800)), "granularity": "frame", "extract_embedding": said}
    answer = checked(api.send(address, fields), 200, ResultWithEmbedding)
    (tmp_path / "a.wav").write_bytes(wav(800))
    heard = api.database.classify(tmp_path / "a.wav", frames=True)
    moment = datetime.fromisoformat(answer["timestamp"])
    assert answer == result_document(heard, "frame", moment, embedding=True)
    np.testing.assert_array_equal(np.float32(answer["embedding"]), heard.embedding)


def test_nothing_is_stored(api: Api, tmp_path: Path) -> None:
    api.send("/predict", {"audio": file(wav(800))})
    assert api.client.get("/v1/collections").json["items"] == []
    assert not (tmp_path / "data" / "drafts").exists()


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"audio": "a.wav"}, 422, "invalid"),
        ({"recording": file(wav(800))}, 422, "invalid"),
        ({"audio": file(wav(800)), "granularity": "word"}, 422, "invalid"),
        ({"audio": file(wav(800)), "extract_embedding": "maybe"}, 422, "invalid"),
        ({"audio": file(b"no sound" * 100)}, 422, "not_audio"),
        ({"audio": file(b"x" * 1_000_001)}, 413, "too_large"),
    ],
)
def test_what_is_wrong_is_told(api: Api, fields: Any, status: int, code: str) -> None:
    failed(api.send("/predict", fields), status, code)


def test_a_file_below_the_root(rooted: FlaskClient, root: Path) -> None:
    answers = []
    for named in ("calls/a.wav", str(root / "calls" / "a.wav")):
        body = {"audio_path": named, "granularity": "frame", "extract_embedding": True}
        answers.append(checked(rooted.post("/api/predict", json=body), 200, ResultWithEmbedding))
        answers[-1].pop("timestamp")
    assert answers[0] == answers[1]
    assert (answers[0]["emotion"], len(answers[0]["embedding"])) == ("happy", 16)


@pytest.mark.parametrize(
    ("named", "status", "code"),
    [
        ("none.wav", 404, "not_found"),
        ("../secret.wav", 403, "outside"),
        ("../none.wav", 403, "outside"),
        ("out.wav", 403, "outside"),
        ("/etc/passwd", 403, "outside"),
        ("/etc/none", 403, "outside"),
        ("calls", 422, "unreadable"),
        ("pipe.wav", 422, "unreadable"),
        ("large.wav", 413, "too_large"),
        ("notes.wav", 422, "not_audio"),
        ("a\0.wav", 403, "outside"),
        ("", 422, "invalid"),
        (7, 422, "invalid"),
    ],
)
def test_what_can_not_be_read_by_path(rooted: FlaskClient, tmp_path: Path, named: Any, status: int, code: str) -> None:
    problem = failed(rooted.post("/api/predict", json={"audio_path": named}), status, code)
    assert str(tmp_path) not in problem["message"]
    if code == "not_audio":
        assert "notes.wav" in problem["message"]


def test_by_path_of_a_server_without_root(api: Api, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(800))
    for named in ("a.wav", str(tmp_path / "a.wav"), "none.wav"):
        problem = failed(api.client.post("/api/predict", json={"audio_path": named}), 403, "outside")
        assert "EMOVEC_AUDIO_ROOT" in problem["message"]


def test_other_bodies(api: Api) -> None:
    assert api.client.post("/api/predict", data=b"x", content_type="text/plain").status_code == 415
    assert api.client.post("/predict", json={"audio_path": "a.wav"}).status_code == 422


def requests_by(client: FlaskClient, api: Api, call: bytes, **fields: str) -> Iterator[Any]:
    for address in BY_FORM:
        yield api.send(address, {"audio": file(call), **fields})
    yield client.post("/api/predict", json={"audio_path": "call.wav", **fields})


def test_the_default_collections_policy_holds(api: Api, rooted: FlaskClient, root: Path) -> None:
    call = write_call(root / "call.wav").read_bytes()
    checked(api.client.post(f"{COLLECTION}/policy/forbidden-roles", json={"role": "agent"}), 200, Policy)
    for fields in ({}, {"role": "agent", "channel": "left"}, {"role": "customer"}):
        for response in requests_by(rooted, api, call, **fields):
            failed(response, 403, "refused")
    for response in requests_by(rooted, api, call, role="customer", channel="right"):
        assert checked(response, 200, ResultWithEmbedding)["emotion"] == "neutral"


def test_key_and_queue(api: Api, app: EmovecApp, locked_client: FlaskClient) -> None:
    for address in BY_FORM:
        failed(locked_client.post(address, json={"audio_path": "a.wav"}), 401, "unauthorized")
        with app.extensions["emovec_db"].encoder.place():
            failed(api.send(address, {"audio": file(wav(800))}), 503, "busy")
    answer = locked_client.post("/predict", data={"audio": file(wav(800))}, headers={"Authorization": f"Bearer {KEY}"})
    checked(answer, 200, ResultWithEmbedding)
