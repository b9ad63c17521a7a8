"""Conditions on utterances and recordings, to be put together with and, or and not.

What is not known fulfils no comparison, so its `Not` does: ``not customer = c1`` holds for whoever has no customer.
`str` gives a condition as the text that `domain.condition_text` reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, TypeAlias

from emovec_db.emotions import LABELS


class Kind(Enum):
    """What a field holds."""

    TEXT = "a text"
    NUMBER = "a number"
    TIME = "a time"


#: besides ``metadata.KEY``, which holds a text or a number
FIELDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("customer", "speaker", "role", "channel", "voice", "label", "warning"), Kind.TEXT),
    **dict.fromkeys(LABELS, Kind.NUMBER),
    **dict.fromkeys(("confidence", "duration_s", "peak", "snr_db", "clipping_ratio"), Kind.NUMBER),
    **dict.fromkeys(("silence_ratio", "sample_rate_hz"), Kind.NUMBER),
    "recorded_at": Kind.TIME,
}
METADATA: Final = "metadata."
ORDERS: Final = ("<", "<=", ">", ">=")
#: written without quotes
_WORD = re.compile(r"[^\s()<>=!,'\"]+")
_KEYWORDS: Final = frozenset({"and", "or", "not", "in", "exists"})

Value: TypeAlias = str | float | datetime


@dataclass(frozen=True, slots=True)
class Equals:
    """The field is one of these values; a warning: one of the recording's."""

    field: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        written = [quoted(value) for value in self.values]
        field = quoted(self.field)
        return f"{field} = {written[0]}" if len(written) == 1 else f"{field} in ({', '.join(written)})"


@dataclass(frozen=True, slots=True)
class Order:
    """The field lies before or after a number or time."""

    field: str
    #: one of `ORDERS`
    operator: str
    value: float | datetime

    def __str__(self) -> str:
        return f"{quoted(self.field)} {self.operator} {quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is known."""

    field: str

    def __str__(self) -> str:
        return f"{quoted(self.field)} exists"


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: Condition

    def __str__(self) -> str:
        return f"not {_enclosed(self.condition)}"


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds."""

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(map(_enclosed, self.conditions))


@dataclass(frozen=True, slots=True)
class Any:
    """One of the conditions holds, or several."""

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(_enclosed, self.conditions))


Condition: TypeAlias = Equals | Order | Exists | Not | All | Any


def quoted(value: Value) -> str:
    """As it stands in a text: quoted unless it is one word."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if _WORD.fullmatch(value) and value.lower() not in _KEYWORDS:
        return value
    return "'" + value.replace("'", "''") + "'"


def _enclosed(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, (All, Any)) else str(condition)
