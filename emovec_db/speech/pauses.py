"""Cutting at pauses: utterances of speech, everything else left out and accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from emovec_db.domain.segmentation import Cut, Segment
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import NoSpeechError
from emovec_db.speech.accounting import left_out_of, segment_of
from emovec_db.speech.cutting import Detection, Rules, speech, utterances
from emovec_db.speech.detector import STEP_SAMPLES, speech_probabilities

#: names this way of cutting, detector and rules; part of a generation's identity
PAUSES: Final = "pauses-1"

#: up to this a recording is one utterance; nobody listens for pauses in it
CLIP_S: Final = 10
#: up to this it is one utterance unless somebody is silent for `TURN_S` within it
LONG_CLIP_S: Final = 30
TURN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Pauses:
    """Clips whole, longer recordings in utterances of 3 to 10 s that begin and end in pauses."""

    name: str = PAUSES
    rules: Rules = field(default_factory=Rules)

    def cut(self, waveform: Waveform) -> Cut:
        if len(waveform) <= CLIP_S * SAMPLE_RATE_HZ:
            return _whole(waveform)
        return self.cut_detected(waveform, detect(waveform))

    def cut_detected(self, waveform: Waveform, detection: Detection) -> Cut:
        """`cut` for whoever knows what the detector said."""
        if len(waveform) <= CLIP_S * SAMPLE_RATE_HZ:
            return _whole(waveform)
        if len(waveform) <= LONG_CLIP_S * SAMPLE_RATE_HZ and _longest_pause_s(detection, self.rules) < TURN_S:
            return _whole(waveform)
        found = utterances(detection, self.rules)
        left_out = left_out_of(waveform, found)
        if not found:
            raise NoSpeechError(
                f"no speech was heard in {left_out.total_s:.0f} s of sound ({left_out.silence_s:.0f} s of it silence): "
                "expected a recording of somebody who speaks; a collection made with --segmentation windows takes it "
                "as it is"
            )
        return Cut(segments=tuple(segment_of(stretch, waveform) for stretch in found), left_out=left_out)


def detect(waveform: Waveform) -> Detection:
    """What the detector says of a 16 kHz waveform."""
    return Detection(speech_probabilities(waveform), SAMPLE_RATE_HZ / STEP_SAMPLES)


def _whole(waveform: Waveform) -> Cut:
    return Cut(segments=(Segment(0.0, len(waveform) / SAMPLE_RATE_HZ),))


def _longest_pause_s(detection: Detection, rules: Rules) -> float:
    """Between two stretches of speech."""
    pauses = [after[0] - before[1] for before, after in pairwise(speech(detection, rules))]
    return max(pauses, default=0) / detection.hz
