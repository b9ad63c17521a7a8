"""Opening a file's bytes for reading, and plain words for what can go wrong."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emovec_db.errors import EmovecError, NotAudioError, TooLargeError, UnreadableError

_REASONS = {
    errno.ENOENT: "there is no such file: check its name and folder",
    errno.ENOTDIR: "a part of its path is a file, not a folder: check the path",
    errno.EACCES: "reading it is not permitted: give this user the right to read it",
    errno.EPERM: "reading it is not permitted: give this user the right to read it",
    errno.EIO: "its medium failed while it was read (input/output error): copy it from a backup",
    errno.ELOOP: "it is a symlink that leads back to itself: point it at the real file",
    errno.ENAMETOOLONG: "its path is longer than this system allows: move it up or rename it",
    errno.EISDIR: "it is a folder; expected a file",
    errno.ENXIO: "it is not a plain file (a socket or device); expected a file",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n) or run fewer workers",
    errno.ENFILE: "too many files are open on this system: run fewer workers",
}


def shown(path: Path) -> str:
    """The file's name on one printable line, without its folders: messages reach people who may not know them."""
    return _printable(os.fsencode(path.name or str(path)).decode(errors="backslashreplace"))


def unreadable(name: str, error: OSError) -> UnreadableError:
    """What to tell people about an operating system's error."""
    reason = _REASONS.get(error.errno or 0) or f"the system says: {error.strerror or type(error).__name__}"
    return UnreadableError(f"{name} can't be read: {reason}")


class Source:
    """A plain file's bytes, seekable; has no name, so that only the bytes decide what they are."""

    def __init__(self, name: str, file_number: int) -> None:
        #: what people know the file by
        self.shown = name
        #: the open file's descriptor
        self.file_number = file_number
        self.size_bytes = os.fstat(file_number).st_size
        #: the first time that the medium failed; the file then seems to end there
        self.failure: OSError | None = None

    def read(self, size: int) -> bytes:
        """Never raises, since ffmpeg's callbacks have nowhere to raise to: `open_source` does it at the end."""
        try:
            return os.read(self.file_number, size)
        except OSError as error:
            self.failure = self.failure or error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """The new position, or as in C a negative error number: damaged headers lead before the file's start."""
        try:
            return os.lseek(self.file_number, offset, whence)
        except OSError as error:
            return -(error.errno or errno.EINVAL)

    def tell(self) -> int:
        return os.lseek(self.file_number, 0, os.SEEK_CUR)

    def peek(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`, without moving; fewer only at the file's end."""
        return os.pread(self.file_number, size, max(0, offset))


@contextmanager
def open_source(path: Path, *, max_bytes: int | None = None, name: str | None = None) -> Iterator[Source]:
    """Open a plain file for reading, and turn every OSError inside the block into UnreadableError.

    Messages call the file by `name`, else by its own.

    Raises UnreadableError, NotAudioError (empty), TooLargeError.
    """
    known_as = _printable(name) if name else shown(path)
    if "\0" in str(path):
        raise UnreadableError(f"{known_as} can't be read: its name holds a NUL character; no file can have it")
    try:
        # Not blocking: opening a named pipe would wait for a writer for ever.
        file_number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(known_as, error) from error
    try:
        with reading(known_as, file_number) as source:
            _check_plain(source, file_number, max_bytes)
            yield source
    finally:
        os.close(file_number)


@contextmanager
def reading(name: str, file_number: int) -> Iterator[Source]:
    """Read an open file, which stays open, and turn every OSError inside the block into UnreadableError.

    What was made of a file that could not be read to its end counts for nothing.
    """
    try:
        source = Source(name, file_number)
        try:
            yield source
        except EmovecError as error:
            if source.failure is not None:
                raise source.failure from error
            raise
        if source.failure is not None:
            raise source.failure
    except OSError as error:
        raise unreadable(name, error) from error


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _check_plain(source: Source, file_number: int, max_bytes: int | None) -> None:
    mode = os.fstat(file_number).st_mode
    if stat.S_ISDIR(mode):
        raise UnreadableError(f"{source.shown} is a folder; expected a recording")
    if not stat.S_ISREG(mode):
        raise UnreadableError(f"{source.shown} is a pipe, socket or device; expected a plain file")
    if max_bytes is not None and source.size_bytes > max_bytes:
        raise TooLargeError(
            f"{source.shown} has {source.size_bytes:,} bytes; expected at most {max_bytes:,}: "
            "compress it (opus, mp3) or split it"
        )
    if not source.peek(0, 1):
        raise NotAudioError(f"{source.shown} is empty (0 bytes): copy it again from where it came")
