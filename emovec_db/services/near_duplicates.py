"""Telling what is nearly the same as a match that was chosen before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.recording import Utterance
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit


class NearDuplicates:
    """Remembers what was chosen; another is nearly the same where it is as similar as `at_least` to one of it.

    So is the same moment of the same sound, whatever space says of who speaks: files differ, what was decoded doesn't.
    """

    def __init__(self, unit: Unit, collection: Collection, space: Space, at_least: float) -> None:
        self._unit, self._collection, self._space = unit, collection, space
        self._at_least = at_least
        self._vectors: dict[int, NDArray[np.float32]] = {}
        self._sounds: dict[int, str] = {}
        # rows from _size up are spare
        self._chosen = np.empty((0, space.dim(collection.generation.encoder.dim)), np.float32)
        self._size = 0
        self._moments: set[tuple[str, float]] = set()

    def read(self, utterances: Sequence[Utterance]) -> None:
        """Read what is needed of those that will be asked for next; what was read before is let go."""
        if not utterances:
            return
        stored = self._unit.utterances.vectors(self._collection, [one.utterance_id for one in utterances])
        self._vectors = dict(zip(stored.ids.tolist(), self._space.project(stored), strict=True))
        self._sounds = self._unit.recordings.sounds_of({one.recording_id for one in utterances})

    def has(self, utterance: Utterance) -> bool:
        """Whether something of the kind was chosen."""
        if self._moment(utterance) in self._moments:
            return True
        similarities = self._chosen[: self._size] @ self._vectors[utterance.utterance_id]
        return bool((similarities >= self._at_least).any())

    def add(self, utterance: Utterance) -> None:
        """It was chosen."""
        if self._size == len(self._chosen):
            spare = np.empty((max(16, self._size), self._chosen.shape[1]), np.float32)
            self._chosen = np.concatenate([self._chosen, spare])
        self._chosen[self._size] = self._vectors[utterance.utterance_id]
        self._size += 1
        self._moments.add(self._moment(utterance))

    def _moment(self, utterance: Utterance) -> tuple[str, float]:
        return self._sounds[utterance.recording_id], utterance.start_s
