"""Drafts, and stretches of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from emovec_db.documents.classification import classification_document
from emovec_db.documents.values import Document, time_text
from emovec_db.domain.classification import Classification
from emovec_db.domain.draft import Draft
from emovec_db.domain.encoding import Frames
from emovec_db.domain.sound import SAMPLE_RATE_HZ

#: of a document; what has more is shown as means of some frames each
MAX_FRAMES: Final = 3_000
#: of frames' scores
SCORE_DIGITS: Final = 4


def draft_document(draft: Draft) -> Document:
    """The classification, the draft's address and time, and the steps that led to it."""
    return {
        **_bounded(draft.file_name, draft.heard, draft.granularity),
        "token": draft.token,
        "role": draft.role,
        "channel": draft.sound.channel,
        "created_at": time_text(draft.created_at),
        "expires_at": time_text(draft.expires_at),
        "steps": steps_document(draft),
    }


def stretch_document(draft: Draft, heard: Classification, granularity: str, start_s: float, end_s: float) -> Document:
    """The classification of a stretch of a draft, whose own times count from its start."""
    return {**_bounded(draft.file_name, heard, granularity), "start_s": start_s, "end_s": end_s}


def steps_document(draft: Draft) -> list[Document]:
    """What was done to the recording, in order: ``{step, …}`` with the values of each."""
    quality, heard = draft.sound.quality, draft.heard
    steps: list[tuple[str, dict[str, Any]]] = [
        ("receive", {"size_bytes": draft.size_bytes}),
        (
            "decode",
            {
                "codec": quality.codec,
                "from_rate_hz": quality.sample_rate_hz,
                "channels": quality.channels,
                "channel": draft.sound.channel,
                "rate_hz": SAMPLE_RATE_HZ,
                "duration_s": quality.duration_s,
                "took_ms": _ms(draft.decode_ms),
            },
        ),
        (
            "check",
            {
                "peak": quality.peak,
                "snr_db": quality.snr_db,
                "silence_ratio": quality.silence_ratio,
                "warnings": list(quality.warnings),
            },
        ),
        ("clean", {"treatments": list(heard.sound.cleaning)}),
        (
            "cut",
            {
                "utterances": len(heard.timeline.utterances),
                "heard_s": heard.timeline.heard_s,
                "left_out_s": heard.left_out.total_s,
            },
        ),
        (
            "encode",
            {
                "encoder": heard.encoder_id,
                "frames": 0 if heard.frames is None else len(heard.frames.scores),
                "took_ms": _ms(draft.classify_ms),
            },
        ),
        ("label", {"label": heard.prediction.label, "confidence": heard.prediction.confidence}),
    ]
    return [{"step": name, **values} for name, values in steps]


def _bounded(file: str, heard: Classification, granularity: str) -> Document:
    document = classification_document(file, heard, granularity)
    if heard.frames is not None:
        document["frames"] = _thinned(heard.frames)
    return document


def _thinned(frames: Frames) -> Document:
    """``{hz, scores, mean_of}``: each entry is the mean of `mean_of` frames, the last of what remains."""
    mean_of = -(-len(frames.scores) // MAX_FRAMES) or 1
    starts = np.arange(0, len(frames.scores), mean_of)
    counts = np.diff(np.append(starts, len(frames.scores)))[:, None]
    means = np.add.reduceat(frames.scores.astype(np.float64), starts) / counts
    return {"hz": frames.hz / mean_of, "scores": means.round(SCORE_DIGITS).tolist(), "mean_of": mean_of}


def _ms(took_ms: float) -> float:
    return round(took_ms, 1)
