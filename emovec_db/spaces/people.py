"""Means of people, and rows without them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: a speaker's mean counts n / (n + this): a mean of few utterances says more about what was said than about the speaker
SHRINKAGE = 10


class Sums:
    """Sums by person of rows of one width."""

    def __init__(self, width: int) -> None:
        self._numbers: dict[str, int] = {}
        self._sums = np.zeros((0, width))
        self._counts = np.zeros(0)

    def add(self, rows: NDArray[np.float64], people: NDArray[np.object_]) -> None:
        """Add float64 (n, width) rows of n utterances; those of nobody known are left out."""
        known = np.array([person is not None for person in people], dtype=bool)
        numbers = [self._numbers.setdefault(person, len(self._numbers)) for person in people[known]]
        grown = len(self._numbers) - len(self._sums)
        self._sums = np.concatenate([self._sums, np.zeros((grown, self._sums.shape[1]))])
        self._counts = np.concatenate([self._counts, np.zeros(grown)])
        np.add.at(self._sums, numbers, rows[known])
        np.add.at(self._counts, numbers, 1)

    def offsets(self) -> dict[str, NDArray[np.float32]]:
        """Shrunken means, float32 (width,)."""
        means = (self._sums / (self._counts + SHRINKAGE)[:, None]).astype(np.float32)
        return {person: means[number] for person, number in self._numbers.items()}


def without_people(rows: NDArray[np.float64], people: NDArray[np.object_]) -> NDArray[np.float64]:
    """Float64 (n, width) rows less the shrunken means of who speaks them."""
    sums = Sums(rows.shape[1])
    sums.add(rows, people)
    offsets, average = sums.offsets(), np.zeros(rows.shape[1], np.float32)
    means = [offsets.get(person, average) for person in people]
    return rows - np.stack(means)
