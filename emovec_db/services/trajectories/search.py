"""Trajectories of a collection: every track that the filter lets through is read, page by page."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import Final, TypeVar

import numpy as np

from emovec_db.domain.collection import Collection
from emovec_db.domain.pattern import Pattern
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Recording
from emovec_db.domain.track import FULL_LEVEL, Track
from emovec_db.domain.trajectory import CourseMatch, PlacedPart, SimilarCourses, Trajectory
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.services.trajectories.courses import POINTS, courses, distances, runs
from emovec_db.services.trajectories.holding import clearest
from emovec_db.services.trajectories.placing import placed
from emovec_db.services.trajectories.steps import Steps, batches
from emovec_db.store.store import Store

MAX_K: Final = 10_000
#: with compact about as many are missed as are mistaken there
DEFAULT_CLARITY: Final = 0.3
#: recordings up to twice as long, or half
DEFAULT_STRETCH: Final = 2.0
#: read in one transaction, so that nobody waits long for a reader
_PAGE: Final = 500

Value = TypeVar("Value", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternQuestion:
    """Which trajectories are wanted, besides the pattern."""

    k: int = 10
    min_clarity: float = DEFAULT_CLARITY
    filter: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        _check_k(self.k)
        if not 0 <= self.min_clarity <= 1:
            raise QueryError(f"min_clarity is {self.min_clarity}: expected 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseQuestion:
    """Which courses are wanted, besides the one that they are to be like."""

    k: int = 10
    #: how many times longer or shorter a recording's speech may be
    stretch: float = DEFAULT_STRETCH
    filter: Filter = field(default_factory=Filter)
    #: recording that must not be its own match
    without: int | None = None

    def __post_init__(self) -> None:
        _check_k(self.k)
        if not 1 <= self.stretch < math.inf:
            raise QueryError(f"stretch is {self.stretch}: expected 1 or more; 2 is up to twice or half as long")


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Finds recordings by the course of their emotion."""

    store: Store

    def holding(self, collection: Collection, pattern: Pattern, question: PatternQuestion) -> tuple[Trajectory, ...]:
        """Recordings in which the pattern holds, the clearest first, ties by id."""
        # a level that was divided by 255 and is multiplied again must not become the next one
        least = math.ceil(question.min_clarity * FULL_LEVEL - 1e-9)
        asked = [(part.name, part.labels) for part in pattern.parts]
        best: list[tuple[int, int]] = []
        for steps in batches(self._tracks(collection, question.filter)):
            # ties go to lower ids, which come first: only what is clearer can still come in
            floor = least if len(best) < question.k else best[-1][0] + 1
            rows, levels = clearest(pattern, steps, floor)
            best = _best(best, zip(levels.tolist(), steps.recording_ids[rows].tolist(), strict=True), question.k)
        return tuple(
            Trajectory(
                recording=recording,
                parts=_clipped(_parts(steps, asked, placed(pattern, steps, level)), recording.quality.duration_s),
                clarity=level / FULL_LEVEL,
            )
            for recording, steps, level in self._found(collection, best)
        )

    def like(self, collection: Collection, track: Track, duration_s: float, question: CourseQuestion) -> SimilarCourses:
        """Recordings whose course is most like that of a track, the most similar first, ties by id.

        `duration_s`: of the track's recording.
        """
        wanted = Steps.of([(0, track)])
        length, course = wanted.lengths[0], courses(wanted)[0]
        best: list[tuple[float, int]] = []
        for steps in batches(self._tracks(collection, question.filter)):
            alike = (steps.lengths <= length * question.stretch) & (steps.lengths * question.stretch >= length)
            near = steps.some(np.flatnonzero(alike & (steps.recording_ids != question.without)))
            similarities = 1.0 - distances(course, courses(near))
            best = _best(best, zip(similarities.tolist(), near.recording_ids.tolist(), strict=True), question.k)
        matches = tuple(
            CourseMatch(
                recording=recording, parts=_in_labels(steps, recording.quality.duration_s), similarity=similarity
            )
            for recording, steps, similarity in self._found(collection, best)
        )
        return SimilarCourses(course=_in_labels(wanted, duration_s), matches=matches)

    def _tracks(self, collection: Collection, chosen: Filter) -> Iterator[tuple[int, Track]]:
        with self.store.read() as unit:
            ids = unit.recordings.chosen(collection.collection_id, chosen)
        for some in np.split(ids, range(_PAGE, len(ids), _PAGE)):
            with self.store.read() as unit:
                page = unit.tracks.some(collection, some.tolist())
            yield from page

    def _found(
        self, collection: Collection, best: Sequence[tuple[Value, int]]
    ) -> Iterator[tuple[Recording, Steps, Value]]:
        """Those that were not deleted meanwhile, each with its steps."""
        with self.store.read() as unit:
            found = unit.recordings.some(collection.collection_id, [recording_id for _, recording_id in best])
            by_id = {recording.recording_id: recording for recording in found}
            for value, recording_id in best:
                if (recording := by_id.get(recording_id)) is not None:
                    steps = Steps.of([(recording_id, unit.tracks.get(collection, recording_id))])
                    yield recording, steps, value


def _best(best: list[tuple[Value, int]], fresh: Iterable[tuple[Value, int]], k: int) -> list[tuple[Value, int]]:
    """The k of greatest value, ties by id."""
    return heapq.nsmallest(k, chain(best, fresh), key=lambda one: (-one[0], one[1]))


def _in_labels(steps: Steps, duration_s: float) -> tuple[PlacedPart, ...]:
    """The course of a single recording in labels."""
    found = runs(courses(steps)[0])
    ends = np.array([0, *(end for _, _, end in found)]) * (int(steps.lengths[0]) / POINTS)
    labels = [LABELS[label] for label, _, _ in found]
    parts = _parts(steps, [(label, (label,)) for label in labels], np.rint(ends).astype(int).tolist())
    # what is shorter than a step is not told
    return _clipped([part for part in parts if part.start_s < part.end_s], duration_s)


def _parts(steps: Steps, asked: Sequence[tuple[str, tuple[str, ...]]], places: Sequence[int]) -> tuple[PlacedPart, ...]:
    """Of a single recording: (name, labels) of each part, and the places where parts begin and the last one ends."""
    parts = []
    for (name, labels), (begin, end) in zip(asked, pairwise(places), strict=True):
        start_s, end_s = steps.stretch_s(begin, end)
        score = float(steps.shares(labels)[begin:end].mean()) / FULL_LEVEL if begin < end else 1.0
        parts.append(PlacedPart(name=name, start_s=start_s, end_s=end_s, score=score))
    return tuple(parts)


def _clipped(parts: Sequence[PlacedPart], duration_s: float) -> tuple[PlacedPart, ...]:
    """A track's last step may end after its recording does."""
    return tuple(replace(part, end_s=min(part.end_s, duration_s)) for part in parts)


def _check_k(k: int) -> None:
    if not 1 <= k <= MAX_K:
        raise QueryError(f"k is {k}: expected 1 to {MAX_K}")
