"""Conditions as people write them: ``angry >= 0.6 and (customer = c7 or label in (sad, fearful))``.

::

    any        = all { "or" all }
    all        = part { "and" part }
    part       = "not" part | "(" any ")" | comparison
    comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
               | field [ "not" ] "in" "(" value { "," value } ")"
               | field "exists"
    value      = word | 'text' | "text"        a quote within is doubled
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from difflib import get_close_matches
from typing import Final

from emovec_db.domain.conditions import (
    FIELDS,
    METADATA,
    ORDERS,
    All,
    Any,
    Condition,
    Equals,
    Exists,
    Kind,
    Not,
    Order,
    Value,
)
from emovec_db.domain.path_pattern import parse_time
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError

MAX_LENGTH: Final = 4_000
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 500

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(?P<mark>!=|<=|>=|[()=<>,])|(?P<word>[^\s()<>=!,'\"]+))"
)


@dataclass(frozen=True, slots=True)
class _Token:
    #: text, mark, word, or end
    kind: str
    written: str
    #: of its first character, from 0
    at: int

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.written.lower() == word


def parse_condition(text: str, zone: tzinfo | None) -> Condition:
    """The condition that the text says; times that name no zone are `zone`'s.

    Raises:
        QueryError: the text makes no sense, or `zone` is None and a time names none; says where.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"a condition of {len(text)} characters is too long: expected at most {MAX_LENGTH}")
    return _Parser(text, zone).whole()


class _Parser:
    def __init__(self, text: str, zone: tzinfo | None) -> None:
        self._text = text
        self._zone = zone
        self._tokens = self._tokenised()
        self._next = 0
        self._depth = 0

    def whole(self) -> Condition:
        condition = self._any()
        if self._token.kind != "end":
            raise self._wrong("and, or, or the end")
        return condition

    def _tokenised(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self._text.rstrip()):
            found = _TOKEN.match(self._text, at)
            if found is None or not found.lastgroup:
                start = at + len(self._text[at:]) - len(self._text[at:].lstrip())
                raise self._error(start, f"{self._text[start]!r} begins nothing", "a quote that ends, or a word")
            tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            at = found.end()
        return [*tokens, _Token("end", "the end", len(self._text))]

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _takes(self, mark: str) -> bool:
        token = self._token
        if (token.kind == "mark" and token.written == mark) or token.is_word(mark):
            self._take()
            return True
        return False

    def _any(self) -> Condition:
        return self._joined("or", self._all, Any)

    def _all(self) -> Condition:
        return self._joined("and", self._part, All)

    def _joined(self, word: str, part: Callable[[], Condition], joined: type[All] | type[Any]) -> Condition:
        conditions = [part()]
        while self._takes(word):
            conditions.append(part())
        return conditions[0] if len(conditions) == 1 else joined(tuple(conditions))

    def _part(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(self._token.at, "too many conditions within each other", f"at most {MAX_DEPTH}")
        try:
            if self._takes("not"):
                return Not(self._part())
            if self._takes("("):
                condition = self._any()
                if not self._takes(")"):
                    raise self._wrong("and, or, or )")
                return condition
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        field = self._field()
        if self._takes("exists"):
            return Exists(field)
        if self._takes("not"):
            if not self._takes("in"):
                raise self._wrong("in")
            return Not(Equals(field, self._values(field)))
        if self._takes("in"):
            return Equals(field, self._values(field))
        operator = self._token.written if self._token.kind == "mark" else ""
        if operator in {"=", "!="}:
            self._take()
            equals = Equals(field, (self._value(field),))
            return equals if operator == "=" else Not(equals)
        if operator in ORDERS:
            return self._order(field)
        raise self._wrong("=, !=, <, <=, >, >=, in, not in or exists")

    def _order(self, field: str) -> Condition:
        operator = self._take()
        if FIELDS.get(field) is Kind.TEXT:
            raise self._error(operator.at, f"{field} is a text, and texts have no order here", "=, !=, in or exists")
        at = self._token.at
        value = self._number(self._take()) if field.startswith(METADATA) else self._value(field)
        if isinstance(value, str):
            raise self._error(at, f"{value!r} is no number", "a number")
        return Order(field, operator.written, value)

    def _field(self) -> str:
        token = self._take()
        name = token.written
        if token.kind == "word" and (name in FIELDS or (name.startswith(METADATA) and len(name) > len(METADATA))):
            return name
        if token.kind == "text":
            # a key of metadata that is no word: 'metadata.two words'
            name = _unquoted(name)
            if name.startswith(METADATA) and len(name) > len(METADATA):
                return name
        near = get_close_matches(name, [*FIELDS, "metadata.KEY"], n=1)
        hint = f"a field; did you mean {near[0]}?" if near else f"one of {', '.join(FIELDS)} or metadata.KEY"
        raise self._error(token.at, f"{token.written} is no field", hint)

    def _values(self, field: str) -> tuple[Value, ...]:
        if not self._takes("("):
            raise self._wrong("( and values with commas between them")
        values = [self._value(field)]
        while self._takes(","):
            values.append(self._value(field))
            if len(values) > MAX_VALUES:
                raise self._error(self._token.at, "too many values", f"at most {MAX_VALUES}")
        if not self._takes(")"):
            raise self._wrong(", or )")
        return tuple(values)

    def _value(self, field: str) -> Value:
        token = self._token
        if token.kind not in {"text", "word"}:
            raise self._wrong(f"{FIELDS.get(field, Kind.TEXT).value} after {field}")
        self._take()
        kind = FIELDS.get(field, Kind.TEXT)
        if kind is Kind.NUMBER:
            return self._number(token)
        text = _unquoted(token.written) if token.kind == "text" else token.written
        if kind is Kind.TIME:
            return self._time(text, token.at)
        if "\x00" in text:
            raise self._error(token.at, "a text with NUL", "a text without")
        if field == "label" and text not in LABELS:
            raise self._error(token.at, f"{text!r} is no label", f"one of {', '.join(LABELS)}")
        return text

    def _number(self, token: _Token) -> float:
        try:
            number = float(_unquoted(token.written) if token.kind == "text" else token.written)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self._error(token.at, f"{token.written} is no number", "a number such as 0.6")
        return number

    def _time(self, text: str, at: int) -> datetime:
        try:
            zone = self._zone or datetime.fromisoformat(text).tzinfo
        except ValueError:
            raise self._error(at, f"{text} is no time", "ISO 8601 such as 2026-03-01 or 2026-03-01T14:30") from None
        if zone is None:
            raise self._error(at, f"{text} names no zone", f"a time such as {text}+00:00")
        try:
            return parse_time(text, zone)
        except QueryError:
            raise self._error(at, f"{text} is no time", "ISO 8601 such as 2026-03-01 or 2026-03-01T14:30") from None

    def _wrong(self, expected: str) -> QueryError:
        return self._error(self._token.at, f"got {self._token.written}", expected)

    def _error(self, at: int, what: str, expected: str) -> QueryError:
        return QueryError(f"the condition makes no sense at character {at + 1}: {what}; expected {expected}")


def _unquoted(written: str) -> str:
    mark = written[0]
    return written[1:-1].replace(mark * 2, mark)
