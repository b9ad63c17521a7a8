"""Peaks of recordings, one row per recording, whatever generations say of it."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, insert, select

from emovec_db.domain.peaks import Peaks
from emovec_db.store.statements import insert_into, table_of
from emovec_db.store.tables import RecordingRow, WaveformRow

#: built once: building a statement costs more than running it
_INSERT = insert(table_of(WaveformRow))


class Waveforms:
    """The peaks of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, recording_id: int, peaks: Peaks) -> None:
        """Store the peaks of a new recording."""
        self._connection.execute(_INSERT, {"recording_id": recording_id, "peaks": peaks.levels.tobytes()})

    def keep(self, recording_id: int, peaks: Peaks) -> None:
        """Store the peaks of a recording that may have some by now."""
        row = {"recording_id": recording_id, "peaks": peaks.levels.tobytes()}
        self._connection.execute(insert_into(self._connection, WaveformRow).values(row).on_conflict_do_nothing())

    def find(self, recording_id: int) -> Peaks | None:
        """The recording's peaks; None of one that was stored before peaks were, or is not there."""
        row = self._connection.execute(
            select(RecordingRow.duration_s, WaveformRow.peaks)
            .join(WaveformRow, WaveformRow.recording_id == RecordingRow.recording_id)
            .where(RecordingRow.recording_id == recording_id)
        ).one_or_none()
        return None if row is None else Peaks(row.duration_s, np.frombuffer(row.peaks, np.uint8))
