"""Recordings whose emotion takes a course that was asked for, and where in them."""

from __future__ import annotations

from dataclasses import dataclass

from emovec_db.domain.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPart:
    """A stretch of a recording in which a part of a pattern is heard, or one label of its course."""

    #: of the pattern's part, or a label
    name: str
    start_s: float
    end_s: float
    #: mean over its steps of the summed scores of its labels, 0..1; pauses don't count
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """A recording in which a pattern holds, and where it does so most clearly."""

    recording: Recording
    #: one for each of the pattern's parts
    parts: tuple[PlacedPart, ...]
    #: the least mean score, where that is greatest, of any stretch of a part that is as long as the part must be
    clarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseMatch:
    """A recording whose course is like another's."""

    recording: Recording
    #: its course in labels
    parts: tuple[PlacedPart, ...]
    #: 1 less the distance of the courses, 0..1
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarCourses:
    """The course that was asked for, in labels, and the recordings most like it, the most similar first."""

    course: tuple[PlacedPart, ...]
    matches: tuple[CourseMatch, ...]
