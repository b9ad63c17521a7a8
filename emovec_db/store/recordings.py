"""Recordings, their sources and their details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, func, insert, select, update

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.query import Filter, Page
from emovec_db.domain.recording import Details, NewRecording, Recording, Source
from emovec_db.domain.sorting import Sort
from emovec_db.errors import NotFoundError
from emovec_db.store import filters, paging, removal, rows, sorting
from emovec_db.store.changes import Changes
from emovec_db.store.collections import Collections
from emovec_db.store.policies import Policies
from emovec_db.store.spaces import forget_people
from emovec_db.store.statements import Query, chunks, id_of, table_of, upsert
from emovec_db.store.summaries import SUMMARY_COLUMNS, Summaries, of_active_generation, of_generation_named
from emovec_db.store.suppressions import Suppressions
from emovec_db.store.tables import CustomerRow, RecordingRow, SourceRow, SummaryRow, UtteranceRow
from emovec_db.store.tracks import Tracks
from emovec_db.store.utterances import Utterances
from emovec_db.store.waveforms import Waveforms


class Recordings:
    """The recordings of one database, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_bytes(self, collection_id: int, sha256: str) -> tuple[Recording, ...]:
        """The recordings of these bytes, one per channel that is stored, by id."""
        return tuple(self._all(_BY_BYTES, {"collection_id": collection_id, "sha256": sha256}))

    def get(self, collection_id: int, recording_id: int) -> Recording:
        """The recording; NotFoundError if the collection has none of this id."""
        found = self._one(_GET, {"collection_id": collection_id, "recording_id": recording_id})
        if found is None:
            raise NotFoundError(f"no recording {recording_id} in this collection")
        return found

    def some(self, collection_id: int, recording_ids: Sequence[int]) -> tuple[Recording, ...]:
        """Those of the recordings that the collection has, by id."""
        found = []
        for ids in chunks(sorted(recording_ids)):
            of_some = _select(collection_id).where(RecordingRow.recording_id.in_(ids))
            found += self._all(of_some.order_by(RecordingRow.recording_id))
        return tuple(found)

    def by_pcm(self, collection: Collection, pcm_sha256: str) -> Recording | None:
        """The first recording of this sound that the collection's generation has encoded, as that has it."""
        sound = {"pcm_sha256": pcm_sha256, "generation_id": collection.generation.generation_id}
        return self._one(_BY_PCM, {"collection_id": collection.collection_id, **sound})

    def add(self, collection: Collection, new: NewRecording, provenance: Provenance) -> int:
        """Store a recording with all that was heard in it, and log its utterances; its id.

        Raises ConflictError if the collection has these bytes and this channel already, EncoderMismatchError if an
        embedding does not fit the collection's generation, RefusedError if the collection's policy forbids it,
        GenerationReplacedError if the collection serves from another generation by now, SuppressedError if it
        was deleted before.
        """
        # first the lock, so that two writers of a collection never wait for each other's rows
        Collections(self._connection).lock_serving(collection)
        policies = Policies(self._connection)
        policies.enforce(collection.collection_id, new.details.role, mixed=new.quality.is_mixed(new.channel))
        Suppressions(self._connection).enforce(collection.collection_id, new.sha256, new.channel, new.pcm_sha256)
        values = {
            "collection_id": collection.collection_id,
            "sha256": new.sha256,
            "pcm_sha256": new.pcm_sha256,
            "channel": new.channel,
            "blob_key": new.blob_key,
            "created_at": rows.now(),
            **self._details_values(collection.collection_id, new.details),
            **rows.quality_values(new.quality),
        }
        recording_id = int(self._connection.execute(_INSERT, _by_column(values)).scalar_one())
        self.add_source(collection.collection_id, recording_id, new.channel, new.source)
        Utterances(self._connection).add_to_new(collection, recording_id, new.utterances, provenance)
        Summaries(self._connection).add(collection, recording_id, new.summary, new.left_out)
        Tracks(self._connection).add(collection, recording_id, new.track)
        Waveforms(self._connection).add(recording_id, new.peaks)
        return recording_id

    def sources(self, collection_id: int, uris: Sequence[str]) -> dict[tuple[str, str], tuple[int, Source]]:
        """What is known of these uris: (uri, channel) -> (recording id, source)."""
        found = {}
        for some in chunks(uris):
            known = select(SourceRow).where(SourceRow.collection_id == collection_id, SourceRow.uri.in_(some))
            for row in self._connection.execute(known):
                source = Source(uri=row.uri, size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
                found[row.uri, row.channel] = (row.recording_id, source)
        return found

    def add_source(self, collection_id: int, recording_id: int, channel: str, source: Source) -> None:
        """Note that the recording lies at this uri; a uri whose bytes were replaced moves to the new recording."""
        statement = upsert(
            self._connection.dialect.name,
            SourceRow,
            ("collection_id", "uri", "channel"),
            ("recording_id", "size_bytes", "mtime_ns"),
        )
        values = {
            "collection_id": collection_id,
            "recording_id": recording_id,
            "uri": source.uri,
            "channel": channel,
            "size_bytes": source.size_bytes,
            "mtime_ns": source.mtime_ns,
        }
        self._connection.execute(statement, values)

    def update_details(self, recording_id: int, details: Details) -> bool:
        """Replace what is known of the recording; True if anything changed.

        Raises RefusedError if the collection's policy forbids the recording with these details: then it must go.
        """
        collection_id = self._connection.scalar(
            select(RecordingRow.collection_id).where(RecordingRow.recording_id == recording_id)
        )
        if collection_id is None:
            raise NotFoundError(f"no recording {recording_id}")
        Collections(self._connection).lock(collection_id)
        recording = self.get(collection_id, recording_id)
        if recording.details == details:
            return False
        Policies(self._connection).enforce(collection_id, details.role, mixed=recording.is_mixed)
        customer_id = self._connection.scalar(
            select(RecordingRow.customer_id).where(RecordingRow.recording_id == recording_id)
        )
        self._connection.execute(
            update(table_of(RecordingRow))
            .where(RecordingRow.recording_id == recording_id)
            .values(_by_column(self._details_values(collection_id, details)))
        )
        if customer_id is not None:
            removal.drop_unused_customers(self._connection, [customer_id])
        before = recording.details
        forget_people(
            self._connection,
            collection_id,
            [] if before.speaker is None else [before.speaker],
            [] if before.customer is None else [before.customer],
        )
        self._log_utterances(collection_id, recording_id)
        return True

    def page(
        self, collection_id: int, filter: Filter, cursor: str | None, limit: int, sort: Sort | None = None
    ) -> Page[Recording]:
        """Recordings whose details, summary and length fulfil the filter, as sorted, or those stored last first.

        Raises QueryError for a cursor that no page of recordings in this order gave.
        """
        wanted = paging.rows_to_fetch(limit)
        chosen = _select(collection_id).where(
            *filters.on_recording(filter, collection_id, self._connection.dialect.name),
            *filters.on_summary(filter, collection_id, self._connection.dialect.name),
        )
        if sort is None:
            newest = chosen.where(*paging.older_than(RecordingRow.recording_id, "recordings", cursor))
            found = self._all(newest.order_by(RecordingRow.recording_id.desc()).limit(wanted))
            return paging.page_of(found, limit, "recordings", lambda recording: recording.recording_id)
        found = []
        for stretch in sorting.stretches(collection_id, sort, cursor, self._connection.dialect.name):
            ordered = chosen.where(*stretch.conditions).order_by(*stretch.order)
            found += self._all(ordered.limit(wanted - len(found)))
            if len(found) == wanted:
                break
        return sorting.page_of(found, limit, sort)

    def chosen(self, collection_id: int, filter: Filter) -> NDArray[np.int64]:
        """Ids of all recordings that fulfil the filter as for `page`: int64 (n,), ascending."""
        statement = select(RecordingRow.recording_id).where(
            RecordingRow.collection_id == collection_id,
            *filters.on_recording(filter, collection_id, self._connection.dialect.name),
        )
        if on_summary := filters.on_summary(filter, collection_id, self._connection.dialect.name):
            statement = statement.join(SummaryRow, of_active_generation(collection_id)).where(*on_summary)
        return np.sort(np.array(self._connection.scalars(statement).all(), np.int64))

    def details_of(self, recording_ids: Sequence[int]) -> dict[int, Details]:
        """What is known of these recordings, by id; unknown ids are left out."""
        found = {}
        for some in chunks(recording_ids):
            for row in self._connection.execute(_with_customer(_READ).where(RecordingRow.recording_id.in_(some))):
                found[row.recording_id] = rows.details_from(row)
        return found

    def sounds_of(self, recording_ids: Iterable[int]) -> dict[int, str]:
        """The pcm_sha256 of these recordings, by id; unknown ids are left out."""
        found: dict[int, str] = {}
        for some in chunks(sorted(recording_ids)):
            of_some = select(RecordingRow.recording_id, RecordingRow.pcm_sha256)
            for row in self._connection.execute(of_some.where(RecordingRow.recording_id.in_(some))):
                found[row.recording_id] = row.pcm_sha256
        return found

    def count_encoded(self, collection: Collection) -> int:
        """How many recordings have utterances in the collection's generation."""
        encoded = func.count(UtteranceRow.recording_id.distinct())
        of_generation = UtteranceRow.generation_id == collection.generation.generation_id
        return self._connection.scalar(select(encoded).where(of_generation)) or 0

    def blob_keys(self, collection_id: int) -> tuple[tuple[int, str], ...]:
        """(recording id, blob key) of the recordings whose original bytes are kept, by id."""
        kept = select(RecordingRow.recording_id, RecordingRow.blob_key).where(
            RecordingRow.collection_id == collection_id, RecordingRow.blob_key.is_not(None)
        )
        found = self._connection.execute(kept.order_by(RecordingRow.recording_id))
        return tuple((recording_id, key) for recording_id, key in found if key is not None)

    def keep_blob(self, recording_id: int, blob_key: str) -> None:
        """The recording's bytes are kept under this key from now on, unless they are kept already."""
        without = and_(RecordingRow.recording_id == recording_id, RecordingRow.blob_key.is_(None))
        self._connection.execute(update(RecordingRow).where(without).values(blob_key=blob_key))

    def move_blob(self, recording_id: int, blob_key: str | None) -> None:
        """The recording's sound is kept under another key from now on; None: nowhere."""
        statement = update(RecordingRow).where(RecordingRow.recording_id == recording_id)
        self._connection.execute(statement.values(blob_key=blob_key))

    def blob_in_use(self, blob_key: str) -> bool:
        """Whether a recording of any collection keeps its bytes under this key."""
        user = select(RecordingRow.recording_id).where(RecordingRow.blob_key == blob_key).limit(1)
        return self._connection.scalar(user) is not None

    def ids(self, collection_id: int) -> tuple[int, ...]:
        """Ids of all recordings of the collection, ascending."""
        of_collection = select(RecordingRow.recording_id).where(RecordingRow.collection_id == collection_id)
        return tuple(sorted(self._connection.scalars(of_collection)))

    def ids_of_customer(self, collection_id: int, customer: str) -> tuple[int, ...]:
        """Ids of a customer's recordings, ascending; none for an unknown customer."""
        of_customer = (
            select(RecordingRow.recording_id)
            .join(CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id)
            .where(CustomerRow.collection_id == collection_id, CustomerRow.name == customer)
        )
        return tuple(sorted(self._connection.scalars(of_customer)))

    def delete(self, collection: Collection, recording_ids: Sequence[int]) -> tuple[str, ...]:
        """Remove recordings and all that belongs to them, in every generation; log their utterances as gone.

        Returns the blob keys that no remaining recording uses. Ids that the collection lacks are passed over.
        """
        Collections(self._connection).lock(collection.collection_id)
        removal.drop_work(self._connection, collection.collection_id, recording_ids)
        return removal.delete_recordings(self._connection, collection.collection_id, recording_ids)

    def displace(self, collection: Collection, recording_ids: Sequence[int]) -> tuple[str, ...]:
        """Like `delete`, for an ingest that takes the files in another way: what jobs say of their uris stays."""
        Collections(self._connection).lock(collection.collection_id)
        return removal.delete_recordings(self._connection, collection.collection_id, recording_ids)

    def _log_utterances(self, collection_id: int, recording_id: int) -> None:
        """Log a recording's utterances as added, of every generation: what is known of it stands in indexes too."""
        utterances = select(UtteranceRow.generation_id, UtteranceRow.utterance_id).where(
            UtteranceRow.recording_id == recording_id
        )
        found = self._connection.execute(utterances.order_by(UtteranceRow.utterance_id)).fetchall()
        Changes(self._connection).append(collection_id, [(row[0], row[1]) for row in found], added=True)

    def _details_values(self, collection_id: int, details: Details) -> dict[str, Any]:
        customer_id = None
        if details.customer is not None:
            key = {"collection_id": collection_id, "name": details.customer}
            customer_id = id_of(self._connection, CustomerRow.customer_id, CustomerRow, key)
        return {
            "customer_id": customer_id,
            "speaker": details.speaker,
            "role": details.role,
            "recorded_at": details.recorded_at,
            "free": dict(details.metadata),
        }

    def _one(self, statement: Query, values: dict[str, Any]) -> Recording | None:
        return next(iter(self._all(statement, values)), None)

    def _all(self, statement: Query, values: dict[str, Any] | None = None) -> list[Recording]:
        found = self._connection.execute(statement, values or {}).fetchall()
        uris = self._uris([row.recording_id for row in found])
        return [rows.recording_from(row, tuple(uris.get(row.recording_id, ()))) for row in found]

    def _uris(self, recording_ids: Sequence[int]) -> dict[int, list[str]]:
        uris: dict[int, list[str]] = {}
        for some in chunks(recording_ids):
            of_some = select(SourceRow.recording_id, SourceRow.uri).where(SourceRow.recording_id.in_(some))
            for recording_id, uri in self._connection.execute(of_some.order_by(SourceRow.source_id)):
                uris.setdefault(recording_id, []).append(uri)
        return uris


#: `metadata` is read under its attribute's name; the customer by name
_READ = [column for column in RecordingRow.__table__.columns if column.name not in {"customer_id", "metadata"}]


def _select(collection_id: int | BindParameter[int]) -> Query:
    return _summed_up(of_active_generation(collection_id)).where(RecordingRow.collection_id == collection_id)


def _summed_up(summary: ColumnElement[bool]) -> Query:
    return _with_customer([*_READ, *SUMMARY_COLUMNS]).join(SummaryRow, summary)


def _with_customer(columns: Sequence[Any]) -> Query:
    return select(*columns, RecordingRow.free.label("free"), CustomerRow.name.label("customer")).outerjoin(
        CustomerRow, CustomerRow.customer_id == RecordingRow.customer_id
    )


def _by_column(values: dict[str, Any]) -> dict[str, Any]:
    return {"metadata" if name == "free" else name: value for name, value in values.items()}


def _encoded_sound() -> Query:
    of_generation = select(UtteranceRow.utterance_id).where(
        UtteranceRow.recording_id == RecordingRow.recording_id,
        UtteranceRow.generation_id == bindparam("generation_id"),
    )
    # its summary too is that of the generation, which need not be the active one
    heard = _summed_up(of_generation_named(bindparam("generation_id")))
    same = and_(
        RecordingRow.collection_id == bindparam("collection_id"), RecordingRow.pcm_sha256 == bindparam("pcm_sha256")
    )
    return heard.where(same, of_generation.exists()).order_by(RecordingRow.recording_id).limit(1)


# An ingest runs these for every recording: built once, since building costs more than running.
_OF_COLLECTION = _select(bindparam("collection_id"))
_BY_BYTES = _OF_COLLECTION.where(RecordingRow.sha256 == bindparam("sha256")).order_by(RecordingRow.recording_id)
_GET = _OF_COLLECTION.where(RecordingRow.recording_id == bindparam("recording_id"))
_BY_PCM = _encoded_sound()
_INSERT = insert(table_of(RecordingRow)).returning(RecordingRow.recording_id)
