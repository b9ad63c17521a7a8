"""Cutting at pauses: utterances of speech, everything else left out and accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from emovec_db.domain.segmentation import Cut, LeftOut, Segment
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import NoSpeechError
from emovec_db.speech.cutting import Detection, Rules, Stretch, speech, utterances
from emovec_db.speech.detector import STEP_SAMPLES, speech_probabilities

#: names this way of cutting, detector and rules; part of a generation's identity
PAUSES: Final = "pauses-1"

#: up to this a recording is one utterance; nobody listens for pauses in it
CLIP_S: Final = 10
#: up to this it is one utterance unless somebody is silent for `TURN_S` within it
LONG_CLIP_S: Final = 30
TURN_S: Final = 2.0
#: what is left out and quieter than this is silence: line noise of telephones measured -46 dB, ring tones -20 dB
SILENCE_DB: Final = -40.0


@dataclass(frozen=True, slots=True)
class Pauses:
    """Clips whole, longer recordings in utterances of 3 to 10 s that begin and end in pauses."""

    name: str = PAUSES
    rules: Rules = field(default_factory=Rules)

    def cut(self, waveform: Waveform) -> Cut:
        if len(waveform) <= CLIP_S * SAMPLE_RATE_HZ:
            return _whole(waveform)
        detection = Detection(speech_probabilities(waveform), SAMPLE_RATE_HZ / STEP_SAMPLES)
        if len(waveform) <= LONG_CLIP_S * SAMPLE_RATE_HZ and _longest_pause_s(detection, self.rules) < TURN_S:
            return _whole(waveform)
        found = utterances(detection, self.rules)
        left_out = _left_out(waveform, found)
        if not found:
            raise NoSpeechError(
                f"no speech was heard in {left_out.total_s:.0f} s of sound ({left_out.silence_s:.0f} s of it silence): "
                "expected a recording of somebody who speaks; a collection made with --segmentation windows takes it "
                "as it is"
            )
        return Cut(segments=tuple(_segment(stretch, waveform) for stretch in found), left_out=left_out)


def _whole(waveform: Waveform) -> Cut:
    return Cut(segments=(Segment(0.0, len(waveform) / SAMPLE_RATE_HZ),))


def _longest_pause_s(detection: Detection, rules: Rules) -> float:
    """Between two stretches of speech."""
    pauses = [after[0] - before[1] for before, after in pairwise(speech(detection, rules))]
    return max(pauses, default=0) / detection.hz


def _segment(stretch: Stretch, waveform: Waveform) -> Segment:
    begin, end = (min(step * STEP_SAMPLES, len(waveform)) for step in stretch)
    return Segment(begin / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ)


def _left_out(waveform: Waveform, found: Sequence[Stretch]) -> LeftOut:
    """The steps that are in no stretch, by their power."""
    steps = [waveform[: len(waveform) // STEP_SAMPLES * STEP_SAMPLES].reshape(-1, STEP_SAMPLES)]
    steps += [rest.reshape(1, -1)] if len(rest := waveform[steps[0].size :]) else []
    power = np.concatenate([np.einsum("ij,ij->i", some, some) / some.shape[1] for some in steps])
    samples = np.concatenate([np.full(len(some), some.shape[1]) for some in steps])
    for begin, end in found:
        samples[begin:end] = 0
    quiet = power < 10 ** (SILENCE_DB / 10)
    return LeftOut(
        silence_s=float(samples[quiet].sum()) / SAMPLE_RATE_HZ,
        other_sound_s=float(samples[~quiet].sum()) / SAMPLE_RATE_HZ,
    )
