"""Make the sample recordings of three made-up customers: ``python tools/make_samples.py samples``.

The voices are eSpeak NG's (Debian package `espeak-ng`): no human speaks. Emotion is only hinted at by pitch range,
speed, breath and fading, enough for different labels and different neighbours. The same eSpeak NG version writes
the same bytes again.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

import av
import numpy as np
from numpy.typing import NDArray

ESPEAK_RATE_HZ = 22_050
PEAK = 0.5
WAV_HEADER_BYTES = 44
SECONDS_BETWEEN_TURNS = 0.4

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Prosody:
    """How a sentence is spoken; `pitch` 0–99 and `range_percent` as eSpeak NG reads them."""

    pitch: int
    range_percent: int
    words_per_minute: int
    #: noise under the voice's envelope, relative to it
    breath: float = 0.0
    #: loudness at the end relative to the beginning
    fade: float = 1.0


CALM = Prosody(40, 10, 165)
CURT = Prosody(40, 100, 200)
FURIOUS = Prosody(95, 200, 200)
FRIENDLY = Prosody(50, 130, 165)
DELIGHTED = Prosody(70, 200, 175)
ALARMED = Prosody(95, 20, 215)
DOWNCAST = Prosody(45, 5, 150, breath=1.5, fade=0.35)
SUBDUED = Prosody(45, 40, 150, breath=0.4, fade=0.7)
EVEN = Prosody(50, 100, 165)

VOICES = {"amara": "en+f3", "beatriz": "en-us+f2", "conor": "en+Marco", "agent": "en-gb+m3"}


@dataclass(frozen=True)
class Codec:
    """What a file's suffix stands for."""

    name: str
    rate_hz: int
    bit_rate: int | None = None


CODECS = {
    ".wav": Codec("pcm_s16le", 16_000),
    ".flac": Codec("flac", 16_000),
    ".mp3": Codec("libmp3lame", 24_000, 48_000),
    ".ogg": Codec("libopus", 24_000, 28_000),
    ".webm": Codec("libopus", 24_000, 28_000),
    ".m4a": Codec("aac", 22_050, 48_000),
}
TELEPHONE = Codec("pcm_mulaw", 8_000)


@dataclass(frozen=True)
class Recording:
    """One file, ``{customer}/{date}_{topic}{suffix}``."""

    customer: str
    date: str
    topic: str
    suffix: str
    prosody: Prosody
    text: str

    @property
    def path(self) -> str:
        """Path below the folder of samples."""
        return f"{self.customer}/{self.date}_{self.topic}{self.suffix}"


AMARA = (  # a parcel that does not come: calm to furious
    ("2026-03-02", "order", ".flac", CALM, "Hello, I would like to ask where my parcel is."),
    ("2026-03-06", "delivery", ".mp3", CALM, "It is not here yet. Could you look again, please?"),
    ("2026-03-11", "delivery", ".wav", CALM, "The tracking page still says the same as last week."),
    ("2026-03-17", "delivery", ".ogg", CURT, "This is the third time that I call about one parcel."),
    ("2026-03-20", "complaint", ".m4a", CURT, "You promised Thursday. Thursday was yesterday."),
    ("2026-03-26", "complaint", ".webm", FURIOUS, "I have had enough of this! Where is my parcel?"),
    ("2026-04-01", "refund", ".flac", FURIOUS, "No, I do not want a voucher! I want my money back!"),
    ("2026-04-08", "cancellation", ".mp3", FURIOUS, "Cancel everything, right now, all of it!"),
)
BEATRIZ = (  # pleased with her holiday, frightened once
    ("2026-03-03", "booking", ".ogg", FRIENDLY, "Good morning! I would love to book two nights by the sea."),
    ("2026-03-09", "booking", ".wav", DELIGHTED, "Oh, that is wonderful! Yes, the room with the balcony!"),
    ("2026-03-16", "payment", ".m4a", FRIENDLY, "The payment went through at once, thank you so much."),
    ("2026-03-23", "breakfast", ".mp3", DELIGHTED, "Breakfast is included? You have made my day!"),
    ("2026-03-30", "storm", ".flac", ALARMED, "There is a storm coming! Is the ferry still safe?"),
    ("2026-04-02", "storm", ".webm", FRIENDLY, "You found me an earlier boat. How kind of you!"),
    ("2026-04-13", "thanks", ".mp3", DELIGHTED, "It was the best weekend of the whole year!"),
    ("2026-04-20", "booking", ".ogg", DELIGHTED, "We are coming back in June, all five of us!"),
)
CONOR = (  # a closed account: downcast, slowly back to even
    ("2026-03-04", "account", ".m4a", DOWNCAST, "My account is gone, and all the pictures with it."),
    ("2026-03-10", "account", ".flac", DOWNCAST, "Nobody has answered. I do not know what else to do."),
    ("2026-03-18", "pictures", ".ogg", DOWNCAST, "They were the only pictures that I had of her."),
    ("2026-03-25", "pictures", ".mp3", SUBDUED, "You found a few of them. That is something, I suppose."),
    ("2026-04-03", "backup", ".webm", SUBDUED, "I have sent the form that you asked me for."),
    ("2026-04-10", "backup", ".wav", EVEN, "The copy has arrived, and most of it opens."),
    ("2026-04-17", "account", ".mp3", EVEN, "Please change the address of the account to my new one."),
    ("2026-04-24", "survey", ".ogg", EVEN, "I would say seven out of ten, all things considered."),
)
RECORDINGS = tuple(
    Recording(customer, *line)
    for customer, lines in (("amara", AMARA), ("beatriz", BEATRIZ), ("conor", CONOR))
    for line in lines
)

