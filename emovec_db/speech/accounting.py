"""Steps of a detector as segments of a recording, and what becomes of the steps that are in no segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.segmentation import LeftOut, Segment
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.speech.cutting import Stretch
from emovec_db.speech.detector import STEP_SAMPLES

#: what is left out and quieter than this is silence: line noise of telephones measured -46 dB, ring tones -20 dB
SILENCE_DB: Final = -40.0


def segment_of(stretch: Stretch, waveform: Waveform, voice: str | None = None) -> Segment:
    """In seconds; the last step may be a part of one."""
    begin, end = (min(step * STEP_SAMPLES, len(waveform)) for step in stretch)
    return Segment(begin / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, voice)


def left_out_of(
    waveform: Waveform,
    found: Sequence[Stretch],
    *,
    overlaps: Sequence[Stretch] = (),
    fragments: NDArray[np.bool_] | None = None,
) -> LeftOut:
    """The steps that are in no stretch found: overlaps, fragments (bool (steps,)), the rest by its power."""
    samples = _samples(waveform)
    for begin, end in (*found, *overlaps):
        samples[begin:end] = 0
    fragments_s = 0.0
    if fragments is not None:
        fragments_s = float(samples[fragments].sum()) / SAMPLE_RATE_HZ
        samples[fragments] = 0
    quiet = _power(waveform) < 10 ** (SILENCE_DB / 10)
    return LeftOut(
        silence_s=float(samples[quiet].sum()) / SAMPLE_RATE_HZ,
        other_sound_s=float(samples[~quiet].sum()) / SAMPLE_RATE_HZ,
        fragments_s=fragments_s,
        overlaps=tuple(segment_of(overlap, waveform) for overlap in overlaps),
    )


def _samples(waveform: Waveform) -> NDArray[np.int64]:
    """How many samples each step has."""
    samples = np.full(-(-len(waveform) // STEP_SAMPLES), STEP_SAMPLES)
    if rest := len(waveform) % STEP_SAMPLES:
        samples[-1] = rest
    return samples


def _power(waveform: Waveform) -> NDArray[np.float32]:
    """Of each step, float32 (steps,)."""
    whole = len(waveform) // STEP_SAMPLES * STEP_SAMPLES
    steps = [waveform[:whole].reshape(-1, STEP_SAMPLES)]
    steps += [rest.reshape(1, -1)] if len(rest := waveform[whole:]) else []
    return np.concatenate([np.einsum("ij,ij->i", some, some) / some.shape[1] for some in steps])
