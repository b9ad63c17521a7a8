"""Drafts over HTTP."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from emovec_db.api.app import EmovecApp
from emovec_db.api.schemas.answers import Classification, Recording, Waveform
from emovec_db.api.schemas.drafts import Draft, Forgotten, Stretch
from emovec_db.api.schemas.jobs import Job
from emovec_db.api.schemas.matches import SearchResult
from emovec_db.api.schemas.results import Result
from emovec_db.api.server import Server
from emovec_db.cli.result_files import write_result
from emovec_db.domain.peaks import Peaks
from emovec_db.settings import Settings
from tests.api.requests import COLLECTION, KEY, Api, checked, failed, file, wav
from tests.calls import write_call

DRAFTS = f"{COLLECTION}/drafts"


def made(api: Api, content: bytes, name: str = "clip.wav", **fields: str) -> Any:
    """A new draft's document; its address is in `at`."""
    response = api.send(DRAFTS, {"recording": file(content, name), **fields})
    document = checked(response, 201, Draft)
    assert response.headers["Location"] == f"{DRAFTS}/{document['token']}"
    return document


def two_tones() -> bytes:
    """A second at 200 Hz, a second at 1000 Hz."""
    content = io.BytesIO()
    halves = [soundfile.read(io.BytesIO(wav(hz, 1)))[0] for hz in (200, 1000)]
    soundfile.write(content, np.concatenate(halves), 16_000, format="WAV")
    return content.getvalue()


def test_a_draft_is_a_classification_with_an_address_and_its_steps(api: Api) -> None:
    draft = made(api, wav(800), "x/y/<z>.wav", role="customer")
    response = api.send(f"{COLLECTION}/predictions", {"recording": file(wav(800), "<z>.wav")})
    predicted = checked(response, 200, Classification)
    assert {name: draft[name] for name in predicted} == predicted
    assert (draft["role"], draft["channel"], "frames" in draft) == ("customer", "mix", False)
    assert draft["expires_at"] > draft["created_at"]
    steps = [step["step"] for step in draft["steps"]]
    assert steps == ["receive", "decode", "check", "clean", "cut", "encode", "label"]
    received, decoded, _, _, cut, encoded, label = draft["steps"]
    assert received["size_bytes"] == len(wav(800))
    assert (decoded["codec"], decoded["from_rate_hz"], decoded["channels"]) == ("pcm_s16le", 16_000, 1)
    assert (cut["utterances"], cut["heard_s"], encoded["encoder"], encoded["frames"]) == (1, 2.0, draft["encoder"], 0)
    assert (label["label"], label["confidence"]) == (draft["label"], draft["confidence"])
    assert checked(api.client.get(f"{DRAFTS}/{draft['token']}"), 200, Draft) == draft
    assert api.client.get("/v1/collections").json["items"] == []


