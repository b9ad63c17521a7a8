"""Real recordings through the API, with the encoder that comes with the package."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from emovec_db.api.app import create_app
from emovec_db.api.schemas.answers import Classification, Recording, RecordingPage
from emovec_db.api.schemas.matches import SearchResult, Similarity
from emovec_db.database import open_database
from emovec_db.encoder.compact import COMPACT_PATH
from emovec_db.settings import read_settings
from tests.api.requests import COLLECTION, Api, checked, file
from tests.conftest import require


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Api]:
    require(COMPACT_PATH.is_file(), "the weights of the compact encoder are not in the package yet")
    settings = read_settings(data_dir=tmp_path / "real", encoder="compact", upload_max_mb=40)
    with open_database(settings) as database:
        yield Api(create_app(database, settings).test_client(), database)


def test_every_emotional_clip_finds_itself_first(real: Api, shared_data: Path) -> None:
    clips = sorted((shared_data / "fixtures" / "emotional").glob("*.wav"))
    ids = {clip.name: real.stored_id(clip.read_bytes(), clip.name, speaker=clip.name[:4]) for clip in clips}
    assert len(set(ids.values())) == 7
    for clip in clips:
        data = {"recording": file(clip.read_bytes(), clip.name), "k": "3"}
        found = checked(real.send(f"{COLLECTION}/searches", data), 200, SearchResult)["matches"]
        assert found[0]["recording_id"] == ids[clip.name]
        assert found[0]["similarity"] == pytest.approx(1, abs=1e-3)
        answer = checked(
            real.send(f"{COLLECTION}/predictions", {"recording": file(clip.read_bytes(), clip.name)}),
            200,
            Classification,
        )
        assert answer["scores"] == pytest.approx(found[0]["scores"], abs=1e-3)
        assert "demonstration" in answer["notice"]
    page = checked(real.client.get(f"{COLLECTION}/recordings?speaker=1001"), 200, RecordingPage)
    assert len(page["items"]) == 6


def test_compare_says_what_the_facade_says(real: Api, shared_data: Path) -> None:
    files = sorted((shared_data / "fixtures" / "formats").glob("aishell-*"))
    assert len(files) == 6
    for pair in pairwise(files):
        data = MultiDict([("recording", file(path.read_bytes(), path.name)) for path in pair])
        answer = checked(real.send(f"{COLLECTION}/similarities", data), 200, Similarity)
        assert answer["similarity"] == pytest.approx(real.database.compare(*pair), abs=1e-5)


def test_channels_of_a_call_are_recordings_of_their_own(real: Api, shared_data: Path) -> None:
    (call, *_) = sorted((shared_data / "fixtures" / "calls").glob("*agent-left*"))
    job = real.store(call.read_bytes(), call.name, roles="left=agent,right=customer", customer="caller")
    assert job["counts"] == {"ingested": 2}
    recordings = [
        checked(real.client.get(f"{COLLECTION}/recordings/{recording_id}"), 200, Recording)
        for recording_id in job["items"][0]["recording_ids"]
    ]
    assert {one["channel"]: one["role"] for one in recordings} == {"left": "agent", "right": "customer"}
    for one in recordings:
        sound = real.client.get(f"{COLLECTION}/recordings/{one['recording_id']}/audio", buffered=True)
        assert (sound.status_code, sound.mimetype) == (200, "audio/wav")
        assert sound.data[:4] == b"RIFF"
