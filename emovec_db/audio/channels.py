"""Names of channels: what may be asked for, and which of a file's channels that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import MIX
from emovec_db.errors import MixedError, NoChannelError, QueryError

LEFT: Final = "left"
RIGHT: Final = "right"
_NUMBERED: Final = re.compile(r"ch(0|[1-9][0-9]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pick:
    """One asked channel."""

    name: str
    #: place in the file, from 0; None: the mean of all
    place: int | None
    #: whether that may be the mean of several
    may_mix: bool = True

    def present_in(self, channels: int) -> bool:
        """Left and right are the two sides of one file: a mono file has neither."""
        if self.place is None:
            return True
        return self.place < channels and (channels > 1 or self.name not in {LEFT, RIGHT})

    def of(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (samples,) from float32 (samples, channels)."""
        if self.place is not None:
            return block[:, self.place]
        mix = block[:, 0].copy()
        for channel in block.T[1:]:  # several times faster than mean(axis=1)
            mix += channel
        mix /= np.float32(block.shape[1])
        return mix


def picks_of(names: Sequence[str], *, may_mix: bool = True) -> tuple[Pick, ...]:
    """Parse channel names; raises QueryError. `may_mix` as in `SoundLimits`."""
    if isinstance(names, str) or not names:
        raise QueryError(f"channels are {names!r}; expected a list of names, such as ['{MIX}'] or ['left', 'right']")
    return tuple(replace(_pick(name), may_mix=may_mix) for name in names)


def check_present(picks: Sequence[Pick], channels: int, shown: str) -> None:
    """Raise NoChannelError where a file lacks an asked channel, MixedError where several parties must not be mixed."""
    for pick in picks:
        if pick.place is None and channels > 1 and not pick.may_mix:
            raise MixedError(f"{shown} has {channels} channels, and they must not be mixed: ask for one of them")
        if pick.name in {LEFT, RIGHT} and channels == 1 and not pick.may_mix:
            raise MixedError(f"{shown} has one channel for both sides, and they must not be mixed")
        if not pick.present_in(channels):
            present = ", ".join(_present(channels))
            raise NoChannelError(
                f"{shown} has no channel {pick.name!r}; it has {channels} channel{'s' * (channels > 1)}: {present}",
                channels=channels,
            )


def _pick(name: str) -> Pick:
    if name == MIX:
        return Pick(name, None)
    if name in {LEFT, RIGHT}:
        return Pick(name, (LEFT, RIGHT).index(name))
    numbered = _NUMBERED.fullmatch(name)
    if numbered is None:
        raise QueryError(f"channel {name!r} is unknown; expected one of mix, left, right, ch0 … ch99")
    return Pick(name, int(numbered[1]))


def _present(channels: int) -> list[str]:
    sides = [LEFT, RIGHT] if channels > 1 else []
    numbers = [f"ch{place}" for place in range(channels)] if channels <= 8 else ["ch0", "…", f"ch{channels - 1}"]
    return [MIX, *sides, *numbers]
