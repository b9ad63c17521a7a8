"""Trajectories over either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.pattern import Pattern
from emovec_db.domain.query import Filter
from emovec_db.domain.track import FULL_LEVEL, Track
from emovec_db.emotions import LABELS
from emovec_db.services.trajectories.search import CourseQuestion, PatternQuestion, Trajectories
from emovec_db.store.store import Store, Unit
from tests.stored import PROVENANCE, recording

PATTERN = Pattern.parse("neutral > angry")


def runs(*stretches: tuple[str, int]) -> Track:
    """(label, steps) one after the other, each fully certain."""
    levels = np.zeros((sum(steps for _, steps in stretches), len(LABELS)), np.uint8)
    labels = np.repeat([LABELS.index(label) for label, _ in stretches], [steps for _, steps in stretches])
    levels[np.arange(len(levels)), labels] = FULL_LEVEL
    return Track(2.0, levels)


@pytest.fixture
def ids(store: Store, calls: Collection) -> list[int]:
    """Of a recording that rises, one that falls, and one that rises later."""
    tracks = [
        runs(("neutral", 20), ("angry", 10)),
        runs(("angry", 10), ("neutral", 20)),
        runs(("neutral", 28), ("angry", 8)),
    ]
    with store.write() as unit:
        return [
            unit.recordings.add(calls, recording(f"r{number}", customer=f"c{number}", track=track), PROVENANCE)
            for number, track in enumerate(tracks)
        ]


def test_recordings_are_found_by_pattern_and_by_course(store: Store, calls: Collection, ids: list[int]) -> None:
    search = Trajectories(store)
    assert [one.recording.recording_id for one in search.holding(calls, PATTERN, PatternQuestion())] == [ids[0], ids[2]]
    chosen = PatternQuestion(filter=Filter(customer="c2"))
    (found,) = search.holding(calls, PATTERN, chosen)
    assert (found.recording.recording_id, found.clarity) == (ids[2], 1.0)
    alike = search.like(calls, runs(("neutral", 20), ("angry", 10)), 15.0, CourseQuestion())
    assert [one.recording.recording_id for one in alike.matches] == [ids[0], ids[2], ids[1]]
    assert alike.matches[0].similarity == pytest.approx(1)


class Meanwhile(Store):
    """Deletes a recording after so many transactions that read."""

    def __init__(self, url: str, calls: Collection, recording_id: int, after: int) -> None:
        super().__init__(url)
        self._deletes, self._after = (calls, recording_id), after

    @contextmanager
    def read(self) -> Iterator[Unit]:
        with super().read() as unit:
            yield unit
        self._after -= 1
        if self._after == 0:
            with self.write() as unit:
                unit.recordings.delete(self._deletes[0], [self._deletes[1]])


@pytest.mark.parametrize("after", [1, 2])
def test_what_is_deleted_meanwhile_is_left_out(
    store: Store, store_url: str, calls: Collection, ids: list[int], after: int
) -> None:
    """After its id was chosen, and after its track was read."""
    search = Trajectories(Meanwhile(store_url, calls, ids[0], after))
    assert [one.recording.recording_id for one in search.holding(calls, PATTERN, PatternQuestion())] == [ids[2]]
    search.store.close()
