"""Errors to exit codes and words, for all commands in one place."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass, field
from typing import Any

from typer.exceptions import TyperException

from emovec_db.cli import exit_codes
from emovec_db.cli.output import print_json
from emovec_db.cli.text import printable
from emovec_db.errors import EmovecError

DEBUG_HINT = "EMOVEC_DEBUG=1 shows where this happened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a command did not do what was asked."""

    exit_code: int
    #: stable and machine-readable, the same as the API's
    code: str
    message: str
    detail: dict[str, Any] = field(default_factory=dict)
    #: further lines for people
    hints: tuple[str, ...] = ()


INTERRUPTED = Failure(
    exit_code=exit_codes.INTERRUPTED,
    code="interrupted",
    message="stopped; all that was stored is kept, and the same command goes on from there",
)


def failure_of(error: BaseException) -> Failure:
    """What `error` means to whoever gave the command."""
    if isinstance(error, EmovecError):
        return Failure(exit_code=error.exit_code, code=error.code, message=error.message, detail=error.detail)
    if isinstance(error, TyperException):
        return _usage_failure(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    return Failure(exit_code=exit_codes.FAILED, code="internal", message=message, hints=(DEBUG_HINT,))


def _usage_failure(error: TyperException) -> Failure:
    context = getattr(error, "ctx", None)
    hints = (f"see {context.command_path} --help",) if context else ()
    return Failure(exit_code=exit_codes.USAGE, code="usage", message=error.format_message(), hints=hints)


def report(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong, on stdout as JSON or on stderr as text; returns the exit code."""
    failure = failure_of(error)
    if os.environ.get("EMOVEC_DEBUG") == "1":
        traceback.print_exception(error)
    if as_json:
        print_json({"code": failure.code, "message": failure.message, "detail": failure.detail})
    else:
        sys.stderr.write("\n".join([f"emovec: {printable(failure.message)}", *failure.hints]) + "\n")
    return failure.exit_code
