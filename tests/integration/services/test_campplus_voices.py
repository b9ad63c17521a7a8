"""CAM++ of random weights over a real conversation: whose voice is whose it can't tell, all else holds."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest

import emovec_db
from emovec_db.database import Database
from emovec_db.encoder.published import CAMPPLUS
from emovec_db.errors import RecipeMismatchError
from tests.conftest import require


@pytest.fixture
def database(tmp_path: Path) -> Database:
    require(importlib.util.find_spec("funasr") and importlib.util.find_spec("torch"), "FunASR is not installed")
    from tests.voice_models import write_campplus

    write_campplus(tmp_path / "data" / "models" / CAMPPLUS.name)
    return emovec_db.open(tmp_path / "data", encoder="fake")


def test_a_real_conversation(database: Database, shared_data: Path, tmp_path: Path) -> None:
    from tests.voice_models import write_campplus

    file = shared_data / "fixtures" / "long" / "two_speakers_katiesteve.wav"
    with database:
        calls = database.collection("calls")
        assert calls.ingest(file, diarize="campplus", voices=2).ingested == 1
        recipe = calls.summary().collection.generation.recipe
        recording, utterances = calls.recording(1), calls.utterances(1)
        again = database.classify(file, diarize="campplus", voices=2)
    assert recipe.diarization is not None
    assert recipe.diarization.startswith("campplus-1@")
    assert {one.voice for one in utterances} == {"A", "B"}
    assert all(before.end_s <= after.start_s for before, after in pairwise(utterances))
    assert recording.left_out.overlaps == (), "CAM++ hears one voice at a time"
    heard_s = sum(one.end_s - one.start_s for one in utterances)
    assert heard_s + recording.left_out.total_s == pytest.approx(recording.quality.duration_s)
    spans = [(one.start_s, one.end_s, one.voice) for one in utterances]
    assert [(one.start_s, one.end_s, one.voice) for one in again.timeline.utterances] == spans

    write_campplus(tmp_path / "data" / "models" / CAMPPLUS.name, seed=1)
    with emovec_db.open(tmp_path / "data", encoder="fake") as reopened, pytest.raises(RecipeMismatchError):
        reopened.collection("calls").ingest(file)
