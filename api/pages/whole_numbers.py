"""Whole numbers in the addresses of pages."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from emovec_db.errors import QueryError

#: of any that fits into a database
_DIGITS = 19


def whole_number(given: MultiDict[str, str], name: str, *, most: int) -> int | None:
    """The number 0 to `most` of that name; None where there is none. Raises QueryError."""
    text = given.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS and int(text) <= most):
        raise QueryError(f"{name} is {text!r}: expected a whole number from 0 to {most}")
    return int(text)
