"""What came of cutting a recording."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which a diarizer heard a voice; turns of several voices may lie over one another."""

    start_s: float
    end_s: float
    #: whose, by a number that means nothing beyond this recording
    voice: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording; start and end fall on samples of its 16 kHz waveform."""

    start_s: float
    end_s: float
    #: A, B … where voices are told apart; see `voice_name`
    voice: str | None = None

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
    #: words of one voice between those of others, too short to be an utterance
    fragments_s: float = 0.0
    #: where several voices speak at once, in order
    overlaps: tuple[Segment, ...] = ()

    @property
    def overlap_s(self) -> float:
        return sum(overlap.duration_s for overlap in self.overlaps)

    @property
    def total_s(self) -> float:
        return self.silence_s + self.other_sound_s + self.fragments_s + self.overlap_s


NOTHING_LEFT_OUT = LeftOut()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The segments of a recording and what lies between them."""

    #: in order, none over another, none longer than 30 s
    segments: tuple[Segment, ...]
    left_out: LeftOut = NOTHING_LEFT_OUT


def voice_name(place: int) -> str:
    """The voice that is heard first is A, the 27th AA."""
    name = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        name = chr(ord("A") + letter) + name
        place -= 1
    return name
