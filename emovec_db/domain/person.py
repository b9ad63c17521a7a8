"""Who is taken to speak, as text that is the same for the same person; for spaces only."""

from __future__ import annotations

from typing import Final

SPEAKER: Final = "speaker:"
CUSTOMER: Final = "customer:"


def person_of(
    *, speaker: str | None = None, customer: str | None = None, role: str | None = None, voice: str | None = None
) -> str | None:
    """The speaker, else the customer where it is not said that somebody else speaks; None: nobody known.

    Nobody is known where a recording's voices were told apart, since then it is of several people. The database says
    the same of what is stored (`store.vectors`).
    """
    if voice is not None:
        return None
    if speaker is not None:
        return SPEAKER + speaker
    return CUSTOMER + customer if customer is not None and role in {None, "customer"} else None
