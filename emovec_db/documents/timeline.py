"""How emotion goes through a recording."""

from __future__ import annotations

from emovec_db.documents.values import Document, prediction_fields
from emovec_db.domain.segmentation import LeftOut
from emovec_db.domain.timeline import Heard, Timeline


def timeline_fields(timeline: Timeline) -> Document:
    """``{time_shares: {nine}, strongest: {label: [{start_s, end_s, confidence}]}}``."""
    return {
        "time_shares": timeline.time_shares(),
        "strongest": {label: [_moment(one) for one in found] for label, found in timeline.strongest().items()},
    }


def voices_document(timeline: Timeline) -> list[Document]:
    """Per voice ``{voice, heard_s, label, confidence, scores, time_shares, strongest}``; none where none are told."""
    return [
        {"voice": voice, "heard_s": own.heard_s, **prediction_fields(own.summary()), **timeline_fields(own)}
        for voice, own in timeline.by_voice().items()
    ]


def left_out_document(left_out: LeftOut) -> Document:
    """``{silence_s, other_sound_s, fragments_s, overlap_s}``: how much of a recording is in no utterance."""
    return {
        "silence_s": left_out.silence_s,
        "other_sound_s": left_out.other_sound_s,
        "fragments_s": left_out.fragments_s,
        "overlap_s": left_out.overlap_s,
    }


def overlaps_document(left_out: LeftOut) -> list[Document]:
    """``[{start_s, end_s}]``: where several voices speak at once."""
    return [{"start_s": overlap.start_s, "end_s": overlap.end_s} for overlap in left_out.overlaps]


def heard_document(heard: Heard) -> Document:
    """``{start_s, end_s, voice, label, confidence, scores}``."""
    times = {"start_s": heard.start_s, "end_s": heard.end_s}
    return {**times, "voice": heard.voice, **prediction_fields(heard.prediction)}


def _moment(heard: Heard) -> Document:
    return {"start_s": heard.start_s, "end_s": heard.end_s, "confidence": heard.prediction.confidence}
