"""The coarse track that is stored with each recording, against the frame scores of the same sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import emovec_db
from emovec_db.database import Database
from emovec_db.domain.encoding import Frames
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.errors import NotFoundError, QueryError
from tests.sounds import babble, tone, write

HALF_A_LEVEL = 0.5 / 255 + 1e-6


def half_second_means(frames: Frames) -> NDArray[np.float32]:
    """Mean scores of the frames that begin in each half second, (steps, 9)."""
    step = (np.arange(len(frames.scores)) * 2 / frames.hz + 1e-6).astype(int)
    return np.stack([frames.scores[step == each].mean(axis=0) for each in np.unique(step)])


@pytest.mark.parametrize("encoder", ["fake", "compact"])
def test_track_is_the_mean_of_the_frame_scores(tmp_path: Path, encoder: str) -> None:
    file = write(tmp_path / "a.wav", babble(8.4, seed=3))
    with emovec_db.open(tmp_path / "data", encoder=encoder) as database:
        calls = database.collection("calls")
        calls.ingest(file)
        track, heard = calls.track(1), calls.classify(file, frames=True)
    assert heard.frames is not None
    assert (track.hz, track.levels.shape) == (2.0, (17, 9))
    np.testing.assert_allclose(track.scores, half_second_means(heard.frames), rtol=0, atol=HALF_A_LEVEL)


def test_track_goes_over_all_utterances(database: Database, tmp_path: Path) -> None:
    """70 s in five windows that end within steps: a step that two of them share is the mean over the frames of both."""
    hum = np.concatenate([tone(200 * band, 10) for band in range(1, 8)])
    calls = database.collection("calls")
    calls.ingest(write(tmp_path / "long.wav", hum), segmentation="windows")
    track, utterances = calls.track(1), calls.utterances(1)
    assert len(utterances) == 5
    assert track.levels.shape == (140, 9)
    assert track.encoded.all()
    sums, counts = np.zeros((140, 9)), np.zeros(140)
    for one in utterances:
        part = hum[round(one.start_s * 16_000) : round(one.end_s * 16_000)]
        for place, scores in enumerate(FakeEncoder().encode_frames(part).scores):
            step = int((one.start_s + place / 50 + 1e-6) * 2)
            sums[step] += scores
            counts[step] += 1
    np.testing.assert_allclose(track.scores, sums / counts[:, None], rtol=0, atol=HALF_A_LEVEL)


def test_the_same_sound_in_another_file_has_the_same_track(database: Database, tmp_path: Path) -> None:
    first = write(tmp_path / "a.wav", babble(3, seed=1))
    calls = database.collection("calls")
    calls.ingest(first)
    calls.ingest(write(tmp_path / "b.flac", soundfile.read(first, dtype="int16")[0]))
    np.testing.assert_array_equal(calls.track(1).levels, calls.track(2).levels)
    calls.delete(1)
    with pytest.raises(NotFoundError, match="no recording 1"):
        calls.track(1)
    assert calls.track(2).encoded.all()
    assert calls.check().consistent


def test_embeddings_of_frames_when_they_are_asked_for(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", babble(2))
    heard = database.collection("calls").classify(file, frame_embeddings=True)
    assert heard.frames is not None
    assert heard.frames.embeddings is not None
    assert heard.frames.embeddings.shape == (len(heard.frames.scores), 16)
    plain = database.classify(file, frames=True)
    assert plain.frames is not None
    assert plain.frames.embeddings is None
    with (
        emovec_db.open(tmp_path / "other", encoder="compact") as compact,
        pytest.raises(QueryError, match="compact has no embeddings of frames"),
    ):
        compact.classify(file, frame_embeddings=True)
