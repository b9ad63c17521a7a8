"""Whom and what a filter names, so that it can go with the last recording of it."""

from __future__ import annotations

from emovec_db.domain.conditions import METADATA, All, Any, Condition, Equals, Not
from emovec_db.domain.query import Filter


def names_in(filter: Filter) -> frozenset[Equals]:
    """Customers, speakers and values of metadata, one in each; bounds, times and scores name nobody."""
    told: dict[str, str | None] = {"customer": filter.customer, "speaker": filter.speaker}
    told |= {METADATA + key: text for key, text in filter.metadata.items()}
    asked = {Equals(field, (value,)) for field, value in told.items() if value is not None}
    return frozenset(asked | _in_condition(filter.condition))


def _in_condition(condition: Condition | None) -> set[Equals]:
    match condition:
        case Equals(field, values) if field in {"customer", "speaker"} or field.startswith(METADATA):
            return {Equals(field, (value,)) for value in values}
        case Not(inner):
            return _in_condition(inner)
        case All(several) | Any(several):
            return {one for each in several for one in _in_condition(each)}
    return set()
