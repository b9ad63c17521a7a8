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


def left_out_document(left_out: LeftOut) -> Document:
    """``{silence_s, other_sound_s}``: how much of a recording is in no utterance."""
    return {"silence_s": left_out.silence_s, "other_sound_s": left_out.other_sound_s}


def heard_document(heard: Heard) -> Document:
    """``{start_s, end_s, label, confidence, scores}``."""
    return {"start_s": heard.start_s, "end_s": heard.end_s, **prediction_fields(heard.prediction)}


def _moment(heard: Heard) -> Document:
    return {"start_s": heard.start_s, "end_s": heard.end_s, "confidence": heard.prediction.confidence}
