"""By what a list of recordings is sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from emovec_db.errors import QueryError

#: fields of a recording that lists are sorted by
SORTABLE: Final = ("recorded_at", "created_at", "duration_s", "confidence", "customer")
#: what a list may be asked for: ascending, or with - before it descending
SORTS: Final = tuple(sign + field for field in SORTABLE for sign in ("", "-"))


@dataclass(frozen=True, slots=True)
class Sort:
    """A field and a direction. Recordings of which the field is not known come last in both; ties go by id, likewise
    ascending or descending.

    Texts are in the order of their Unicode code points.
    """

    field: str
    descending: bool

    def __str__(self) -> str:
        return "-" + self.field if self.descending else self.field

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``recorded_at`` or ``-recorded_at``; QueryError for anything else."""
        if text not in SORTS:
            raise QueryError(f"sort is {text!r}: expected one of {', '.join(SORTABLE)}, or -{SORTABLE[0]} to descend")
        return cls(text.removeprefix("-"), text.startswith("-"))
