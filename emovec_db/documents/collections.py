"""Collections, and the encoders that they can be bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.collection import CollectionSummary

if TYPE_CHECKING:
    from emovec_db.encoder.registry import ModelEntry


def collection_document(summary: CollectionSummary) -> Document:
    """A collection and how much is in it."""
    collection = summary.collection
    return {
        "name": collection.name,
        "generation": collection.generation.generation_id,
        "encoder": collection.generation.encoder.encoder_id,
        "dim": collection.generation.encoder.dim,
        "segmentation": collection.generation.recipe.segmentation,
        "cleaning": list(collection.generation.recipe.cleaning),
        "diarization": collection.generation.recipe.diarization,
        "voices": collection.generation.recipe.voices,
        "recordings": summary.recordings,
        "utterances": summary.utterances,
        "customers": summary.customers,
        "failures": summary.failures,
        "refusals": summary.refusals,
        "suppressions": summary.suppressions,
        "forbidden_roles": list(summary.policy.forbidden_roles),
        "duration_s": summary.duration_s,
        "created_at": time_text(collection.created_at),
    }


def model_document(entry: ModelEntry) -> Document:
    """One line of `emovec models list`."""
    return {
        "name": entry.name,
        "source": entry.source,
        "installed": entry.installed,
        "path": str(entry.path),
        "size_bytes": entry.size_bytes,
        "licence": entry.licence,
        "description": entry.description,
    }