def test_frames_of_long_drafts_are_thinned(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made(api, two_tones(), granularity="frame")["frames"]
    assert (whole["hz"], whole["mean_of"], len(whole["scores"])) == (50, 1, 100)
    monkeypatch.setattr("emovec_db.documents.drafts.MAX_FRAMES", 30)
    draft = made(api, two_tones(), granularity="frame")
    thinned = draft["frames"]
    assert (thinned["hz"], thinned["mean_of"], len(thinned["scores"])) == (12.5, 4, 25)
    np.testing.assert_allclose(thinned["scores"], np.reshape(whole["scores"], (25, 4, 9)).mean(axis=1), atol=1e-4)
    result = checked(api.client.get(f"{DRAFTS}/{draft['token']}/result.json"), 200, Result)
    assert np.shape(result["frames"]["scores"]) == (100, 9)


def test_a_draft_is_heard_seen_and_saved(api: Api, tmp_path: Path) -> None:
    draft = made(api, two_tones(), '"; x.wav', granularity="frame")
    at = f"{DRAFTS}/{draft['token']}"
    sound, _ = soundfile.read(io.BytesIO(two_tones()), dtype="float32")

    waveform = checked(api.client.get(f"{at}/waveform"), 200, Waveform)
    np.testing.assert_array_equal(waveform["peaks"], Peaks.of(sound).levels)
    assert waveform["duration_s"] == 2
    with api.client.get(f"{at}/audio") as played:
        assert (played.status_code, played.mimetype) == (200, "audio/wav")
        np.testing.assert_allclose(soundfile.read(io.BytesIO(played.data))[0], sound, atol=1e-4)
    with api.client.get(f"{at}/audio", headers={"Range": "bytes=100-199"}) as part:
        assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 100-199/{len(played.data)}")
        assert part.data == played.data[100:200]
    result = api.client.get(f"{at}/result.json")
    document = checked(result, 200, Result)
    (tmp_path / "a.wav").write_bytes(two_tones())
    write_result(tmp_path / "out", api.database.classify(tmp_path / "a.wav", frames=True), "frame")
    by_command = json.loads((tmp_path / "out" / "result.json").read_text())
    assert {**document, "timestamp": by_command["timestamp"]} == by_command
    assert (document["emotion"], document["granularity"]) == (draft["label"], "frame")
    assert result.headers["Content-Disposition"] == 'attachment; filename="result.json"'
    saved = api.client.get(f"{at}/embedding.npy")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="embedding.npy"'
    embedding = np.load(io.BytesIO(saved.data), allow_pickle=False)
    assert (embedding.dtype, embedding.shape) == (np.dtype("<f4"), (16,))
    assert "no-store" in saved.headers["Cache-Control"]


def test_a_selection_is_classified(api: Api) -> None:
    at = f"{DRAFTS}/{made(api, two_tones())['token']}"
    body = {"start_s": 1.0, "end_s": 2.0, "granularity": "frame"}
    stretch = checked(api.client.post(f"{at}/selections", json=body), 200, Stretch)
    assert (stretch["label"], stretch["start_s"], stretch["end_s"]) == ("neutral", 1.0, 2.0)
    assert (stretch["quality"]["duration_s"], len(stretch["frames"]["scores"])) == (1.0, 50)
    for wrong, status, code in [
        ({"start_s": 1, "end_s": 3}, 400, "bad_query"),
        ({"start_s": 1, "end_s": 1}, 400, "bad_query"),
        ({"start_s": 1, "end_s": 1.05}, 422, "too_short"),
        ({"start_s": -1, "end_s": 1}, 422, "invalid"),
        ({"start_s": 0}, 422, "invalid"),
        ({"start_s": 0, "end_s": 1, "x": 1}, 422, "invalid"),
    ]:
        failed(api.client.post(f"{at}/selections", json=wrong), status, code)


def test_a_draft_is_searched_by(api: Api) -> None:
    low, high = api.stored_id(wav(200)), api.stored_id(wav(1000), "high.wav")
    token = made(api, two_tones())["token"]

    def nearest(**body: Any) -> int:
        answer = checked(api.client.post(f"{COLLECTION}/searches", json={"draft": token, **body}), 200, SearchResult)
        return int(answer["matches"][0]["recording_id"])

    assert nearest(end_s=1.0) == low
    assert nearest(start_s=1.0, end_s=2.0, k=1) == high
    failed(api.client.post(f"{COLLECTION}/searches", json={"draft": token, "start_s": 5.0}), 400, "bad_query")
    failed(api.client.post(f"{COLLECTION}/searches", json={"draft": token, "utterance_id": 1}), 422, "invalid")
    failed(api.client.post(f"{COLLECTION}/searches", json={"utterance_id": 1, "start_s": 0}), 422, "invalid")
    failed(api.client.post(f"{COLLECTION}/searches", json={"draft": "x" * 22}), 404, "not_found")
    batch = api.client.post(f"{COLLECTION}/searches/batch", json={"queries": [{"draft": token}]})
    assert batch.json["answers"][0]["error"]["code"] == "invalid"


def test_a_draft_is_stored(api: Api) -> None:
    at = f"{DRAFTS}/{made(api, wav(800), 'call 7.wav', role='customer')['token']}"
    body = {"customer": "c7", "recorded_at": "2026-03-01T10:00:00Z", "metadata": {"queue": 7}}
    queued = api.client.post(f"{at}/recordings", json=body)
    checked(queued, 202, Job)
    api.database.run_next_job("test")
    job = checked(api.client.get(queued.headers["Location"]), 200, Job)
    (recording_id,) = job["items"][0]["recording_ids"]
    stored = checked(api.client.get(f"{COLLECTION}/recordings/{recording_id}"), 200, Recording)
    assert (stored["customer"], stored["role"], stored["metadata"]) == ("c7", "customer", {"queue": 7})
    assert stored["uri"].endswith("/call%207.wav")
    failed(api.client.post(f"{at}/recordings", json={"role": "boss"}), 422, "invalid")
    failed(api.client.post(f"{at}/recordings", json={"recorded_at": "soon"}), 400, "bad_query")
    api.client.delete(f"{COLLECTION}/recordings/{recording_id}")
    failed(api.client.get(at), 404, "not_found")
    at = f"{DRAFTS}/{made(api, wav(800), 'call 7.wav', role='customer')['token']}"
    failed(api.client.post(f"{at}/recordings", json=body), 409, "suppressed")
    checked(api.client.post(f"{at}/recordings", json={**body, "allow_again": True}), 202, Job)


def test_a_draft_is_forgotten(api: Api) -> None:
    at = f"{DRAFTS}/{made(api, wav(800))['token']}"
    checked(api.client.delete(at), 200, Forgotten)
    for method, address in used(at):
        failed(method(api.client, address), 404, "not_found")


def used(at: str) -> list[tuple[Any, str]]:
    """Every use of a draft, but to forget it."""

    def get(client: FlaskClient, address: str) -> TestResponse:
        return client.get(address)

    def select(client: FlaskClient, address: str) -> TestResponse:
        return client.post(address, json={"start_s": 0, "end_s": 1})

    def store(client: FlaskClient, address: str) -> TestResponse:
        return client.post(address, json={})

    read = ["", "/waveform", "/audio", "/result.json", "/embedding.npy"]
    return [*((get, at + end) for end in read), (select, f"{at}/selections"), (store, f"{at}/recordings")]


def test_every_use_of_a_draft_is_tried(app: EmovecApp) -> None:
    paths = {path for path in app.api_doc["paths"] if "{token}" in path}
    assert paths == {address.replace("default", "{name}") for _, address in used(f"{DRAFTS}/{{token}}")}


@pytest.mark.parametrize("place", range(7))
def test_a_policy_that_came_later_holds_for_every_use(api: Api, tmp_path: Path, place: int) -> None:
    call = write_call(tmp_path / "call.wav").read_bytes()
    at = f"{DRAFTS}/{made(api, call, role='agent', channel='left')['token']}"
    collection = api.database.collection()
    # as a machine does that shares the database and not the folder of drafts
    api.database._parts.policies.forbid(collection._opened(), "agent", reason="", by=None, delete_existing=False)
    method, address = used(at)[place]
    failed(method(api.client, address), 403, "refused")
    assert os.listdir(tmp_path / "data" / "drafts") == []
    failed(method(api.client, address), 404, "not_found")


@pytest.mark.parametrize("token", ["x", "..", "%2e%2e%2f%2e%2e", "....", "x" * 22, "%00" * 22, "é" * 22])
def test_no_path_from_outside(api: Api, token: str) -> None:
    made(api, wav(800))
    for method, address in used(f"{DRAFTS}/{token}"):
        assert method(api.client, address).status_code in {404, 405, 422}


def test_drafts_ask_for_the_key(locked_client: FlaskClient) -> None:
    for method, address in used(f"{DRAFTS}/{'x' * 22}"):
        failed(method(locked_client, address), 401, "unauthorized")
    headers = {"X-API-Key": KEY}
    failed(locked_client.get(f"{DRAFTS}/{'x' * 22}", headers=headers), 404, "not_found")


def test_a_full_queue_is_told(api: Api, app: EmovecApp) -> None:
    at = f"{DRAFTS}/{made(api, wav(800))['token']}"
    with app.extensions["emovec_db"].encoder.place():
        failed(api.send(DRAFTS, {"recording": file(wav(800))}), 503, "busy")
        failed(api.client.post(f"{at}/selections", json={"start_s": 0, "end_s": 1}), 503, "busy")
        failed(api.client.post(f"{COLLECTION}/searches", json={"draft": at.rpartition("/")[2]}), 503, "busy")
        checked(api.client.get(at), 200, Draft)


def test_a_bad_recording_is_told_by_its_name_and_leaves_nothing(api: Api, tmp_path: Path) -> None:
    problem = failed(api.send(DRAFTS, {"recording": file(b"no sound" * 100, "notes.wav")}), 422, "not_audio")
    assert "notes.wav" in problem["message"]
    failed(api.send(DRAFTS, {"recording": file(b"x" * 1_000_001)}), 413, "too_large")
    failed(api.send(DRAFTS, MultiDict([("granularity", "frame")])), 422, "invalid")
    assert not (tmp_path / "data" / "drafts").exists()


def test_a_server_begins_without_drafts(api: Api, settings: Settings) -> None:
    token = made(api, wav(800))["token"]
    Server(settings, "127.0.0.1:0").load().extensions["emovec_db"].database.close()
    failed(api.client.get(f"{DRAFTS}/{token}"), 404, "not_found")
