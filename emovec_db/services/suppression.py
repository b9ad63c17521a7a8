"""What was deleted stays out, unless somebody asks to take it in again."""

from __future__ import annotations

from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestRequest
from emovec_db.store.store import Store

#: for an upload: why it is not stored, and what lifts that
REASON = "it was deleted from this collection before: say allow_again to store it again"


def lifts_up_to(store: Store, collection: Collection, request: IngestRequest) -> int:
    """The last suppression that a request may lift: what is deleted after it was made stays out, however long it runs.

    0 where it did not ask to lift any.
    """
    if not request.allow_again:
        return 0
    with store.read() as unit:
        return unit.suppressions.newest(collection.collection_id)
