"""Asking what a collection tells of emotion."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from emovec_db.database.handle import Handle
from emovec_db.domain.classification import Classification
from emovec_db.domain.clustering import Clustering
from emovec_db.domain.collection import Collection as StoredCollection
from emovec_db.domain.profile import Profile
from emovec_db.domain.query import Filter, FilterFields, Match, Page
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.services.classify import classify, compare
from emovec_db.services.clusters import cluster
from emovec_db.services.gate import admitted_sound
from emovec_db.services.methods import method_of
from emovec_db.services.profiles import ProfileQuestion, profile
from emovec_db.services.search import Question
from emovec_db.spaces.protocol import Space
from emovec_db.spaces.registry import space_named


class Asking(Handle):
    """Classify, search, cluster, profile."""

    def classify(
        self,
        recording: str | Path | Sound,
        *,
        frames: bool = False,
        frame_embeddings: bool = False,
        role: str | None = None,
        channel: str = MIX,
        limits: SoundLimits | None = None,
    ) -> Classification:
        """Emotion of a recording, or one channel of it, by the collection's encoder; nothing is stored.

        Raises:
            RefusedError: the collection's policy forbids the recording's role, or wants to know it.
        """
        method = self._method()
        sound = self._admitted(recording, limits, role=role, channel=channel)
        return classify(method, self._parts.sounds, sound, frames=frames, frame_embeddings=frame_embeddings)

    def compare(
        self,
        first: str | Path | Sound,
        second: str | Path | Sound,
        *,
        space: str = "embedding",
        role: str | None = None,
        channel: str = MIX,
        limits: SoundLimits | None = None,
    ) -> float:
        """Similarity of two recordings by the collection's encoder, -1..1; nothing is stored.

        `role` and `channel` are those of both.

        Raises:
            RefusedError: as `classify`.
        """
        method = self._method()
        sounds = [self._admitted(one, limits, role=role, channel=channel) for one in (first, second)]
        return compare(method, self._parts.sounds, space_named(space), *sounds)

    def similar(
        self,
        recording: str | Path | Sound,
        *,
        k: int = 10,
        space: str | None = None,
        min_similarity: float | None = None,
        recording_role: str | None = None,
        recording_channel: str = MIX,
        limits: SoundLimits | None = None,
        **chosen: Unpack[FilterFields],
    ) -> tuple[Match, ...]:
        """Stored utterances whose emotion is nearest to a recording's, most similar first.

        `space` says what near means; see `spaces`, which has the default too.
        `role` chooses among the stored; `recording_role` and `recording_channel` say what the given one is.

        Raises:
            RefusedError: as `classify`.
        """
        stored = self._stored()
        # by the encoder of the generation that is searched, also if the collection is given another one meanwhile
        method = method_of(self._parts.encoders, self._parts.diarizers, stored)
        sound = self._admitted(recording, limits, role=recording_role, channel=recording_channel)
        heard = classify(method, self._parts.sounds, sound, frames=False)
        scores = np.array(heard.prediction.scores, dtype=np.float32)
        question = Question(k=k, min_similarity=min_similarity, filter=Filter(**chosen))
        return self._parts.search.near(stored, self._space(stored, space), heard.embedding, scores, question)

    def similar_by_id(
        self,
        utterance_id: int,
        *,
        k: int = 10,
        space: str | None = None,
        min_similarity: float | None = None,
        **chosen: Unpack[FilterFields],
    ) -> tuple[Match, ...]:
        """Stored utterances nearest to a stored one, without itself."""
        question = Question(k=k, min_similarity=min_similarity, filter=Filter(**chosen), without=utterance_id)
        stored = self._stored()
        return self._parts.search.near_utterance(stored, self._space(stored, space), utterance_id, question)

    def similar_to_vector(
        self,
        embedding: NDArray[np.float32],
        *,
        k: int = 10,
        space: str | None = None,
        min_similarity: float | None = None,
        **chosen: Unpack[FilterFields],
    ) -> tuple[Match, ...]:
        """Stored utterances nearest to an embedding, float32 (dim,); only spaces that need no scores."""
        if space not in {None, "embedding"}:
            raise QueryError(f"an embedding can be searched in space 'embedding' only, not in {space!r}")
        uniform = np.full(len(LABELS), 1 / len(LABELS), np.float32)
        question = Question(k=k, min_similarity=min_similarity, filter=Filter(**chosen))
        vector = np.asarray(embedding, dtype=np.float32)
        return self._parts.search.near(self._stored(), space_named("embedding"), vector, uniform, question)

    def cluster(self, k: int, *, seed: int = 0, space: str = "embedding", **chosen: Unpack[FilterFields]) -> Clustering:
        """K-Means over the utterances that the filter lets through; stored with its parameters."""
        stored = self._stored()
        return cluster(self._parts.store, stored, self._space(stored, space), k=k, seed=seed, chosen=Filter(**chosen))

    def clustering(self, clustering_id: int) -> Clustering:
        """A stored K-Means run."""
        with self._parts.store.read() as unit:
            return unit.clusterings.get(unit.collections.get(self.name), clustering_id)

    def clusterings(self, *, cursor: str | None = None, limit: int = 50) -> Page[Clustering]:
        """Stored K-Means runs, the newest first."""
        with self._parts.store.read() as unit:
            return unit.clusterings.page(unit.collections.get(self.name), cursor, limit)

    def profile(
        self,
        customer: str,
        *,
        period: str = "week",
        since: datetime | None = None,
        until: datetime | None = None,
        space: str = "embedding",
        examples: int = 5,
    ) -> Profile:
        """A customer's emotion over a time; `period` (day, week or month) is the step of the trend."""
        question = ProfileQuestion(customer=customer, period=period, since=since, until=until, examples=examples)
        zone = self._parts.settings.zone
        stored = self._stored()
        return profile(self._parts.store, stored, self._space(stored, space), zone, question)

    def _space(self, stored: StoredCollection, name: str | None) -> Space:
        spaces = self._parts.spaces
        return spaces.named(stored, name or spaces.default_name(stored))

    def _admitted(
        self, recording: str | Path | Sound, limits: SoundLimits | None, *, role: str | None, channel: str
    ) -> Sound:
        decoders, chosen = self._parts.decoders, limits or self._parts.archive_limits
        return admitted_sound(decoders, self.policy(), recording, chosen, role=role, channel=channel)
