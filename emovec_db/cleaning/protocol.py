"""What every treatment can do."""

from __future__ import annotations

from typing import Protocol

from emovec_db.domain.sound import Waveform


class Treatment(Protocol):
    """One thing that is done to sound before it is cut and encoded.

    A treatment never changes: whatever would give other samples gets another name, and with it another generation.
    """

    @property
    def name(self) -> str: ...

    @property
    def made_by(self) -> str:
        """For provenance: the name, and the release of the library that does the work."""

    def require(self) -> None:
        """Raise MissingPartError, with the command that mends it, where what the work needs is not here."""

    def treat(self, waveform: Waveform) -> Waveform:
        """A new waveform of the same length, float32, finite; the same one always gives the same."""
