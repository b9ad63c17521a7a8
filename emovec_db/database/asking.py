"""Asking what a collection tells of emotion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from emovec_db.database.handle import Handle
from emovec_db.domain.classification import Classification
from emovec_db.domain.profile import CustomerComparison, Profile
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.services.classify import classify, compare
from emovec_db.services.gate import admitted_sound
from emovec_db.services.profiles.comparison import compare_customers
from emovec_db.services.profiles.profile import ProfileQuestion, Profiler
from emovec_db.spaces.registry import space_named


class Asking(Handle):
    """Classify, compare, profile."""

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

    def profile(
        self,
        customer: str,
        *,
        period: str = "week",
        since: datetime | None = None,
        until: datetime | None = None,
        recent_since: datetime | None = None,
        space: str | None = None,
        examples: int = 5,
    ) -> Profile:
        """A customer's emotion over a time; `period` (day, week or month) is the step of the trend.

        The recordings from `recent_since` on (left out: the newest quarter) are held against those before. Without a
        space, in the one that searches use.

        Raises:
            NotFoundError: the customer has no recordings in that time.
        """
        question = ProfileQuestion(
            period=period, since=since, until=until, recent_since=recent_since, examples=examples
        )
        with self._profiler(space) as profiler:
            return profiler.profile(customer, question).profile

    def compare_customers(
        self,
        customer: str,
        other: str,
        *,
        period: str = "week",
        since: datetime | None = None,
        until: datetime | None = None,
        recent_since: datetime | None = None,
        space: str | None = None,
    ) -> CustomerComparison:
        """Two customers side by side: their profiles, without recordings as examples, and how they differ.

        Raises:
            NotFoundError: one has no recordings in that time.
            QueryError: both are the same.
        """
        question = ProfileQuestion(period=period, since=since, until=until, recent_since=recent_since, examples=0)
        with self._profiler(space) as profiler:
            return compare_customers(profiler, customer, other, question)

    @contextmanager
    def _profiler(self, space: str | None) -> Iterator[Profiler]:
        parts, stored = self._parts, self._stored()
        chosen = self._space(stored, space)
        with parts.store.read() as unit:
            yield Profiler(unit, stored, chosen, parts.settings.zone, parts.customer_means)

    def _admitted(
        self, recording: str | Path | Sound, limits: SoundLimits | None, *, role: str | None, channel: str
    ) -> Sound:
        decoders, chosen = self._parts.decoders, limits or self._parts.archive_limits
        return admitted_sound(decoders, self.policy(), recording, chosen, role=role, channel=channel)
