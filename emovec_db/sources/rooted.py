"""Files of this machine that somebody else names: only below one folder, whatever links and names lead out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from emovec_db.errors import NotFoundError, OutsideError, TooLargeError, UnreadableError

#: never a link in place of what was resolved, and never waiting for the other end of a pipe
_SAFELY: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened_below(root: Path, named: str, max_bytes: int) -> Iterator[BinaryIO]:
    """A plain file, by its path relative to `root` or in full.

    Links may lead about below the root. They are resolved first; then each part of the way is opened without
    following any, so that one that is put there meanwhile leads nowhere.

    Raises:
        OutsideError: it names, or leads to, what is not below the root; whether anything is there is not told.
        NotFoundError: nothing lies there.
        UnreadableError: a folder, pipe or device lies there, or it may not be read.
        TooLargeError: it has more than `max_bytes`.
    """
    top = Path(os.path.realpath(root))
    number = _open_each(top, _inside(root, top, named))
    try:
        _check(_shown(named), os.fstat(number), max_bytes)
        with open(number, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(number)


def _check(shown: str, status: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError(f"{shown} is a folder, pipe, socket or device; expected a plain file")
    if status.st_size > max_bytes:
        raise TooLargeError(
            f"{shown} has {status.st_size:,} bytes; expected at most {max_bytes:,}: compress or split it",
            max_bytes=max_bytes,
        )


def _inside(root: Path, top: Path, named: str) -> PurePosixPath:
    """The way from the root to what is named, without links; of what lies outside nothing is looked at."""
    asked = PurePosixPath(named)
    if "\0" in named or ".." in asked.parts:
        raise _outside()
    if asked.is_absolute():
        bases = [base for base in (root.absolute(), top) if asked.is_relative_to(base)]
        if not bases:
            raise _outside()
        asked = asked.relative_to(bases[0])
    resolved = Path(os.path.realpath(top / asked))
    if not resolved.is_relative_to(top):
        raise _outside()
    return PurePosixPath(resolved.relative_to(top))


def _open_each(top: Path, way: PurePosixPath) -> int:
    """The open file at the end of the way; raises NotFoundError, UnreadableError."""
    try:
        number = os.open(top, _SAFELY | os.O_DIRECTORY)
    except OSError as error:
        raise OutsideError(f"EMOVEC_AUDIO_ROOT can't be read: the system says: {error.strerror}") from None
    try:
        for place, part in enumerate(way.parts, start=1):
            kind = os.O_DIRECTORY if place < len(way.parts) else 0
            further = os.open(part, _SAFELY | kind, dir_fd=number)
            os.close(number)
            number = further
    except OSError as error:
        os.close(number)
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise NotFoundError(f"{_shown(str(way))} does not exist below the audio root") from None
        raise UnreadableError(f"{_shown(str(way))} can't be read: the system says: {error.strerror}") from None
    return number


def _outside() -> OutsideError:
    return OutsideError(
        "audio_path leads out of the folder that this server reads from (EMOVEC_AUDIO_ROOT): expected a path below it, "
        "relative to it or in full, without .."
    )


def _shown(named: str) -> str:
    """The file's name on one printable line."""
    name = PurePosixPath(named).name or "the audio root itself"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)
