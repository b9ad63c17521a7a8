"""Deleting recordings so that nothing of them stays but ids in the change log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from emovec_db.store.changes import Changes
from emovec_db.store.jobs import Jobs
from emovec_db.store.run_filters import drop_runs_of_gone, runs_naming
from emovec_db.store.spaces import forget_people
from emovec_db.store.statements import chunks
from emovec_db.store.tables import (
    ClusteringMemberRow,
    ClusteringRow,
    CustomerRow,
    FailureRow,
    JobItemRow,
    JobRow,
    RecordingRow,
    RefusalRow,
    SourceRow,
    UtteranceRow,
)


def delete_recordings(connection: Connection, collection_id: int, recording_ids: Sequence[int]) -> tuple[str, ...]:
    """Delete and log; the caller holds the collection's lock. Returns blob keys that nothing uses any more."""
    runs = runs_naming(connection, collection_id, recording_ids)
    blob_keys: set[str] = set()
    customer_ids: set[int] = set()
    speakers: set[str] = set()
    customers: set[str] = set()
    for ids in chunks([int(recording_id) for recording_id in recording_ids]):
        chosen = select(RecordingRow.recording_id).where(
            RecordingRow.collection_id == collection_id, RecordingRow.recording_id.in_(ids)
        )
        kept = connection.execute(
            select(RecordingRow.blob_key, RecordingRow.customer_id, RecordingRow.speaker, CustomerRow.name)
            .outerjoin(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
            .where(RecordingRow.recording_id.in_(chosen))
        ).fetchall()
        blob_keys |= {row.blob_key for row in kept if row.blob_key is not None}
        customer_ids |= {row.customer_id for row in kept if row.customer_id is not None}
        speakers |= {row.speaker for row in kept if row.speaker is not None}
        customers |= {row.name for row in kept if row.name is not None}
        present = list(connection.scalars(chosen))
        _log_utterances(connection, collection_id, present)
        connection.execute(delete(RecordingRow).where(RecordingRow.recording_id.in_(present)))
    drop_unused_customers(connection, sorted(customer_ids))
    forget_people(connection, collection_id, speakers, customers)
    drop_runs_of_gone(connection, collection_id, runs)
    _drop_empty_clusterings(connection, collection_id)
    return tuple(sorted(blob_keys - _used(connection, sorted(blob_keys))))


def drop_work(connection: Connection, collection_id: int, recording_ids: Sequence[int]) -> None:
    """Forget items, failures and refusals of the recordings' uris: they may hold names."""
    jobs = select(JobRow.job_id).where(JobRow.collection_id == collection_id)
    for ids in chunks([int(recording_id) for recording_id in recording_ids]):
        uris = select(SourceRow.uri).where(SourceRow.collection_id == collection_id, SourceRow.recording_id.in_(ids))
        items = delete(JobItemRow).where(JobItemRow.uri.in_(uris), JobItemRow.job_id.in_(jobs))
        touched = set(connection.scalars(items.returning(JobItemRow.job_id)))
        Jobs(connection).cancel_emptied(sorted(touched))
        for row in (FailureRow, RefusalRow):
            connection.execute(delete(row).where(row.uri.in_(uris), row.collection_id == collection_id))


def drop_unused_customers(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Forget the names of those customers that have no recording left."""
    for ids in chunks(list(customer_ids)):
        used = select(RecordingRow.customer_id).where(RecordingRow.customer_id == CustomerRow.customer_id).exists()
        connection.execute(delete(CustomerRow).where(CustomerRow.customer_id.in_(ids), ~used))


def _log_utterances(connection: Connection, collection_id: int, recording_ids: Sequence[int]) -> None:
    gone = connection.execute(
        select(UtteranceRow.generation_id, UtteranceRow.utterance_id)
        .where(UtteranceRow.recording_id.in_(recording_ids))
        .order_by(UtteranceRow.utterance_id)
    )
    Changes(connection).append(collection_id, [(row[0], row[1]) for row in gone], added=False)


def _drop_empty_clusterings(connection: Connection, collection_id: int) -> None:
    """Clusterings without members left: their filter may name the customer who was deleted."""
    member = select(ClusteringMemberRow.clustering_id).where(
        ClusteringMemberRow.clustering_id == ClusteringRow.clustering_id
    )
    connection.execute(delete(ClusteringRow).where(ClusteringRow.collection_id == collection_id, ~member.exists()))


def _used(connection: Connection, blob_keys: Sequence[str]) -> set[str]:
    used: set[str] = set()
    for keys in chunks(blob_keys):
        found = connection.scalars(select(RecordingRow.blob_key).where(RecordingRow.blob_key.in_(keys)))
        used |= {key for key in found if key is not None}
    return used
