"""`/readyz` answers 200 only once the encoder is warm."""

from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient

from emovec_db.api.app import EmovecApp
from emovec_db.api.context import context
from emovec_db.api.readiness import Readiness
from emovec_db.api.schemas.answers import Readiness as ReadinessAnswer
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import BadWeightsError
from tests.api.requests import checked


def readiness_of(app: EmovecApp) -> Readiness:
    with app.app_context():
        return context().readiness


def test_ready_only_after_the_warm_up(app: EmovecApp, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    encoding, go_on, encode = threading.Event(), threading.Event(), FakeEncoder.encode

    def slow(*given: object) -> object:
        encoding.set()
        assert go_on.wait(60)
        return encode(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeEncoder, "encode", slow)
    loading = {"status": "not ready", "problems": {"encoder": "is being loaded"}}
    assert checked(client.get("/readyz"), 503, ReadinessAnswer) == loading
    thread = readiness_of(app).start()
    try:
        assert encoding.wait(60)
        assert checked(client.get("/readyz"), 503, ReadinessAnswer) == loading
        assert client.get("/healthz").status_code == 200
    finally:
        go_on.set()
        thread.join()
    assert checked(client.get("/readyz"), 200, ReadinessAnswer) == {"status": "ready", "problems": {}}


def test_an_encoder_that_cannot_be_used_is_never_ready(
    app: EmovecApp, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise BadWeightsError("/secret/place/model.pt was changed")

    monkeypatch.setattr(FakeEncoder, "encode", broken)
    readiness_of(app).start().join()
    answer = checked(client.get("/readyz"), 503, ReadinessAnswer)
    assert answer["problems"] == {"encoder": "can't be used (bad_weights)"}, "no path: no key is asked here"
