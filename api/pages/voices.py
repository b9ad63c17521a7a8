"""What roles, channels and voices are called, in the reader's language."""

from __future__ import annotations

from typing import Final

from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.language import later
from emovec_db.domain.recording import Utterance
from emovec_db.domain.sound import MIX

_ROLES: Final = {"customer": later("customer"), "agent": later("agent"), "other": later("other party")}
_CHANNELS: Final = {
    "mix": later("all channels mixed"),
    "left": later("left channel"),
    "right": later("right channel"),
}


def role_name(role: str) -> str:
    """Whose voice it is; a role that is not known stays as it is."""
    return _(_ROLES[role]) if role in _ROLES else role


def channel_name(channel: str) -> str:
    """Which channel of a file it is."""
    return _(_CHANNELS[channel]) if channel in _CHANNELS else _("channel %(name)s", name=channel)


def whose(utterance: Utterance) -> list[str]:
    """Whose voice is heard, as far as it is told: role, channel where it is one of several, letter of the voice."""
    said = []
    if utterance.role:
        said.append(role_name(utterance.role))
    if utterance.channel != MIX:
        said.append(channel_name(utterance.channel))
    if utterance.voice:
        said.append(_("voice %(name)s", name=utterance.voice))
    return said


def voice_words() -> dict[str, dict[str, str]]:
    """Names of roles and channels, for scripts."""
    return {
        "roles": {role: role_name(role) for role in _ROLES},
        "channels": {channel: channel_name(channel) for channel in _CHANNELS},
    }
