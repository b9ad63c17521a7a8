"""Utterances that were picked one by one."""

from __future__ import annotations

from emovec_db.documents.recordings import utterance_document
from emovec_db.documents.values import Document
from emovec_db.domain.selection import Selection


def selection_document(selection: Selection) -> Document:
    """What they add up to, and each of them."""
    return {
        "utterances": len(selection.utterances),
        "missing": selection.missing,
        "duration_s": selection.duration_s,
        "labels": selection.labels(),
        "customers": [{"customer": customer, "utterances": count} for customer, count in selection.customers()],
        "items": [utterance_document(one) for one in selection.utterances],
    }
