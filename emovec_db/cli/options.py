"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Annotated

import typer

from emovec_db.errors import QueryError

CollectionOption = Annotated[str, typer.Option("--collection", metavar="NAME", help="Collection to work on.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
SpaceOption = Annotated[
    str,
    typer.Option(
        "--space",
        metavar="SPACE",
        help="What similarity means: embedding, scores (of the nine), embedding-scores, emotion (once fitted).",
    ),
]
SearchSpaceOption = Annotated[
    str | None,
    typer.Option(
        "--space",
        metavar="SPACE",
        help="What similarity means: emotion (once fitted), scores (of the nine), embedding, embedding-scores. "
        "Left out: the first of these that there is.",
        show_default=False,
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def group() -> typer.Typer:
    """A set of commands; plain help, because rich's takes longer to load than the whole start may take."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def examples(*lines: str) -> str:
    """The epilog of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def key_values(option: str, pairs: Sequence[str]) -> dict[str, str]:
    """``["batch=7"]`` as ``{"batch": "7"}``.

    Raises:
        QueryError: a pair without ``=`` or without a key.
    """
    return dict(_pair(option, pair) for pair in pairs)


def _pair(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise QueryError(f"{option} got {text!r}: expected KEY=VALUE")
    return key, value


def shares(option: str, text: str) -> dict[str, float]:
    """``angry=0.6,sad=0.4`` by label.

    Raises:
        QueryError: a part without ``=``, or no number behind it.
    """
    found = {}
    for key, value in key_values(option, comma_list(option, text)).items():
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise QueryError(f"{option} got {value!r} for {key}: expected a number such as 0.6") from None
    return found


def comma_list(option: str, text: str) -> tuple[str, ...]:
    """``left,right`` as a tuple.

    Raises:
        QueryError: an empty part.
    """
    parts = tuple(part.strip() for part in text.split(","))
    if not all(parts):
        raise QueryError(f"{option} got {text!r}: expected names with commas between them")
    return parts


def time_option(text: str | None, zone: tzinfo) -> datetime | None:
    """An ISO 8601 time as UTC, `zone`'s where it names none; None where the option was not given.

    Raises:
        QueryError: the text is no time.
    """
    from emovec_db.domain.path_pattern import parse_time

    return None if text is None else parse_time(text, zone)
