"""Coarse tracks, one per recording and generation."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, insert, literal, select

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.domain.track import Track
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError
from emovec_db.store import filters
from emovec_db.store.engine import BINARY_ROWS
from emovec_db.store.summaries import of_generation_named
from emovec_db.store.tables import RecordingRow, SummaryRow, TrackRow

#: built once: building a statement costs more than running it
_INSERT = insert(TrackRow)


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

    def page(self, collection: Collection, filter: Filter, after: int, limit: int) -> tuple[tuple[int, Track], ...]:
        """(recording id, track) of up to `limit` recordings that fulfil the filter as wholes, by id from `after` on.

        `after` is the last id of the page before, or 0.
        """
        generation_id = collection.generation.generation_id
        statement = (
            select(TrackRow.recording_id, TrackRow.hz, TrackRow.levels)
            .join(RecordingRow, RecordingRow.recording_id == TrackRow.recording_id)
            .join(SummaryRow, of_generation_named(literal(generation_id)))
            .where(
                TrackRow.generation_id == generation_id,
                TrackRow.recording_id > after,
                *filters.on_recording(filter, collection.collection_id, self._connection.dialect.name),
                *filters.on_summary(filter),
            )
            .order_by(TrackRow.recording_id)
            .limit(limit)
        )
        found = self._connection.execute(statement, execution_options=BINARY_ROWS)
        return tuple((row.recording_id, _track(row.hz, row.levels)) for row in found)


def _track(hz: float, levels: bytes) -> Track:
    return Track(hz, np.frombuffer(levels, np.uint8).reshape(-1, len(LABELS)))
