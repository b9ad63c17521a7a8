"""The change log of each collection, by which indexes catch up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Change
from emovec_db.errors import NotFoundError
from emovec_db.store.statements import table_of
from emovec_db.store.tables import ChangeRow, CollectionRow

# An ingest runs these for every recording: built once, since building costs more than running.
_COUNT = (
    update(table_of(CollectionRow))
    .where(CollectionRow.collection_id == bindparam("counted"))
    .values(change_seq=CollectionRow.change_seq + bindparam("changes"))
    .returning(CollectionRow.change_seq)
)
_HEAD = select(CollectionRow.change_seq).where(CollectionRow.collection_id == bindparam("collection_id"))
_INSERT = insert(table_of(ChangeRow))


class Changes:
    """The change logs, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self, collection_id: int) -> int:
        """The number of the newest change, of whatever generation; 0: nothing ever happened."""
        seq = self._connection.scalar(_HEAD, {"collection_id": collection_id})
        if seq is None:
            raise NotFoundError(f"no collection with id {collection_id}")
        return seq

    def since(self, collection: Collection, seq: int, limit: int = 50_000) -> tuple[Change, ...]:
        """The first `limit` changes after `seq` in the collection's generation, in order."""
        later = (
            select(ChangeRow.seq, ChangeRow.utterance_id, ChangeRow.added)
            .where(
                ChangeRow.collection_id == collection.collection_id,
                ChangeRow.seq > seq,
                ChangeRow.generation_id == collection.generation.generation_id,
            )
            .order_by(ChangeRow.seq)
            .limit(limit)
        )
        return tuple(Change(*row) for row in self._connection.execute(later))

    def append(self, collection_id: int, utterances: Sequence[tuple[int, int]], *, added: bool) -> None:
        """Log that these (generation id, utterance id) came or went.

        The numbers come from the collection's row, which stays locked until the transaction ends: numbers become
        visible in their order, so a reader that saw n will never miss one below n.
        """
        if not utterances:
            return
        counted = {"counted": collection_id, "changes": len(utterances)}
        first = self._connection.execute(_COUNT, counted).scalar_one() - len(utterances) + 1
        self._connection.execute(
            _INSERT,
            [
                {
                    "collection_id": collection_id,
                    "seq": seq,
                    "generation_id": generation_id,
                    "utterance_id": utterance_id,
                    "added": added,
                }
                for seq, (generation_id, utterance_id) in enumerate(utterances, first)
            ],
        )