CALL = "amara/2026-04-14_call.webm"
CALL_TURNS = (
    ("agent", EVEN, "Good afternoon, you are speaking with customer service. How can I help?"),
    ("amara", CURT, "I cancelled my order last week, and you have charged me for it today."),
    ("agent", EVEN, "I am sorry to hear that. May I have the number of the order?"),
    ("amara", FURIOUS, "I have given you that number five times already!"),
    ("agent", EVEN, "I see it now. The charge was our mistake, and you will have it back tomorrow."),
    ("amara", CURT, "Tomorrow. And who tells me that it is true this time?"),
    ("agent", EVEN, "I have just sent you the receipt of the transfer. Do you see it?"),
    ("amara", CALM, "Yes. It is here. Thank you."),
)

VOICEMAIL = replace(RECORDINGS[2], date="2026-03-13", topic="voicemail", text="It is Amara again. Please call me back.")


def speak(voice: str, prosody: Prosody, text: str, rng: np.random.Generator) -> Samples:
    """The sentence as float32 (samples,) at 22.05 kHz, peak 0.5."""
    ssml = f'<speak><prosody range="{prosody.range_percent}%">{escape(text)}</prosody></speak>'
    numbers = ["-p", str(prosody.pitch), "-s", str(prosody.words_per_minute)]
    wav = subprocess.run(["espeak-ng", "-m", "-v", voice, *numbers, "--stdout", ssml], check=True, capture_output=True)
    samples = np.frombuffer(wav.stdout[WAV_HEADER_BYTES:], dtype="<i2").astype(np.float32)
    samples /= np.abs(samples).max()
    samples *= np.linspace(1, prosody.fade, len(samples), dtype=np.float32)
    return PEAK * _breathe(samples, prosody.breath, rng)


def _breathe(samples: Samples, breath: float, rng: np.random.Generator) -> Samples:
    """`samples` with noise that follows their envelope (15 ms)."""
    width = ESPEAK_RATE_HZ * 15 // 1000
    envelope = np.convolve(np.abs(samples), np.ones(width) / width, "same")
    noise = np.convolve(rng.standard_normal(len(samples)), np.ones(4) / 4, "same")
    breathy = samples + breath * envelope * noise
    return (breathy / max(1.0, np.abs(breathy).max())).astype(np.float32)


def speak_call(rng: np.random.Generator) -> Samples:
    """The call as float32 (2, samples): agent on the left, customer on the right, taking turns."""
    turns = [(speaker, speak(VOICES[speaker], prosody, text, rng)) for speaker, prosody, text in CALL_TURNS]
    gap = np.zeros((2, int(SECONDS_BETWEEN_TURNS * ESPEAK_RATE_HZ)), dtype=np.float32)
    parts: list[Samples] = []
    for speaker, samples in turns:
        silence = np.zeros_like(samples)
        parts += [np.stack([samples, silence] if speaker == "agent" else [silence, samples]), gap]
    return np.concatenate(parts[:-1], axis=1)


def write(file: Path, samples: Samples, codec: Codec) -> None:
    """Encode (channels, samples) or (samples,) at 22.05 kHz as `codec`, without dates or random serial numbers."""
    planes = np.atleast_2d(samples)
    layout = "stereo" if len(planes) == 2 else "mono"
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec.name, rate=codec.rate_hz, options={"flags": "+bitexact"})
        stream.layout = layout
        if codec.bit_rate is not None:
            stream.bit_rate = codec.bit_rate * len(planes)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), format="fltp", layout=layout)
        frame.sample_rate = ESPEAK_RATE_HZ
        frame.time_base = Fraction(1, ESPEAK_RATE_HZ)
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def main(folder: Path) -> None:
    """Write every recording below `folder`."""
    rng = np.random.default_rng(2026)
    for recording in RECORDINGS:
        voice = VOICES[recording.customer]
        samples = speak(voice, recording.prosody, recording.text, rng)
        write(folder / recording.path, samples, CODECS[recording.suffix])
    voicemail = speak(VOICES[VOICEMAIL.customer], VOICEMAIL.prosody, VOICEMAIL.text, rng)
    write(folder / VOICEMAIL.path, voicemail, TELEPHONE)
    write(folder / CALL, speak_call(rng), CODECS[".webm"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "samples"))
