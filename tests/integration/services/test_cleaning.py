"""Collections whose sound is cleaned: what is stored, what stays as it was, and which may meet."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from emovec_db.audio.decode import DECODE_CHAIN, decode
from emovec_db.cleaning import separate
from emovec_db.cleaning.registry import cleaning_named
from emovec_db.database import Database
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import MissingPartError, QueryError, RecipeMismatchError
from tests.conftest import ROOT
from tests.sounds import tone, write

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=600)
BOTH = ("high-pass", "normalise")
CHAIN = f"{DECODE_CHAIN}/high-pass-1/normalise-1"


@pytest.fixture
def hum(tmp_path: Path) -> Path:
    """A quiet tone, a low one much louder under it, and then it clips."""
    sound = tone(400, 3.0, level=0.1) + tone(40, 3.0, level=0.6)
    sound[-200:] = 1.0
    return write(tmp_path / "hum.wav", sound)


def test_cleaned_and_uncleaned_embeddings_differ_and_say_why(database: Database, hum: Path) -> None:
    cleaned, raw = database.collection("cleaned"), database.collection("raw")
    cleaned.ingest(hum, clean=BOTH)
    raw.ingest(hum)
    assert cleaned.summary().collection.generation.recipe.cleaning == ("high-pass-1", "normalise-1")
    assert raw.summary().collection.generation.recipe.cleaning == ()
    assert cleaned.utterance(1).provenance.decode_chain == CHAIN
    assert raw.utterance(2).provenance.decode_chain == DECODE_CHAIN
    stored = {one.name: one.classify(hum).embedding for one in (cleaned, raw)}
    assert np.abs(stored["cleaned"] - stored["raw"]).max() > 0.01

    waveform = cleaning_named(("high-pass-1", "normalise-1")).clean(decode(hum, limits=LIMITS)[0].waveform)
    np.testing.assert_array_equal(stored["cleaned"], FakeEncoder().encode([waveform])[0].embedding)


def test_whatever_is_asked_of_it_is_cleaned_too(database: Database, hum: Path) -> None:
    calls = database.collection("calls")
    calls.create(clean=BOTH)
    before = calls.classify(hum, frames=True)
    calls.ingest(hum)
    heard = calls.classify(hum, frames=True)
    (utterance,) = calls.utterances(1)
    assert heard.prediction.scores == before.prediction.scores == utterance.prediction.scores
    assert heard.frames is not None
    np.testing.assert_array_equal(heard.frames.scores, FakeEncoder().encode_frames(heard.sound.waveform).scores)
    assert np.abs(heard.sound.waveform).max() == pytest.approx(10 ** (-1 / 20)), "what the encoder heard"
    assert calls.similar(hum)[0].similarity == pytest.approx(1, abs=1e-6)
    assert calls.compare(hum, hum) == pytest.approx(1, abs=1e-6)
    report = calls.audit()
    assert (report.max_embedding_deviation, report.decoded_otherwise) == (0, 0)


def test_every_treatment_that_is_here_gives_the_same_numbers_again(database: Database) -> None:
    samples = sorted((ROOT / "samples" / "amara").iterdir())[:4]
    calls = database.collection("calls")
    calls.ingest(*samples, clean=("denoise", "normalise", "high-pass"))
    chain = calls.utterance(1).provenance.decode_chain
    assert re.fullmatch(re.escape(DECODE_CHAIN) + r"/high-pass-1/denoise-1/noisereduce-3[.0-9]+/normalise-1", chain)
    assert calls.audit().max_embedding_deviation == 0
    assert [calls.similar(one, k=1)[0].similarity for one in samples] == pytest.approx([1] * 4, abs=1e-6)


def test_what_is_not_installed_makes_no_collection(
    database: Database, hum: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separate, "find_spec", lambda _name: None)
    with pytest.raises(MissingPartError, match=r"vocal separation needs Demucs.*emovec-db\[songs\]"):
        database.collection("songs").ingest(hum, clean=("separate",))
    assert not database.collection("songs").exists()


def test_quality_identity_and_playback_are_those_of_the_sound_as_it_came(database: Database, hum: Path) -> None:
    cleaned, raw = database.collection("cleaned"), database.collection("raw")
    cleaned.ingest(hum, clean=BOTH)
    raw.ingest(hum)
    assert cleaned.recording(1).quality == raw.recording(2).quality == cleaned.classify(hum).quality
    assert "clipped" in cleaned.recording(1).quality.warnings
    assert cleaned.recording(1).pcm_sha256 == raw.recording(2).pcm_sha256 == decode(hum, limits=LIMITS)[0].pcm_sha256
    assert cleaned.audio(1).path == hum


def test_an_upload_is_cleaned_and_one_kept_channel_is_not(database: Database, hum: Path, tmp_path: Path) -> None:
    left = decode(hum, limits=LIMITS)[0].waveform
    call = write(tmp_path / "call.wav", np.stack([left, np.roll(left, 999)], axis=1), subtype="FLOAT")
    calls = database.collection("calls")
    calls.create(clean=BOTH)
    calls.forbid_role("agent", reason="law")
    with call.open("rb") as stream:
        calls.upload(stream, "call.wav", roles={"left": "customer"})
    assert database.run_next_job("worker") is not None
    (utterance,) = calls.utterances(1)
    assert utterance.provenance.decode_chain == CHAIN
    played = decode(calls.audio(1).path, limits=LIMITS)[0].waveform
    np.testing.assert_array_equal(played, left)
    assert calls.audit().max_embedding_deviation == 0


def test_the_same_sound_in_another_file_is_not_cleaned_or_encoded_again(database: Database, hum: Path) -> None:
    twin = write(hum.with_suffix(".flac"), decode(hum, limits=LIMITS)[0].waveform)
    calls = database.collection("calls")
    calls.ingest(hum, clean=BOTH)
    report = calls.ingest(twin)
    assert any("sounds the same" in note for note in report.notes)
    assert calls.utterances(2)[0].provenance.decode_chain == CHAIN
    assert calls.audit().max_embedding_deviation == 0


def test_two_cleanings_never_meet(database: Database, hum: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(hum, clean=("high-pass",))
    for wish, named in ((BOTH, "high-pass, normalise"), ((), "none"), (("normalise",), "normalise")):
        with pytest.raises(
            RecipeMismatchError, match=rf"'calls' was made with cleaning high-pass-1, not {named}: .*another collection"
        ):
            calls.ingest(hum, clean=wish)
    assert calls.ingest(hum).unchanged == calls.ingest(hum, clean=("high-pass", "high-pass")).unchanged == 1
    raw = database.collection("raw")
    raw.ingest(hum)
    with pytest.raises(RecipeMismatchError, match="'raw' was made with cleaning none, not high-pass"):
        raw.create(clean=("high-pass",))
    assert raw.ingest(hum, clean=()).unchanged == 1


def test_an_unknown_cleaning_makes_no_collection(database: Database, hum: Path) -> None:
    with pytest.raises(QueryError, match="unknown cleaning 'bleach'"):
        database.collection("calls").ingest(hum, clean=("bleach",))
    assert not database.collection("calls").exists()


def test_a_sound_that_was_cleaned_is_not_cleaned_otherwise(database: Database, hum: Path) -> None:
    cleaned = database.collection("cleaned")
    cleaned.create(clean=BOTH)
    heard: Sound = cleaned.classify(hum).sound
    assert cleaned.classify(heard).prediction == cleaned.classify(hum).prediction
    with pytest.raises(QueryError, match=r"was cleaned already \(high-pass-1, normalise-1\), and none is wanted here"):
        database.collection("raw").classify(heard)
