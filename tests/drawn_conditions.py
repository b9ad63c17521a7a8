"""Conditions drawn at random, and the plainest reading of them."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from datetime import timedelta
from typing import Any as Anything

from hypothesis import strategies as st

from emovec_db.domain.conditions import FIELDS, All, Any, Condition, Equals, Exists, Kind, Not, Order
from tests.stored import JUNE

#: of each kind, values that made-up recordings have, and others
TEXTS = {
    "customer": ("c1", "c2", "c9", 'a b\'s "x"'),
    "speaker": ("s1", "s2"),
    "role": ("agent", "customer"),
    "channel": ("mix", "left"),
    "voice": ("A", "B"),
    "label": ("happy", "sad", "angry"),
    "warning": ("narrow_band", "music"),
    "metadata.topic": ("x", "y"),
    "metadata.line": ("7", "7.5", "true"),
    "metadata.q\"'k": ("x",),
}
NUMBERS = (-1.0, 0.05, 0.4, 0.5, 0.8, 1.0, 2.0, 7.0, 8000.0)
_EQUALS = st.sampled_from(sorted(TEXTS)).flatmap(
    lambda field: st.lists(st.sampled_from(TEXTS[field]), min_size=1, max_size=3, unique=True).map(
        lambda values: Equals(field, tuple(values))
    )
)
_NUMERIC = [name for name, kind in FIELDS.items() if kind is Kind.NUMBER]
_SIGNS = st.sampled_from(("<", "<=", ">", ">="))
_ORDER = st.builds(Order, st.sampled_from([*_NUMERIC, "metadata.line"]), _SIGNS, st.sampled_from(NUMBERS))
_TIMES = st.sampled_from([JUNE + timedelta(days=day) for day in range(-1, 4)])
_WHEN = st.builds(Order, st.just("recorded_at"), _SIGNS, _TIMES)
_SAME = st.builds(lambda field, value: Equals(field, (value,)), st.sampled_from(_NUMERIC), st.sampled_from(NUMBERS))
_EXISTS = st.builds(Exists, st.sampled_from([*TEXTS, "recorded_at", "snr_db", "metadata.new"]))
_LEAVES = st.one_of(_EQUALS, _ORDER, _WHEN, _SAME, _EXISTS)


def _joined(kind: type[All] | type[Any]) -> Anything:
    return lambda parts: kind(tuple(part for part in parts))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.lists(parts, min_size=2, max_size=3).map(_joined(All)),
        st.lists(parts, min_size=2, max_size=3).map(_joined(Any)),
    ),
    max_leaves=6,
)
_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def holds(  # noqa: PLR0911 - one for each kind
    condition: Condition, known: Mapping[str, Anything], metadata: Mapping[str, Anything]
) -> bool:
    """The oracle: a condition read by a person. `known` has a value or None by field, warnings as a list."""
    match condition:
        case Not(inner):
            return not holds(inner, known, metadata)
        case All(parts):
            return all(holds(part, known, metadata) for part in parts)
        case Any(parts):
            return any(holds(part, known, metadata) for part in parts)
        case Exists(field):
            return bool(known[field]) if field == "warning" else _value(field, known, metadata) is not None
        case Equals("warning", values):
            return any(value in known["warning"] for value in values)
        case Equals(field, values):
            value = _value(field, known, metadata)
            if field.startswith("metadata.") and value is not None and not isinstance(value, str):
                value = json.dumps(value)
            return value in values
        case Order(field, sign, limit):
            value = _value(field, known, metadata)
            if field.startswith("metadata.") and (isinstance(value, (str, bool)) or value is None):
                return False
            return value is not None and bool(_OPERATORS[sign](value, limit))


def _value(field: str, known: Mapping[str, Anything], metadata: Mapping[str, Anything]) -> Anything:
    if field.startswith("metadata."):
        return metadata.get(field.removeprefix("metadata."))
    return known[field]
