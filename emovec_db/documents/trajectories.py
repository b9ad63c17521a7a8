"""Recordings by the course of their emotion."""

from __future__ import annotations

from collections.abc import Sequence

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.recording import Recording
from emovec_db.domain.trajectory import PlacedPart, SimilarCourses, Trajectory


def trajectories_document(pattern: str, found: Sequence[Trajectory]) -> Document:
    """``{pattern, matches}``, the clearest first: ``{recording_id, …, clarity, parts}``."""
    matches = [
        {**_recording_fields(one.recording), "clarity": one.clarity, "parts": _parts_document(one.parts)}
        for one in found
    ]
    return {"pattern": pattern, "matches": matches}


def similar_courses_document(found: SimilarCourses) -> Document:
    """``{course, matches}``, the most similar first: ``{recording_id, …, similarity, parts}``."""
    matches = [
        {**_recording_fields(one.recording), "similarity": one.similarity, "parts": _parts_document(one.parts)}
        for one in found.matches
    ]
    return {"course": _parts_document(found.course), "matches": matches}


def _recording_fields(recording: Recording) -> Document:
    return {
        "recording_id": recording.recording_id,
        "uri": recording.uris[0] if recording.uris else None,
        "channel": recording.channel,
        "customer": recording.details.customer,
        "recorded_at": time_text(recording.details.recorded_at),
        "duration_s": recording.quality.duration_s,
    }


def _parts_document(parts: Sequence[PlacedPart]) -> list[Document]:
    """``[{part, start_s, end_s, score}]`` in the order of time."""
    return [{"part": part.name, "start_s": part.start_s, "end_s": part.end_s, "score": part.score} for part in parts]
