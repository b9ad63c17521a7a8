"""A recording's utterances in the order of time, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS

#: of each label
STRONGEST = 3


class Heard(Protocol):
    """An utterance, stored or not."""

    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...

    @property
    def voice(self) -> str | None: ...

    @property
    def prediction(self) -> Prediction: ...


@dataclass(frozen=True, slots=True)
class Timeline:
    """Utterances by start, of a recording or of one of its voices."""

    utterances: tuple[Heard, ...]

    @property
    def heard_s(self) -> float:
        """Duration of all utterances together."""
        return sum(utterance.end_s - utterance.start_s for utterance in self.utterances)

    def weights(self) -> NDArray[np.float64]:
        """Share of each utterance in all of them by time, float64 (utterances,), sum 1."""
        durations = np.array([utterance.end_s - utterance.start_s for utterance in self.utterances])
        shares: NDArray[np.float64] = durations / durations.sum()
        return shares

    def summary(self) -> Prediction:
        """Duration-weighted mean of the utterances' scores."""
        scores = np.array([utterance.prediction.scores for utterance in self.utterances])
        return Prediction.of((self.weights() @ scores).astype(np.float32))

    def by_voice(self) -> dict[str, Timeline]:
        """Each voice's utterances, in the order of its letter; nothing where voices aren't told apart."""
        voices = {one.voice for one in self.utterances if one.voice is not None}
        return {
            voice: Timeline(tuple(one for one in self.utterances if one.voice == voice))
            for voice in sorted(voices, key=lambda voice: (len(voice), voice))
        }

    def pauses_s(self) -> tuple[float, ...]:
        """Moments between utterances, halfway where something was left out."""
        return tuple((before.end_s + after.start_s) / 2 for before, after in pairwise(self.utterances))

    def time_shares(self) -> dict[str, float]:
        """By label, the share of the utterances' time in which it is the top one; each 0..1, sum 1."""
        time_s = dict.fromkeys(LABELS, 0.0)
        for utterance in self.utterances:
            time_s[utterance.prediction.label] += utterance.end_s - utterance.start_s
        return {label: each_s / self.heard_s for label, each_s in time_s.items()}

    def strongest(self) -> dict[str, tuple[Heard, ...]]:
        """By label that is the top one anywhere, its utterances of greatest confidence; at most `STRONGEST` each."""
        return {
            label: found
            for label in LABELS
            if (found := _most_confident([one for one in self.utterances if one.prediction.label == label]))
        }


def _most_confident(utterances: Sequence[Heard]) -> tuple[Heard, ...]:
    by_confidence = sorted(utterances, key=lambda one: (-one.prediction.confidence, one.start_s))
    return tuple(by_confidence[:STRONGEST])
