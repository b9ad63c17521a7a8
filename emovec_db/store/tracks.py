"""Coarse tracks, one per recording and generation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, bindparam, insert, select

from emovec_db.domain.collection import Collection
from emovec_db.domain.track import Track
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError
from emovec_db.store.engine import BINARY_ROWS
from emovec_db.store.statements import chunks
from emovec_db.store.tables import TrackRow

#: built once: building a statement costs more than running it
_INSERT = insert(TrackRow)
_SOME = (
    select(TrackRow.recording_id, TrackRow.hz, TrackRow.levels)
    .where(
        TrackRow.generation_id == bindparam("generation_id"),
        TrackRow.recording_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(TrackRow.recording_id)
)


class Tracks:
    """The tracks of one database, within one transaction; a collection stands for its generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, collection: Collection, recording_id: int, track: Track) -> None:
        """Store the track of a recording."""
        self._connection.execute(
            _INSERT,
            {
                "recording_id": recording_id,
                "generation_id": collection.generation.generation_id,
                "hz": track.hz,
                "levels": track.levels.tobytes(),
            },
        )

    def get(self, collection: Collection, recording_id: int) -> Track:
        """The recording's track; NotFoundError if the collection's generation has none of it."""
        row = self._connection.execute(
            select(TrackRow.hz, TrackRow.levels).where(
                TrackRow.recording_id == recording_id,
                TrackRow.generation_id == collection.generation.generation_id,
            )
        ).one_or_none()
        if row is None:
            raise NotFoundError(f"no track of recording {recording_id} in collection {collection.name!r}")
        return _track(row.hz, row.levels)

    def some(self, collection: Collection, recording_ids: Sequence[int]) -> tuple[tuple[int, Track], ...]:
        """(recording id, track) of those of the recordings that the collection's generation has tracks of, by id."""
        found: list[tuple[int, Track]] = []
        for ids in chunks(sorted(recording_ids)):
            chosen = {"generation_id": collection.generation.generation_id, "ids": ids}
            rows = self._connection.execute(_SOME, chosen, execution_options=BINARY_ROWS).fetchall()
            found += ((recording_id, _track(hz, levels)) for recording_id, hz, levels in rows)
        return tuple(found)


def _track(hz: float, levels: bytes) -> Track:
    return Track(hz, np.frombuffer(levels, np.uint8).reshape(-1, len(LABELS)))
