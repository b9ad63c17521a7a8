"""K-Means runs whose filter names what a deletion takes away: a customer, a speaker, a value of metadata."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, delete, select

from emovec_db.domain.conditions import Equals
from emovec_db.domain.naming import names_in
from emovec_db.store.conditions import of_recordings
from emovec_db.store.rows import filter_from
from emovec_db.store.statements import chunks
from emovec_db.store.tables import ClusteringRow, RecordingRow

#: ids of the runs whose filter names it
RunsByName: TypeAlias = Mapping[Equals, set[int]]


def runs_naming(connection: Connection, collection_id: int, recording_ids: Sequence[int]) -> RunsByName:
    """What the filters of a collection's runs name that is true of one of these recordings."""
    stored = select(ClusteringRow.clustering_id, ClusteringRow.parameters)
    runs: dict[Equals, set[int]] = defaultdict(set)
    for row in connection.execute(stored.where(ClusteringRow.collection_id == collection_id)):
        for name in names_in(filter_from(row.parameters["filter"])):
            runs[name].add(row.clustering_id)
    parts = list(chunks([int(one) for one in recording_ids]))
    return {
        name: ids
        for name, ids in runs.items()
        if any(_is_held(connection, collection_id, name, part) for part in parts)
    }


def drop_runs_of_gone(connection: Connection, collection_id: int, runs: RunsByName) -> None:
    """Drop the runs that name what is true of no recording any more."""
    gone = {one for name, ids in runs.items() if not _is_held(connection, collection_id, name) for one in ids}
    for ids in chunks(sorted(gone)):
        connection.execute(delete(ClusteringRow).where(ClusteringRow.clustering_id.in_(ids)))


def _is_held(
    connection: Connection, collection_id: int, name: Equals, recording_ids: Sequence[int] | None = None
) -> bool:
    """Whether it is true of one of these recordings, or of any."""
    holds = of_recordings(name, collection_id, connection.dialect.name)
    found = select(RecordingRow.recording_id).where(RecordingRow.collection_id == collection_id, holds).limit(1)
    if recording_ids is not None:
        found = found.where(RecordingRow.recording_id.in_(recording_ids))
    return connection.scalar(found) is not None
