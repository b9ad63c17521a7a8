"""What goes to stdout and stderr: one JSON document, or tables that fit the terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: where no terminal says how wide it is, names stay on one line for grep
PIPE_COLUMNS: Final = 200


def print_json(document: Any) -> None:
    """The one JSON document of a command; indented for eyes, on one line for pipes.

    Pure ASCII, so that every encoding carries it and undecodable bytes of file names survive.
    """
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(document, indent=indent, allow_nan=False, default=str) + "\n")


def console() -> Console:
    """Stdout for people; nothing in a name is taken for markup."""
    return _console(stderr=False)


def error_console() -> Console:
    """Stderr: progress, remarks, errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_COLUMNS
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, width=width)


def table(*columns: str, right: tuple[str, ...] = (), gives_way: Mapping[str, int] | None = None) -> Table:
    """A table without frames; `right` columns hold numbers.

    Where the terminal is narrow, only the columns in `gives_way` break their text, down to the given width.
    """
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    widths = gives_way or {}
    for column in columns:
        breaks = column in widths
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=not breaks,
            overflow="fold" if breaks else "ellipsis",
            min_width=widths.get(column),
        )
    return made


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on stderr that something is under way, while someone watches."""
    if not sys.stderr.isatty():
        yield
        return
    with error_console().status(f"{what} …"):
        yield
