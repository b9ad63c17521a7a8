"""The treatments by name, and the one order in which they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emovec_db.cleaning.denoise import Denoise
from emovec_db.cleaning.high_pass import HighPass
from emovec_db.cleaning.normalise import Normalise
from emovec_db.cleaning.protocol import Treatment
from emovec_db.cleaning.separate import Separate
from emovec_db.domain.sound import Waveform
from emovec_db.errors import QueryError

#: What new collections may ask for, and the newest version of it, in the order in which they run: songs are separated
#: as they were mixed, noise is judged without what lies under voices, and the level is set of what is left.
NEWEST: dict[str, Treatment] = {
    "separate": Separate(),
    "high-pass": HighPass(),
    "denoise": Denoise(),
    "normalise": Normalise(),
}
TREATMENTS: dict[str, Treatment] = {treatment.name: treatment for treatment in NEWEST.values()}


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Treatments in the order in which they run; none: the sound stays as it was decoded."""

    treatments: tuple[Treatment, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(treatment.name for treatment in self.treatments)

    def clean(self, waveform: Waveform) -> Waveform:
        """float32 (samples,) of the same length; the given one is not changed."""
        for treatment in self.treatments:
            waveform = treatment.treat(waveform)
        return waveform

    def chain(self, decode_chain: str) -> str:
        """The chain that decoded the sound, with what was done to it afterwards: ``pyav-18.1/…/1/high-pass-1``."""
        return "/".join([decode_chain, *(treatment.made_by for treatment in self.treatments)])


NO_CLEANING = Cleaning()


def newest_cleaning(kinds: Sequence[str]) -> tuple[str, ...]:
    """Names for a new collection's recipe, in the order in which they run, whatever the order of the kinds.

    Raises:
        QueryError: a kind that is none.
        MissingPartError: what a treatment needs is not installed.
    """
    _check(kinds, NEWEST)
    return cleaning_named([treatment.name for kind, treatment in NEWEST.items() if kind in kinds]).names


def cleaning_named(names: Sequence[str]) -> Cleaning:
    """The treatments of these names, ready to work.

    Raises:
        QueryError: there is none of a name.
        MissingPartError: what a treatment needs is not installed.
    """
    _check(names, TREATMENTS)
    cleaning = Cleaning(tuple(TREATMENTS[name] for name in names))
    for treatment in cleaning.treatments:
        treatment.require()
    return cleaning


def _check(asked: Sequence[str], known: Mapping[str, Treatment]) -> None:
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise QueryError(f"unknown cleaning {unknown[0]!r}; expected some of: {', '.join(known)}")
