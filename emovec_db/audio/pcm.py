"""Samples of any type to float32 (samples, channels), full scale 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import NotAudioError

if TYPE_CHECKING:
    from av import AudioFrame

#: frames are joined to blocks of at least so many samples, so that the work per sample is numpy's
BLOCK_SAMPLES: Final = 32_768

#: the sample types that PyAV hands to numpy
_SAMPLE_FORMATS: Final = frozenset({"u8", "s16", "s32", "flt", "dbl", "u8p", "s16p", "s32p", "fltp", "dblp"})

#: greatest sample of a codec where it lies below its type's: ITU-T G.711 decodes to 14 and 13 bits
_GREATEST: Final = {"pcm_mulaw": 32_124 / 32_768, "pcm_alaw": 32_256 / 32_768}


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of sound at its original rate."""

    #: float32 (samples, channels)
    samples: NDArray[np.float32]
    sample_rate_hz: int
    #: samples at or above this stand at full scale
    full_scale: float


def to_float(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Any float or integer samples to float32 with full scale 1, same shape; not below float32's precision."""
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as that
            return samples.astype(np.float32)
    bits = 8 * samples.dtype.itemsize
    scaled = samples.astype(np.float32)
    if samples.dtype.kind == "u":
        scaled -= np.float32(2 ** (bits - 1))
    scaled *= np.float32(2.0 ** (1 - bits))
    return scaled


def full_scale(dtype: np.dtype[Any], codec: str) -> float:
    """The level from which a sample counts as full scale: a thousandth under the greatest that can be written."""
    greatest = _GREATEST.get(codec, 127 / 128 if dtype.itemsize == 1 else 1.0)
    return greatest * 0.999


def blocks_of(frames: Iterable[AudioFrame], codec: str) -> Iterator[Block]:
    """Join decoded frames of equal rate and channels to blocks."""
    waiting: list[NDArray[Any]] = []
    rate_hz, samples = 0, 0
    for frame in frames:
        array = _array(frame)
        changed = waiting and (frame.sample_rate != rate_hz or _kind(array) != _kind(waiting[0]))
        if changed or samples >= BLOCK_SAMPLES:
            yield _block(waiting, rate_hz, codec)
            waiting, samples = [], 0
        if not len(array):
            continue
        waiting.append(array)
        rate_hz, samples = frame.sample_rate, samples + len(array)
    if waiting:
        yield _block(waiting, rate_hz, codec)


def _kind(array: NDArray[Any]) -> tuple[int, np.dtype[Any]]:
    return array.shape[1], array.dtype


def _array(frame: AudioFrame) -> NDArray[Any]:
    """(samples, channels), in the decoder's type."""
    if frame.format.name not in _SAMPLE_FORMATS:
        raise NotAudioError(f"the samples are of type {frame.format.name}; expected 8 to 32 bits or float: convert it")
    array = frame.to_ndarray()
    return array.T if frame.format.is_planar else array.reshape(-1, frame.layout.nb_channels)


def _block(arrays: list[NDArray[Any]], rate_hz: int, codec: str) -> Block:
    joined = np.concatenate(arrays)
    return Block(to_float(joined), rate_hz, full_scale(joined.dtype, codec))
