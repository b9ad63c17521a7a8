"""About this server: encoder, what is stored, indexes, jobs, health."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from emovec_db.api.context import collection, context
from emovec_db.domain.collection import CollectionSummary
from emovec_db.domain.index_state import IndexState

server = Blueprint("server", __name__)


@dataclass(frozen=True, slots=True)
class StoredCollection:
    """A collection as the page shows it."""

    summary: CollectionSummary
    #: by space; None: made in memory when first searched
    indexes: dict[str, IndexState | None]
    default_space: str


@server.get("/server")
def start() -> str:
    """What the server uses, holds and does."""
    database = context().database
    return render_template(
        "server.html",
        encoder=database.encoder_id(),
        problems=context().readiness.problems(),
        stored=[_stored(summary) for summary in database.collections()],
        jobs=database.jobs(limit=10).items,
    )


def _stored(summary: CollectionSummary) -> StoredCollection:
    spaces = collection(summary.collection.name).spaces
    return StoredCollection(summary, dict(spaces.indexes()), spaces.default())
