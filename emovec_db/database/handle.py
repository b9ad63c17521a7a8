"""What all that a collection can be asked rests on."""

from __future__ import annotations

from emovec_db.bootstrap import Parts
from emovec_db.domain.collection import NO_WISHES, CollectionSummary, Wishes
from emovec_db.domain.collection import Collection as StoredCollection
from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.domain.policy import Policy
from emovec_db.services.collections import open_or_create
from emovec_db.services.gate import NO_POLICY
from emovec_db.services.methods import Method, method_for_new, method_of
from emovec_db.spaces.protocol import Space


class Handle:
    """A collection by its name; it exists once something was stored in it."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self.name = name

    def exists(self) -> bool:
        """Whether anything was ever ingested into it."""
        with self._parts.store.read() as unit:
            return unit.collections.find(self.name) is not None

    def summary(self) -> CollectionSummary:
        """How much is in it; NotFoundError where it does not exist."""
        with self._parts.store.read() as unit:
            return unit.collections.summary(unit.collections.get(self.name))

    def encoder(self) -> EncoderIdentity:
        """Whose embeddings it serves; NotFoundError where it does not exist. Counts nothing, unlike `summary`."""
        return self._stored().generation.encoder

    def policy(self) -> Policy:
        """Which roles are forbidden here; none where the collection does not exist."""
        with self._parts.store.read() as unit:
            stored = unit.collections.find(self.name)
            return NO_POLICY if stored is None else unit.policies.of(stored.collection_id)

    def _method(self) -> Method:
        """The collection's, or the one that it would be bound to if it were made now."""
        with self._parts.store.read() as unit:
            stored = unit.collections.find(self.name)
        parts = self._parts
        if stored is None:
            return method_for_new(parts.encoders, parts.diarizers)
        return method_of(parts.encoders, parts.diarizers, stored)

    def _stored(self) -> StoredCollection:
        with self._parts.store.read() as unit:
            return unit.collections.get(self.name)

    def _space(self, stored: StoredCollection, name: str | None) -> Space:
        spaces = self._parts.spaces
        return spaces.named(stored, name or spaces.default_name(stored))

    def _opened(self, wishes: Wishes = NO_WISHES) -> StoredCollection:
        """The stored collection, made if need be."""
        return open_or_create(self._parts.store, self._parts.encoders, self._parts.diarizers, self.name, wishes)
