"""What a collection must never score, who decided so, and what was kept out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from emovec_db.domain.recording import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The roles whose recordings are never encoded, stored or played; none: everything is let in."""

    #: sorted
    forbidden_roles: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        return bool(self.forbidden_roles)

    def refusal(self, role: str | None, *, mixed: bool = False) -> str | None:
        """Why a recording is kept out, as a sentence for people; None: it is let in.

        mixed: whether it is the mix of several channels; where nobody has looked yet, decoding will
        (`SoundLimits.may_mix`).
        """
        if not self.in_force:
            return None
        forbidden = " and ".join(self.forbidden_roles)
        if role is None:
            return f"nobody says whose voice it is, and the collection's policy forbids {forbidden}: state its role"
        if role in self.forbidden_roles:
            return f"its role is {role}, which the collection's policy forbids"
        return MIXED if mixed else None


#: why what may hold several parties is kept out, whatever its role is said to be
MIXED = (
    "it would mix several channels, or has one for all parties, and the collection's policy wants each party apart: "
    "state who speaks on which channel, such as left=agent,right=customer, or, where one party alone is heard, its role"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One line of a collection's policy log."""

    role: str
    #: False: it was allowed again
    forbidden: bool
    reason: str
    #: who or what did it, for example ``ana@archive-1``
    by: str
    #: recordings that were deleted because of it
    deleted: int
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A recording that policy kept out."""

    #: where it lies, and the file's state then
    source: Source
    channel: str
    role: str | None
    #: whether it would have been the mix of several channels, or has one for several parties
    mixed: bool
    reason: str
    #: so that deleting a customer finds it
    customer: str | None = None
    refused_at: datetime = field(default_factory=lambda: datetime.now(UTC))
