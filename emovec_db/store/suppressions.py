"""What was deleted and stays out, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select

from emovec_db.domain.suppression import Suppression
from emovec_db.errors import SuppressedError
from emovec_db.store.statements import chunks
from emovec_db.store.tables import RecordingRow, SuppressionRow


class Suppressions:
    """The suppressions of one database; whoever changes them holds the collection's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def suppress(self, collection_id: int, recording_ids: Sequence[int]) -> None:
        """Keep these recordings out from now on; for whoever is about to delete them."""
        for ids in chunks([int(recording_id) for recording_id in recording_ids]):
            doomed = select(RecordingRow.sha256, RecordingRow.channel, RecordingRow.pcm_sha256).where(
                RecordingRow.collection_id == collection_id, RecordingRow.recording_id.in_(ids)
            )
            for sha256, channel, pcm_sha256 in self._connection.execute(doomed).all():
                self.add(collection_id, sha256, channel, pcm_sha256)

    def add(self, collection_id: int, sha256: str, channel: str, pcm_sha256: str | None = None) -> None:
        """Keep out one channel of a file; what was known of it before gets a new id."""
        key = {"collection_id": collection_id, "sha256": sha256, "channel": channel}
        self._connection.execute(delete(SuppressionRow).filter_by(**key))
        self._connection.execute(insert(SuppressionRow).values(**key, pcm_sha256=pcm_sha256))

    def of(
        self, collection_id: int, sha256: str, channel: str, pcm_sha256: str | None = None
    ) -> tuple[Suppression, ...]:
        """Those that keep out a channel of a file; where its sound is known, those of that sound too."""
        known = {"collection_id": collection_id, "sha256": sha256, "pcm_sha256": pcm_sha256}
        found = (_suppression_from(row) for row in self._connection.execute(_OF, known))
        return tuple(one for one in found if one.keeps_out(sha256, channel, pcm_sha256))

    def newest(self, collection_id: int) -> int:
        """The id of the last one; 0 where there is none."""
        ids = select(func.max(SuppressionRow.suppression_id)).where(SuppressionRow.collection_id == collection_id)
        return self._connection.scalar(ids) or 0

    def lift(self, suppressions: Sequence[Suppression]) -> None:
        """What these kept out may come in again."""
        ids = [one.suppression_id for one in suppressions]
        self._connection.execute(delete(SuppressionRow).where(SuppressionRow.suppression_id.in_(ids)))

    def enforce(self, collection_id: int, sha256: str, channel: str, pcm_sha256: str) -> None:
        """The last line: raise SuppressedError rather than let the collection hold again what was deleted from it."""
        if self.of(collection_id, sha256, channel, pcm_sha256):
            raise SuppressedError("a recording can't be stored: it was deleted before, and nobody lifted that")


def _suppression_from(row: Any) -> Suppression:
    return Suppression(
        suppression_id=row.suppression_id, sha256=row.sha256, channel=row.channel, pcm_sha256=row.pcm_sha256
    )


# asked for every recording that is read and stored: built once
_OF = select(
    SuppressionRow.suppression_id, SuppressionRow.sha256, SuppressionRow.channel, SuppressionRow.pcm_sha256
).where(
    SuppressionRow.collection_id == bindparam("collection_id"),
    or_(SuppressionRow.sha256 == bindparam("sha256"), SuppressionRow.pcm_sha256 == bindparam("pcm_sha256")),
)
