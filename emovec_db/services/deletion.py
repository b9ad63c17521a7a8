"""Deleted means gone: rows, index, stored files, caches; and the next ingest does not bring it back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.classification import Deletion
from emovec_db.domain.collection import Collection
from emovec_db.domain.recording import Recording
from emovec_db.errors import NotFoundError, UserError
from emovec_db.services.drafts.drafts import Drafts
from emovec_db.services.encoding import SoundEncoder
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.services.maps import Maps
from emovec_db.services.playback import rendered_key
from emovec_db.services.profiles.customer_means import CustomerMeans
from emovec_db.services.spaces import Spaces
from emovec_db.sources.local import digest, path_of
from emovec_db.store.store import Store, Unit

#: what readers still hold after this goes from SQLite's log with the next deletion or check
COMPACT_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Eraser:
    """Takes recordings out of everything that remembers them."""

    store: Store
    blobs: Blobs
    indexes: Indexes
    sounds: SoundEncoder
    spaces: Spaces
    maps: Maps
    customer_means: CustomerMeans
    drafts: Drafts

    def recording(self, collection: Collection, recording_id: int) -> Deletion:
        """Delete one recording with its utterances, and keep it out.

        Raises:
            NotFoundError: there is no such recording.
        """
        return self._erase(collection, lambda unit: [unit.recordings.get(collection.collection_id, recording_id)])

    def customer(self, collection: Collection, customer: str) -> Deletion:
        """Delete every recording of a customer, and what is kept of those that failed or were refused.

        Raises:
            NotFoundError: the customer has neither here.
        """

        def theirs(unit: Unit) -> list[Recording]:
            ids = unit.recordings.ids_of_customer(collection.collection_id, customer)
            return [unit.recordings.get(collection.collection_id, one) for one in ids]

        forgotten = self._forget_untaken(collection, customer)
        deletion = self._erase(collection, theirs)
        if not deletion.recordings and not forgotten:
            raise NotFoundError(f"collection {collection.name!r} has no recordings of customer {customer!r}")
        if not deletion.recordings:
            self._compact()
        return deletion

    def _forget_untaken(self, collection: Collection, customer: str) -> int:
        """What failed or was refused names the customer too; how many such there were.

        Where the file can be read, it stays out from now on.
        """
        with self.store.read() as unit:
            failed, refused = _untaken(unit, collection, customer)
        digests = _digests({uri for uri, _ in (*failed, *refused)})
        with self.store.write() as unit:
            unit.collections.lock(collection.collection_id)
            # once more: hashing takes its time, and an ingest may go on
            failed, refused = _untaken(unit, collection, customer)
            unit.failures.clear(collection.collection_id, [uri for uri, _ in failed])
            unit.refusals.clear_customer(collection.collection_id, customer)
            for uri, channel in (*failed, *refused):
                if uri in digests:
                    unit.suppressions.add(collection.collection_id, digests[uri], channel)
        return len(failed) + len(refused)

    def _erase(self, collection: Collection, choose: Callable[[Unit], Sequence[Recording]]) -> Deletion:
        with self.store.write() as unit:
            unit.collections.lock(collection.collection_id)
            recordings = choose(unit)
            recording_ids = [one.recording_id for one in recordings]
            utterances = unit.utterances.count_of(collection, recording_ids)
            unit.suppressions.suppress(collection.collection_id, recording_ids)
            orphaned = unit.recordings.delete(collection, recording_ids)
        if recordings:
            self.drafts.forget_recordings(collection.name, recordings)
            self.sweep(collection, recordings, orphaned)
        return Deletion(recordings=len(recordings), utterances=utterances, blobs=len(orphaned))

    def sweep(self, collection: Collection, recordings: Sequence[Recording], orphaned: Sequence[str]) -> None:
        """Clear deleted recordings out of stored files, snapshots, memory and SQLite's log, once that is committed."""
        keys = {*orphaned, *(rendered_key(one.sha256, one.channel) for one in recordings)}
        with self.store.read() as unit:
            in_use = {key for key in keys if unit.recordings.blob_in_use(key) or unit.items.blob_awaited(key)}
        for key in sorted(keys - in_use):
            self.blobs.delete(key)
        self.sounds.forget()
        self.spaces.forget()
        self.maps.forget()
        with self.store.read() as unit:
            self.customer_means.follow(unit, collection)
        # last: where it is a server that is away, all else is done
        try:
            self.indexes.erase(collection)
        finally:
            self._compact()

    def _compact(self) -> None:
        """Readers that still see the older state keep it in SQLite's log: wait for them, but not for ever."""
        deadline = time.monotonic() + COMPACT_WAIT_S
        while not self.store.compact() and time.monotonic() < deadline:
            time.sleep(0.05)


def _untaken(unit: Unit, collection: Collection, customer: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(uri, channel) of a customer's recordings that failed, and of those that were refused."""
    failed = [
        (item.uri, channel)
        for item in unit.failures.of_collection(collection.collection_id)
        for channel, details in item.params["details"].items()
        if details["customer"] == customer
    ]
    return failed, list(unit.refusals.of_customer(collection.collection_id, customer))


def _digests(uris: Iterable[str]) -> dict[str, str]:
    """By uri, the sha256 of those that are files and can be read."""
    digests = {}
    for uri in sorted(uris):
        with suppress(UserError):  # gone, forbidden, or no file
            digests[uri] = digest(path_of(uri))
    return digests
