"""Which collection a page shows, and how readers choose it."""

from __future__ import annotations

from typing import Any

from flask import g, request

from emovec_db.api.context import collection, context
from emovec_db.database import DEFAULT_COLLECTION, Collection

#: in the address of every page that shows another collection than the one shown otherwise
PARAMETER = "collection"


def collection_names() -> tuple[str, ...]:
    """Of all that there are."""
    if "collection_names" not in g:
        g.collection_names = context().database.collection_names()
    names: tuple[str, ...] = g.collection_names
    return names


def usual_name() -> str:
    """The collection that is shown where the address names none: ``default``, or the first if there is none such."""
    names = collection_names()
    return DEFAULT_COLLECTION if DEFAULT_COLLECTION in names or not names else names[0]


def shown_name() -> str:
    """The collection of this page; it need not exist."""
    return request.args.get(PARAMETER) or usual_name()


def shown() -> Collection:
    """A handle on it."""
    return collection(shown_name())


def carry_choice(endpoint: str, values: dict[str, Any]) -> None:
    """Links from one page to another stay with the collection."""
    if endpoint.startswith("pages.") and PARAMETER not in values and request and request.args.get(PARAMETER):
        values[PARAMETER] = request.args[PARAMETER]
