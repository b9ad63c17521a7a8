"""What `emovec classify --out`, the server's downloads and its `/predict` say of a recording: the demo pages' form."""

from __future__ import annotations

from datetime import datetime

from emovec_db.documents.values import Document
from emovec_db.domain.classification import Classification


def result_document(heard: Classification, granularity: str, moment: datetime, *, embedding: bool = False) -> Document:
    """``{emotion, confidence, scores, granularity, timestamp, encoder[, frames][, embedding]}``.

    `moment` is when it was heard, with its zone; ``frames`` are there for frame granularity, the
    embedding where it is asked for.
    """
    document: Document = {
        "emotion": heard.prediction.label,
        "confidence": heard.prediction.confidence,
        "scores": heard.prediction.by_label(),
        "granularity": granularity,
        "timestamp": moment.isoformat(timespec="seconds"),
        "encoder": heard.encoder_id,
    }
    if heard.frames is not None:
        document["frames"] = {"hz": heard.frames.hz, "scores": heard.frames.scores.tolist()}
    if embedding:
        document["embedding"] = heard.embedding.tolist()
    return document
