"""What roles and channels are called, in the reader's language."""

from __future__ import annotations

from typing import Final

from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.language import later

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
