"""What a search says of its matches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection
from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS
from emovec_db.services.explaining import differences
from tests.sounds import babble, write

from .test_queries import DIM, everything, fill


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with emovec_db.open(tmp_path_factory.mktemp("explained") / "data", encoder="fake") as database:
        fill(database)
        yield database.collection("calls")


def test_of_what_is_stored_scores_are_the_mean_by_duration_and_people_are_compared(calls: Collection) -> None:
    _, rows = everything(calls)
    own = [one for one in rows.values() if one.customer == "c2"]
    durations_s = [one.end_s - one.start_s for one in own]
    mean = np.average([one.prediction.scores for one in own], axis=0, weights=durations_s)
    answer = calls.similar_to_customer("c2", k=200)
    assert answer.scores is not None
    assert answer.scores.scores == pytest.approx(mean, abs=1e-6)
    for match in answer:
        one, told = match.utterance, match.explanation
        assert told is not None
        assert told.same_customer == (None if one.customer is None else one.customer == "c2")
        assert told.same_speaker == (one.speaker in {other.speaker for other in own})
        assert told.same_recording == (one.recording_id in {other.recording_id for other in own})
        assert told.differences == differences(answer.scores, one.prediction)


def test_only_great_differences_are_told_the_greatest_first() -> None:
    here = Prediction((0.5, 0.0, 0.0, 0.2, 0.3, 0.0, 0.0, 0.0, 0.0))
    there = Prediction((0.1, 0.04, 0.0, 0.3, 0.1, 0.0, 0.15, 0.26, 0.05))
    assert [(one.label, round(one.more, 6)) for one in differences(here, there)] == [
        ("angry", -0.4), ("surprised", 0.26), ("neutral", -0.2),
    ]  # fmt: skip
    assert differences(here, here) == ()


def test_a_mixture_has_the_scores_that_were_asked_for_and_an_embedding_none(calls: Collection) -> None:
    answer = calls.similar_to_scores({"angry": 3, "sad": 1}, k=1)
    assert answer.scores is not None
    assert dict(zip(LABELS, answer.scores.scores, strict=True))["angry"] == 0.75
    (match,) = answer
    assert match.explanation is not None
    assert match.explanation.same_customer is None
    bare = calls.similar_to_vector(np.ones(DIM, np.float32), k=1)
    assert bare.scores is None
    assert bare[0].explanation is not None
    assert bare[0].explanation.differences == ()


def test_a_recording_has_the_scores_that_are_heard_in_it(calls: Collection, tmp_path: Path) -> None:
    file = write(tmp_path / "new.wav", babble(1, seed=50))
    answer = calls.similar(file, k=1, group_by="customer")
    assert answer.scores == calls.classify(file).prediction
    assert all(match.explanation is not None for match in answer)
