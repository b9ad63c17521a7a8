"""What came of cutting a recording."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording; start and end fall on samples of its 16 kHz waveform."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How much of a recording is in no utterance, by reason; with the utterances it makes up the recording."""

    #: quieter than -40 dB of full scale, and no speech
    silence_s: float = 0.0
    #: ring tone, hold music, noise: louder, and no speech was heard in it
    other_sound_s: float = 0.0

    @property
    def total_s(self) -> float:
        return self.silence_s + self.other_sound_s


NOTHING_LEFT_OUT = LeftOut()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The segments of a recording and what lies between them."""

    #: in order, none over another, none longer than 30 s
    segments: tuple[Segment, ...]
    left_out: LeftOut = NOTHING_LEFT_OUT
