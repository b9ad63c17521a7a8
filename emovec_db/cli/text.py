"""How single values are written for people."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from emovec_db.domain.calendar import in_zone
from emovec_db.emotions import EMOTION_BY_LABEL, LIKELY_FROM, SURE_ABOVE

if TYPE_CHECKING:
    from emovec_db.domain.recording import Utterance

#: joiners inside emoji and words of several scripts; they move no cursor
_HARMLESS: Final = frozenset("\u200c\u200d")
#: control, format (bidi overrides too), surrogate, unassigned; line and paragraph separators
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_LEVELS: Final = "▁▂▃▄▅▆▇█"


def printable(text: str) -> str:
    """`text` with every character that could steer a terminal written as an escape such as ``\\x1b``."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character in _HARMLESS or unicodedata.category(character) not in _UNSAFE_CATEGORIES:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def emotion_name(label: str) -> str:
    """For example ``😠 Angry 生气``."""
    emotion = EMOTION_BY_LABEL[label]
    return f"{emotion.emoji} {emotion.en} {emotion.zh}"


def short_emotion(label: str) -> str:
    """For example ``😠 angry``."""
    return f"{EMOTION_BY_LABEL[label].emoji} {label}"


def certainty(confidence: float) -> str:
    """What a confidence means in a word."""
    if confidence > SURE_ABOVE:
        return "sure"
    return "likely" if confidence >= LIKELY_FROM else "uncertain"


def percent(share: float) -> str:
    """For example ``93.1 %``."""
    return f"{share * 100:.1f} %"


def whole_percent(share: float) -> str:
    """For example ``93 %``; the space does not break."""
    return f"{share * 100:.0f}\u00a0%"


def bar(share: float, width: int) -> str:
    """A bar of `width` characters at share 1, drawn in eighths of a character."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part] if part else "")


def sparkline(shares: list[float]) -> str:
    """One character per share (0..1), higher is taller."""
    return "".join(_LEVELS[min(int(min(max(share, 0.0), 1.0) * len(_LEVELS)), len(_LEVELS) - 1)] for share in shares)


def clock(seconds: float) -> str:
    """A place in a recording: ``0:04.2``; over an hour ``1:02:03.5``."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def duration(seconds: float) -> str:
    """A length: ``4.2 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def moment(time: datetime | None, zone: tzinfo) -> str:
    """A time in the user's zone to the minute, or a dash."""
    return "–" if time is None else in_zone(time, zone).strftime("%Y-%m-%d %H:%M")


def count(number: int, thing: str) -> str:
    """``1 recording``, ``2 recordings``."""
    plural = thing.removesuffix("y") + "ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else plural}"


def path_text(uri: str) -> str:
    """Where a recording was found, to be read: ``file:///calls/a%20b.wav`` is ``/calls/a b.wav``."""
    return printable(unquote(uri.removeprefix("file://")))


def recording_name(uri: str | None, channel: str = "mix") -> str:
    """The file's name, and the channel where it is one of several."""
    name = printable(unquote(uri.rstrip("/").rpartition("/")[2])) if uri else "–"
    return name if channel == "mix" else f"{name} [{printable(channel)}]"


def segment(utterance: Utterance) -> str:
    """To the second, with its voice where voices are told apart: ``0:00 – 0:13``, ``0:00 – 0:13, B``."""
    times = f"{clock(utterance.start_s)[:-2]} – {clock(math.ceil(utterance.end_s))[:-2]}"
    return f"{times}, {utterance.voice}" if utterance.voice else times
