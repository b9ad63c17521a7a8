"""Blocks of sound at their original rate to 16 kHz samples of the asked channels, as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.channels import Pick, check_present
from emovec_db.audio.metering import Levels, Meter
from emovec_db.audio.pcm import Block
from emovec_db.domain.sound import SAMPLE_RATE_HZ
from emovec_db.errors import NotAudioError, NotFiniteError, TooLongError

if TYPE_CHECKING:
    from soxr import ResampleStream

#: below, hardly a vowel can be told from another; above, only a damaged header says so
MIN_RATE_HZ: Final = 4_000
MAX_RATE_HZ: Final = 768_000

#: takes the place of an asked channel and its next samples at 16 kHz, float32 (samples,)
Take = Callable[[int, NDArray[np.float32]], None]


class Recorder:
    """Takes blocks, hands on what they are at 16 kHz; holds nothing but the last block."""

    def __init__(self, picks: Sequence[Pick], take: Take, *, max_duration_s: float, shown: str) -> None:
        self._picks = picks
        self._take = take
        self._max_duration_s = max_duration_s
        self._shown = shown
        self._meters = [Meter() for _ in picks]
        self._stream: ResampleStream | None = None
        self._rate_hz = 0
        self.duration_s = 0.0

    def add(self, block: Block) -> None:
        """Raises NotFiniteError, TooLongError, NotAudioError (absurd rate), NoChannelError."""
        self._check(block)
        picked = [pick.of(block.samples) for pick in self._picks]
        for meter, pick, samples in zip(self._meters, self._picks, picked, strict=True):
            source = block.samples if pick.place is None else samples[:, np.newaxis]
            meter.add(samples, source, block.full_scale)
            if not np.isfinite(meter.peak):
                raise NotFiniteError(
                    f"{self._shown} holds NaN or infinite samples; expected finite ones within -1..1: "
                    "export it again from the program that wrote it"
                )
        if block.sample_rate_hz != self._rate_hz:
            self._flush()
            self._begin(block.sample_rate_hz)
        self._resample(np.stack(picked, axis=1), last=False)

    def finish(self) -> tuple[Levels, ...]:
        """Hand on what the resampler still holds; one per pick, in order."""
        self._flush()
        return tuple(meter.levels for meter in self._meters)

    def _check(self, block: Block) -> None:
        if not MIN_RATE_HZ <= block.sample_rate_hz <= MAX_RATE_HZ:
            raise NotAudioError(
                f"{self._shown} has a sample rate of {block.sample_rate_hz} Hz; expected {MIN_RATE_HZ} to "
                f"{MAX_RATE_HZ}: its header is damaged, or it holds no speech"
            )
        check_present(self._picks, block.samples.shape[1], self._shown)
        self.duration_s += len(block.samples) / block.sample_rate_hz
        if self.duration_s > self._max_duration_s:
            raise TooLongError(
                f"{self._shown} holds more than {self._max_duration_s:g} s of sound, the limit: split it",
                max_duration_s=self._max_duration_s,
            )

    def _begin(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        if rate_hz == SAMPLE_RATE_HZ:
            return
        import soxr  # only where a rate must change

        self._stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, len(self._picks), dtype="float32", quality="HQ")

    def _flush(self) -> None:
        if self._stream is not None:
            self._resample(np.empty((0, len(self._picks)), np.float32), last=True)
            self._stream = None

    def _resample(self, samples: NDArray[np.float32], *, last: bool) -> None:
        if self._stream is not None:
            samples = self._stream.resample_chunk(samples, last=last)
        for place, column in enumerate(samples.T):
            self._take(place, column)
