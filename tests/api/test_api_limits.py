"""How much a request may hold, and how many may be under way."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from emovec_db.api.admission import Admission, Waiters
from emovec_db.api.app import create_app
from emovec_db.api.context import context
from emovec_db.api.uploads import MAX_PARTS
from emovec_db.database import Database
from emovec_db.errors import BusyError
from emovec_db.settings import Settings
from tests.api.requests import COLLECTION, Api, failed, file, wav

_HEAD = b'--B\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n'


def test_an_upload_over_the_limit(api: Api) -> None:
    response = _upload(api, b"\x00" * 1_100_000)
    failed(response, 413, "too_large")
    assert api.client.get("/v1/jobs").json["items"] == []


def test_a_file_over_the_limit_within_the_envelope(api: Api) -> None:
    response = _upload(api, b"\x00" * 1_000_001)
    failed(response, 413, "too_large")


def _upload(api: Api, content: bytes) -> TestResponse:
    """A multipart body as bytes: the test client would leave a temporary file behind."""
    body = _HEAD + content + b"\r\n--B--\r\n"
    return api.client.post(f"{COLLECTION}/recordings", data=body, content_type="multipart/form-data; boundary=B")


class _Endless(io.RawIOBase):
    """A body that never ends and counts how much of it was read."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), 65_536)
        part = (_HEAD if not self.taken else b"").ljust(size, b"x")[:size]
        buffer[:size] = part
        self.taken += size
        return size


def test_a_body_without_length_is_cut_off_while_it_is_read(api: Api) -> None:
    body = _Endless()
    address = f"{COLLECTION}/predictions"
    environ = EnvironBuilder(address, method="POST", content_type="multipart/form-data; boundary=B").get_environ()
    del environ["CONTENT_LENGTH"]
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
    answer, status, _ = run_wsgi_app(api.client.application, environ, buffered=True)
    assert status.startswith("413 ")
    assert json.loads(b"".join(answer))["code"] == "too_large"
    assert body.taken < 2_000_000


def test_too_many_files(api: Api) -> None:
    files = MultiDict([("recording", file(b"x", f"{number}.wav")) for number in range(MAX_PARTS + 1)])
    failed(api.client.post(f"{COLLECTION}/recordings", data=files), 413, "too_large")


def test_json_over_its_limit(api: Api) -> None:
    failed(api.client.post(f"{COLLECTION}/searches", json={"embedding": [0.1] * 400_000}), 413, "too_large")


def test_a_long_field(api: Api) -> None:
    data = {"recording": file(wav(200)), "metadata": '{"a": "' + "x" * 200_000 + '"}'}
    failed(api.client.post(f"{COLLECTION}/recordings", data=data), 413, "too_large")


def test_sound_over_the_limit_though_few_bytes(api: Api, database_with_short_limit: Callable[[], Api]) -> None:
    short = database_with_short_limit()
    short.stored_id(wav(200, seconds=1))
    response = short.client.post(f"{COLLECTION}/predictions", data={"recording": file(wav(200, seconds=4))})
    failed(response, 422, "too_long")


@pytest.fixture
def database_with_short_limit(api: Api) -> Callable[[], Api]:
    from emovec_db.api.app import create_app
    from emovec_db.settings import read_settings

    def make() -> Api:
        fields = {**api.database.settings.model_dump(), "upload_max_minutes": 0.05}
        return Api(create_app(api.database, read_settings(**fields)).test_client(), api.database)

    return make


def test_a_full_queue_says_when_to_come_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """inference_queue is 1 here: while one request classifies, the next is told to come again."""
    api.stored_id(wav(200))
    classifying, go_on = threading.Event(), threading.Event()
    unblocked = type(api.database.collection()).classify

    def blocked(*given: Any, **options: Any) -> Any:
        classifying.set()
        assert go_on.wait(30)
        return unblocked(*given, **options)

    monkeypatch.setattr(type(api.database.collection()), "classify", blocked)
    statuses: list[int] = []

    def classify() -> None:
        other = api.client.application.test_client()
        statuses.append(other.post(f"{COLLECTION}/predictions", data={"recording": file(wav(200))}).status_code)

    thread = threading.Thread(target=classify)
    thread.start()
    try:
        assert classifying.wait(30)
        for address in ("predictions", "searches"):
            refused = api.client.post(f"{COLLECTION}/{address}", data={"recording": file(wav(200))})
            assert failed(refused, 503, "busy")["detail"]["retry_after_s"] == int(refused.headers["Retry-After"]) > 0
        # what needs no encoder is answered meanwhile
        assert api.client.get(f"{COLLECTION}/recordings").status_code == 200
        assert api.client.post(f"{COLLECTION}/searches", json={"utterance_id": 1}).status_code == 200
    finally:
        go_on.set()
        thread.join()
    assert statuses == [200]
    assert api.client.post(f"{COLLECTION}/predictions", data={"recording": file(wav(200))}).status_code == 200


def test_places_come_back_after_errors() -> None:
    admission = Admission(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.place():
            raise ZeroDivisionError
    with admission.place(), pytest.raises(BusyError, match="1 such requests already wait"), admission.place():
        pass


def test_only_some_may_wait() -> None:
    waiters = Waiters(1)
    with waiters.place() as first, waiters.place() as second:
        assert (first, second) == (True, False)
    with waiters.place() as again:
        assert again


def test_readings_of_all_tracks_take_turns(database: Database, settings: Settings) -> None:
    app = create_app(database, settings.model_copy(update={"server_threads": 2}))
    with app.app_context(), context().trajectories.place():
        response = app.test_client().post(f"{COLLECTION}/trajectories", json={"pattern": "angry"})
    assert failed(response, 503, "busy")["detail"] == {"retry_after_s": 2}
    assert response.headers["Retry-After"] == "2"
