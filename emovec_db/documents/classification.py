"""What classify and check answer."""

from __future__ import annotations

from emovec_db.documents.recordings import quality_document
from emovec_db.documents.timeline import (
    heard_document,
    left_out_document,
    overlaps_document,
    timeline_fields,
    voices_document,
)
from emovec_db.documents.values import Document
from emovec_db.domain.audit import AuditReport
from emovec_db.domain.classification import CheckReport, Classification
from emovec_db.domain.encoding import Frames


def classification_document(file: str, classification: Classification, granularity: str) -> Document:
    """The classification, its utterances and what they add up to; ``frames`` for frame granularity."""
    document = {
        "file": file,
        "label": classification.prediction.label,
        "confidence": classification.prediction.confidence,
        "scores": classification.prediction.by_label(),
        "granularity": granularity,
        "encoder": classification.encoder_id,
        "notice": classification.encoder_notice,
        "warnings": list(classification.warnings),
        "quality": quality_document(classification.quality),
        "utterances": [heard_document(one) for one in classification.timeline.utterances],
        **timeline_fields(classification.timeline),
        "left_out": left_out_document(classification.left_out),
        "voices": voices_document(classification.timeline),
        "overlaps": overlaps_document(classification.left_out),
    }
    if classification.frames is not None:
        document["frames"] = _frames_document(classification.frames)
    return document


def _frames_document(frames: Frames) -> Document:
    """``{hz, scores}``; scores: one list of nine per frame, in the order of the labels."""
    return {"hz": frames.hz, "scores": frames.scores.tolist()}


def audit_document(report: AuditReport) -> Document:
    """The fields of the report; deviations are null where nothing could be compared."""
    return {
        "utterances": report.utterances,
        "gone": report.gone,
        "decoded_otherwise": report.decoded_otherwise,
        "max_embedding_deviation": report.max_embedding_deviation,
        "max_score_deviation": report.max_score_deviation,
        "min_cosine": report.min_cosine,
        "backends": list(report.backends),
    }


def check_document(report: CheckReport) -> Document:
    """``{consistent, recordings, utterances, indexed, problems}``."""
    return {
        "consistent": report.consistent,
        "recordings": report.recordings,
        "utterances": report.utterances,
        "indexed": report.indexed,
        "problems": list(report.problems),
    }
