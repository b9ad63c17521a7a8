"""Looking at what is in a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from emovec_db.database.handle import Handle
from emovec_db.domain.customers import CustomerOverview
from emovec_db.domain.facets import Count, FacetValue
from emovec_db.domain.ingest import (
    AudioFile,
)
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.query import Filter, FilterFields, Page
from emovec_db.domain.recording import Recording, Utterance
from emovec_db.domain.selection import MAX_SELECTED, Selection
from emovec_db.domain.sorting import Sort
from emovec_db.domain.track import Track
from emovec_db.errors import QueryError
from emovec_db.services.playback import audio_file, sources_of
from emovec_db.services.profiles.overview import OverviewQuestion, customers_overview
from emovec_db.services.waveforms import waveform


class Looking(Handle):
    """Recordings, utterances and their sound."""

    def customers(self, limit: int | None = None) -> tuple[str, ...]:
        """Names of all customers, or of the first so many."""
        with self._parts.store.read() as unit:
            return unit.collections.customers(unit.collections.get(self.name).collection_id, limit)

    def customers_overview(
        self, *, sort: str = "name", containing: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[CustomerOverview]:
        """Customers with their figures, mean scores and how these went of late.

        By name, or, by `recordings`, `last_recorded_at` or the mean score of a label (`angry`), the greatest first;
        those whose name holds a text, in capitals or not.

        Raises:
            QueryError: there is no such order, or the cursor is of another one.
        """
        question = OverviewQuestion(sort=sort, containing=containing, cursor=cursor, limit=limit)
        return customers_overview(self._parts.store, self._stored(), question)

    def recordings(
        self, *, cursor: str | None = None, limit: int = 50, sort: str | None = None, **chosen: Unpack[FilterFields]
    ) -> Page[Recording]:
        """Recordings, those stored last first, or by `sort`; the filter looks at whole recordings.

        `sort` is one of ``recorded_at``, ``created_at``, ``duration_s``, ``confidence``, ``customer``; with ``-``
        before it descending. Those of which it is not known come last.
        """
        order = None if sort is None else Sort.parse(sort)
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            return unit.recordings.page(stored.collection_id, Filter(**chosen), cursor, limit, order)

    def count_recordings(self, **chosen: Unpack[FilterFields]) -> int:
        """How many recordings `recordings` lists with this filter, on all its pages."""
        with self._parts.store.read() as unit:
            return unit.recordings.count(unit.collections.get(self.name).collection_id, Filter(**chosen))

    def count(self, **chosen: Unpack[FilterFields]) -> Count:
        """How many utterances fulfil the filter, and of how many recordings they are."""
        with self._parts.store.read() as unit:
            return unit.facets.count(unit.collections.get(self.name), Filter(**chosen))

    def facets(self, *by: str, limit: int = 20, **chosen: Unpack[FilterFields]) -> Mapping[str, tuple[FacetValue, ...]]:
        """The same by each value of some fields (`domain.facets.FACETS`), the most frequent first."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            return {facet: unit.facets.by(stored, facet, Filter(**chosen), limit) for facet in by}

    def recording(self, recording_id: int) -> Recording:
        """One recording; NotFoundError where there is none."""
        with self._parts.store.read() as unit:
            return unit.recordings.get(unit.collections.get(self.name).collection_id, recording_id)

    def utterances(self, recording_id: int) -> tuple[Utterance, ...]:
        """A recording's utterances in the order of time."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            unit.recordings.get(stored.collection_id, recording_id)
            return unit.utterances.of_recording(stored, recording_id)

    def count_utterances(self, recording_id: int) -> int:
        """How many `utterances` a recording has."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            unit.recordings.get(stored.collection_id, recording_id)
            return unit.utterances.count_of(stored, [recording_id])

    def track(self, recording_id: int) -> Track:
        """The course of the nine scores over a stored recording, two steps a second."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            unit.recordings.get(stored.collection_id, recording_id)
            return unit.tracks.get(stored, recording_id)

    def utterance(self, utterance_id: int) -> Utterance:
        """One utterance; NotFoundError where there is none."""
        with self._parts.store.read() as unit:
            return unit.utterances.get(unit.collections.get(self.name), utterance_id)

    def select(self, utterance_ids: Sequence[int]) -> Selection:
        """Those of up to 200 utterances that are stored, each once, in this order, and what they add up to."""
        ids = list(dict.fromkeys(utterance_ids))
        if not 1 <= len(ids) <= MAX_SELECTED:
            raise QueryError(f"got {len(ids)} ids of utterances: expected 1 to {MAX_SELECTED}")
        with self._parts.store.read() as unit:
            found = unit.utterances.rows(unit.collections.get(self.name), ids)
        return Selection(tuple(found[key] for key in ids if key in found), missing=len(ids) - len(found))

    def audio(self, recording_id: int) -> AudioFile:
        """A file with the recording's sound; NotFoundError where its source is gone or changed."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            recording = unit.recordings.get(stored.collection_id, recording_id)
            sources = sources_of(unit, stored, recording)
            policy = unit.policies.of(stored.collection_id)
        parts = self._parts
        limits = parts.archive_limits
        return audio_file(parts.blobs, parts.decoders, parts.places, policy, recording, sources, limits)

    def waveform(self, recording_id: int) -> Peaks:
        """What a recording's waveform is drawn from; of the sound as it came, before it was cleaned.

        Raises:
            NotFoundError: there is no such recording; or it was stored without (by an earlier version), and its
                source is gone or changed.
            RefusedError: the collection's policy forbids it.
        """
        parts = self._parts
        stored, limits = self._stored(), parts.archive_limits
        return waveform(parts.store, parts.blobs, parts.decoders, parts.places, stored, recording_id, limits)

    def siblings(self, recording_id: int) -> tuple[Recording, ...]:
        """The other channels that are stored of the same file."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            recording = unit.recordings.get(stored.collection_id, recording_id)
            of_file = unit.recordings.by_bytes(stored.collection_id, recording.sha256)
        return tuple(one for one in of_file if one.recording_id != recording_id)
