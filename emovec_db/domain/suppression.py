"""What was deleted, by digests alone, so that the next ingest does not bring it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emovec_db.domain.sound import MIX

#: each side of a file has a number too
_NUMBERS = {"left": "ch0", "right": "ch1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A recording that was deleted; it names nobody, and says not where it lay."""

    #: later deletions have greater ones
    suppression_id: int
    #: of the file's bytes
    sha256: str
    channel: str
    #: None: it was never decoded
    pcm_sha256: str | None

    def keeps_out(self, sha256: str, channel: str, pcm_sha256: str | None = None) -> bool:
        """Whether a channel of a file holds what was deleted: its sound, or that of a mix it was in.

        `pcm_sha256` is that of the channel's sound, where it is known.
        """
        if pcm_sha256 is not None and pcm_sha256 == self.pcm_sha256:
            return True
        return sha256 == self.sha256 and (MIX in (channel, self.channel) or numbered(channel) == numbered(self.channel))


def firm(suppressions: Iterable[Suppression], lifts_up_to: int) -> bool:
    """Whether any of them holds against an ingest that may lift those up to this id."""
    return any(one.suppression_id > lifts_up_to for one in suppressions)


def numbered(channel: str) -> str:
    """A channel by its number, where it has one: left is ch0, right is ch1."""
    return _NUMBERS.get(channel, channel)
