"""Patterns of emotion over time, such as ``neutral 10s > angry|sad 5s > any > calm``, and how they are written.

pattern   = part { ">" part }
part      = what [ ">=" score ] [ duration ]
what      = "any" | [ "not" ] label { "|" label }
duration  = number ( "s" | "min" )
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NoReturn

from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError

#: what a part lasts at least where the pattern doesn't say: shorter changes are flicker
DEFAULT_PART_S: Final = 3.0
MAX_PARTS: Final = 20
MAX_PART_S: Final = 86_400.0

ANY: Final = "any"
NOT: Final = "not"
#: other words for labels; RAVDESS and others have calm beside neutral, Emotion2Vec+ has neutral alone
SYNONYMS: Final = {"calm": "neutral"}

_SECONDS: Final = {"s": 1.0, "min": 60.0}
_TOKEN = re.compile(r"(?P<sign>>=|[>|])|(?P<number>\d+(?:\.\d+)?)(?P<unit>[a-z]*)|(?P<word>\w+)|(?P<other>\S)", re.I)


@dataclass(frozen=True, slots=True)
class Part:
    """What is heard for a while; its score at a step is the sum of its labels' scores there."""

    #: as it is written: ``angry``, ``angry|sad``, ``not angry``, ``any``
    name: str
    #: in the order of `LABELS`; all nine for ``any``
    labels: tuple[str, ...]
    min_duration_s: float
    #: what its mean score must reach in any case
    min_score: float = 0.0

    @property
    def is_any(self) -> bool:
        return self.name == ANY


@dataclass(frozen=True, slots=True)
class Pattern:
    """Parts that follow one another without a gap; what comes before and after them does not matter."""

    text: str
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """The pattern that is written so.

        Raises:
            QueryError: it is none; says where and what was expected there.
        """
        parts = tuple(_Reader(text).parts())
        if all(part.is_any for part in parts):
            raise QueryError(f"the pattern {text!r} asks for nothing: expected a label in one of its parts")
        if len(parts) > MAX_PARTS:
            raise QueryError(f"the pattern has {len(parts)} parts: expected at most {MAX_PARTS}")
        return cls(text, parts)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_TOKEN.finditer(text))
        self._at = 0

    def parts(self) -> Iterator[Part]:
        yield self._part()
        while self._at < len(self._tokens):
            if not self._took(">"):
                self._fail("expected '>' and the next part, or a duration such as 5s")
            yield self._part()

    def _part(self) -> Part:
        negated = self._took(NOT)
        named = [self._label(alone=not negated)]
        while named != [ANY] and self._took("|"):
            named.append(self._label(alone=False))
        min_score = self._score() if self._took(">=") else 0.0
        duration_s = self._duration_s()
        if named == [ANY]:
            return Part(ANY, LABELS, duration_s or 0.0, min_score)
        chosen = tuple(label for label in LABELS if (label in named) != negated)
        if not chosen:
            raise QueryError(f"the pattern {self._text!r} has a part that no label fulfils")
        name = "|".join(dict.fromkeys(named))
        return Part(f"{NOT} {name}" if negated else name, chosen, duration_s or DEFAULT_PART_S, min_score)

    def _label(self, *, alone: bool) -> str:
        expected = f"expected {'any, not or ' if alone else ''}one of {', '.join(LABELS)}"
        word = self._token("word")
        if word is None:
            self._fail(expected)
        written = word.lower()
        label = SYNONYMS.get(written, written)
        if label not in LABELS and not (alone and label == ANY):
            near = get_close_matches(label, [*LABELS, *SYNONYMS, ANY], n=1, cutoff=0.5)
            self._fail(expected + (f"; did you mean {near[0]}?" if near else ""))
        self._at += 1
        return label

    def _score(self) -> float:
        number = self._token("number")
        if number is None or self._token("unit") or not 0 <= float(number) <= 1:
            self._fail("expected a score from 0 to 1")
        self._at += 1
        return float(number)

    def _duration_s(self) -> float | None:
        number = self._token("number")
        if number is None:
            return None
        unit = (self._token("unit") or "").lower()
        if unit not in _SECONDS or not 0 < float(number) * _SECONDS[unit] <= MAX_PART_S:
            self._fail("expected a duration such as 5s or 2min, at most 24 hours")
        self._at += 1
        return float(number) * _SECONDS[unit]

    def _took(self, text: str) -> bool:
        taken = self._at < len(self._tokens) and self._tokens[self._at][0].lower() == text
        self._at += taken
        return taken

    def _token(self, kind: str) -> str | None:
        return self._tokens[self._at][kind] if self._at < len(self._tokens) else None

    def _fail(self, expected: str) -> NoReturn:
        if self._at == len(self._tokens):
            raise QueryError(f"the pattern {self._text!r} ends too early: {expected}", at=len(self._text))
        token = self._tokens[self._at]
        place = f"at {token[0]!r} (character {token.start() + 1})"
        raise QueryError(f"the pattern {self._text!r} makes no sense {place}: {expected}", at=token.start())
