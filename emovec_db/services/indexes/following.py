"""Following the change log in portions, for engines that keep what they hold outside this process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit

#: changes of one portion, whose applying holds the collection's lock: others write in between
PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Portion:
    """What the change log says next, as the database has it now."""

    gone: tuple[int, ...]
    #: int64 (n,), ascending
    ids: NDArray[np.int64]
    #: unit vectors float32 (n, dim)
    vectors: NDArray[np.float32]
    #: position after it
    seq: int


def next_portion(unit: Unit, collection: Collection, space: Space, seq: int, limit: int | None = None) -> Portion:
    """At most `limit` changes that follow a position in the log. The caller holds the collection's lock."""
    limit, head = limit or PORTION, unit.changes.head(collection.collection_id)
    changes = unit.changes.since(collection, seq, limit)
    present = {change.utterance_id: change.added for change in changes}
    # what came and went again later is not stored any more
    heard = unit.utterances.vectors(collection, sorted(one for one, added in present.items() if added))
    gone = sorted(present.keys() - set(heard.ids.tolist()))
    vectors = space.project(heard) if len(heard.ids) else np.empty((0, 0), np.float32)
    return Portion(tuple(gone), heard.ids, vectors, changes[-1].seq if len(changes) == limit else head)
