"""What is wrong with a recording's sound, and what to do about it, in the reader's language."""

from __future__ import annotations

from typing import Final

from emovec_db.api.pages.language import gettext, later

#: by the code of the warning: what it is, and what to do
WARNINGS: Final = {
    "short": (
        later("Shorter than 1 s: there is little to hear an emotion in."),
        later("Use a longer recording if there is one."),
    ),
    "clipped": (
        later("Clipped: parts were too loud and are cut off."),
        later("Record at a lower level, or farther from the microphone."),
    ),
    "near_silent": (
        later("Nearly silent: even its loud parts are faint."),
        later("Record closer to the speaker, or at a higher level."),
    ),
    "narrow_band": (
        later("Narrow band, as on the telephone: nothing above 4 kHz is heard, where part of the emotion lies."),
        later("Use the original recording if this is a copy of lower quality."),
    ),
    "long": (
        later("Longer than 30 s: the label sums up moods that may differ."),
        later("Look at the utterances one by one."),
    ),
    "music": (
        later("Music or singing, or a steady tone: what is said of it means little, since only speech was learned."),
        later("Cut the music out, or name the channel that holds the voice alone."),
    ),
}


def warning(code: str) -> tuple[str, str]:
    """What it is and what to do."""
    what, advice = WARNINGS[code]
    return gettext(what), gettext(advice)
