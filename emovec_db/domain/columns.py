"""What utterances are filtered by, column by column: for asking a million of them within milliseconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.emotions import LABELS

#: fields of conditions that have a column, by what they belong to; a time is in µs since 1970
OF_UTTERANCES: Final = {"texts": ("label",), "numbers": ("confidence", "duration_s", *LABELS)}
OF_RECORDINGS: Final = {
    "texts": ("customer", "speaker", "role", "channel"),
    "numbers": ("recorded_at", "peak", "snr_db", "clipping_ratio", "silence_ratio", "sample_rate_hz"),
}

#: stands where a text is not known
UNKNOWN: Final = -1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Words:
    """A text for each of n rows, each different one kept once."""

    #: int32 (n,): places in `words`, `UNKNOWN` where there is no text
    codes: NDArray[np.int32]
    #: in order of code points
    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Self:
        """From the texts themselves."""
        words = sorted({text for text in texts if text is not None})
        place = {text: code for code, text in enumerate(words)}
        codes = [UNKNOWN if text is None else place[text] for text in texts]
        return cls(np.array(codes, dtype=np.int32), tuple(words))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of one part after the other."""
        words = sorted({word for part in parts for word in part.words})
        place = {word: code for code, word in enumerate(words)}
        codes = [np.empty(0, np.int32)]
        for part in parts:
            # the last place stands for UNKNOWN
            moved = np.array([*(place[word] for word in part.words), UNKNOWN], dtype=np.int32)
            codes.append(moved[part.codes])
        return cls(np.concatenate(codes), tuple(words))

    def code(self, text: str) -> int | None:
        """The text's place in `words`; None: no row has it."""
        at = bisect_left(self.words, text)
        return at if at < len(self.words) and self.words[at] == text else None

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Those rows; of other rows' texts nothing is left."""
        codes = self.codes[rows]
        kept = np.unique(codes[codes != UNKNOWN])
        place = np.full(len(self.words) + 1, UNKNOWN, np.int32)
        place[kept] = np.arange(len(kept), dtype=np.int32)
        return type(self)(place[codes], tuple(self.words[code] for code in kept.tolist()))


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of the same n rows, by field."""

    texts: Mapping[str, Words]
    #: float32 or float64 (n,), NaN where a number is not known; float32 only where that holds every number exactly
    numbers: Mapping[str, NDArray[np.float32] | NDArray[np.float64]]

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Those rows."""
        return type(self)(
            {field: words.take(rows) for field, words in self.texts.items()},
            {field: numbers[rows] for field, numbers in self.numbers.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of one part after the other; at least one."""
        first = parts[0]
        return cls(
            {field: Words.joined([part.texts[field] for part in parts]) for field in first.texts},
            {field: np.concatenate([part.numbers[field] for part in parts]) for field in first.numbers},
        )


@dataclass(frozen=True)
class Columns:
    """Of n utterances, what their filters ask; what belongs to a recording is kept once per recording."""

    #: int64 (n,): ids of the utterances
    ids: NDArray[np.int64]
    #: int32 (n,): each utterance's row in `recordings`
    recording: NDArray[np.int32]
    utterances: Table
    recordings: Table

    @classmethod
    def none(cls) -> Self:
        """Of no utterance."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int32), _empty(OF_UTTERANCES), _empty(OF_RECORDINGS))

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Those rows; of recordings that lose their last utterance nothing is left."""
        kept, recording = np.unique(self.recording[rows], return_inverse=True)
        recordings = self.recordings.take(kept.astype(np.int64))
        return type(self)(self.ids[rows], recording.astype(np.int32), self.utterances.take(rows), recordings)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of one part after the other; at least one."""
        counts = [part.recording_count for part in parts]
        firsts = np.cumsum([0, *counts[:-1]], dtype=np.int32)
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.recording + first for part, first in zip(parts, firsts, strict=True)]),
            Table.joined([part.utterances for part in parts]),
            Table.joined([part.recordings for part in parts]),
        )

    def without(self, ids: NDArray[np.int64]) -> Self:
        """Those of other utterances."""
        return self.take(np.flatnonzero(~np.isin(self.ids, ids)))

    @cached_property
    def _run_lengths(self) -> NDArray[np.int64] | None:
        """How many rows each recording has, int64 (m,), where they lie together in the order of `recordings`."""
        in_order = not len(self.recording) or bool((np.diff(self.recording) >= 0).all())
        return np.bincount(self.recording, minlength=self.recording_count) if in_order else None

    def of_recordings(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Bool (n,): the rows whose recording is in a mask of recordings, bool (m,)."""
        lengths = self._run_lengths
        # repeating takes a third of the time that looking each row up does
        rows: NDArray[np.bool_] = mask.take(self.recording) if lengths is None else np.repeat(mask, lengths)
        return rows

    @property
    def recording_count(self) -> int:
        """Rows of `recordings`."""
        return len(self.recordings.texts["customer"].codes)


def microseconds(moment: datetime) -> float:
    """Since 1970, as columns hold times: exact in float64 for 285 years to either side."""
    return float((moment - _EPOCH) // _MICROSECOND)


def exactly(numbers: NDArray[np.float64]) -> NDArray[np.float32] | NDArray[np.float64]:
    """In float32 where that changes no number: half the memory, and scores are made in float32."""
    with np.errstate(over="ignore"):
        shorter = numbers.astype(np.float32)
    return shorter if np.array_equal(shorter.astype(np.float64), numbers, equal_nan=True) else numbers


def _empty(fields: Mapping[str, tuple[str, ...]]) -> Table:
    return Table(
        {field: Words.of(()) for field in fields["texts"]},
        {field: np.empty(0, np.float32) for field in fields["numbers"]},
    )
