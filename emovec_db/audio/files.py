"""Finding recordings in folders, globs and lists of files, and naming them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from emovec_db.audio.globbing import expand, has_magic, is_folder
from emovec_db.audio.source import open_source, shown, unreadable
from emovec_db.domain.recording import Source
from emovec_db.errors import EmovecError, QueryError, UnreadableError

#: in folders, files with these suffixes are recordings; sound files, and video files that may hold sound
AUDIO_SUFFIXES: Final = frozenset({
    ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".asf", ".au", ".avi", ".awb",
    ".caf", ".eac3", ".f4a", ".f4v", ".flac", ".flv", ".m2ts", ".m4a", ".m4b", ".m4r", ".m4v", ".mka", ".mkv", ".mov",
    ".mp2", ".mp3", ".mp4", ".mpc", ".mpeg", ".mpg", ".mpga", ".mts", ".nist", ".oga", ".ogg", ".ogm", ".ogv",
    ".opus", ".snd", ".sph", ".spx", ".tak", ".ts", ".tta", ".voc", ".w64", ".wav", ".wave", ".weba", ".webm", ".wma",
    ".wmv", ".wv",
})  # fmt: skip

#: keys of the counter of what was passed over, beside suffixes
HIDDEN: Final = "hidden"
NO_SUFFIX: Final = "no suffix"

_DIGEST_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """One recording, or one thing that stands where a recording was expected."""

    path: Path
    #: `file:///…` of the absolute path; see `uri_of`
    uri: str
    #: the folder that was asked for, or the file's own
    root: Path
    #: the path below the root with `/`, always valid text (bytes that are no UTF-8 show as �)
    relative: str
    #: why it can't be a recording, as far as that shows without opening it
    error: EmovecError | None = None


def find_recordings(paths: Sequence[Path | str], *, ignored: Counter[str] | None = None) -> Iterator[Found]:
    """Recordings under folders, globs (`*`, `?`, `[…]`, `**`) and files, lazily; never raises for what it meets.

    The order is that of `paths`, and by name within; one folder's names are in memory at a time, per level. A file
    that is named is always tried, whatever its suffix, also by a glob, as if the shell had expanded it; in folders only
    those with AUDIO_SUFFIXES. What was passed over is counted in `ignored`: by suffix, `no suffix` or `hidden` (names
    that begin with a dot; a hidden folder counts once).

    Symlinked folders are followed. A missing path, a glob without a match, a symlink that leads back to a folder above,
    an unreadable folder, and a folder named like a recording that holds none, come as Found with an error.
    """
    counter: Counter[str] = Counter() if ignored is None else ignored
    for path in paths:
        asked = Path(path).expanduser()
        if has_magic(str(asked)) and not os.path.lexists(asked):
            yield from _glob(asked, counter)
        else:
            yield from _named(asked, None, counter)


def uri_of(path: Path) -> str:
    """`file:///…` of a file, percent-encoded, so that any name is printable text and `path_of` gives it back.

    The folder is resolved, the last name is not: a symlinked recording keeps its own name, and one folder reached by
    two ways gives one uri.
    """
    if path.name in {"", ".."}:
        return Path(os.path.realpath(path)).as_uri()
    # Not Path.resolve, which raises for symlink loops.
    parent = os.path.abspath(path.parent) if "\0" in str(path) else os.path.realpath(path.parent)
    return (Path(parent) / path.name).as_uri()


def path_of(uri: str) -> Path:
    """The path of a `file:///…` uri; raises QueryError for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        raise QueryError(f"uri {uri!r} is no local file; expected file:///… with an absolute path")
    raw = unquote_to_bytes(parts.path)
    if not raw.startswith(b"/") or b"\0" in raw:
        raise QueryError(f"uri {uri!r} holds no absolute path; expected file:///…")
    return Path(os.fsdecode(raw))


def digest(path: Path) -> str:
    """Hex sha256 of a file's bytes; raises UnreadableError, NotAudioError (empty)."""
    sha256 = hashlib.sha256()
    with open_source(path) as source:
        while chunk := source.read(_DIGEST_CHUNK_BYTES):
            sha256.update(chunk)
    return sha256.hexdigest()


def source_of(path: Path, uri: str) -> Source:
    """The file's state now, to tell later whether it changed; raises UnreadableError."""
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return Source(uri=uri, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def _glob(pattern: Path, ignored: Counter[str]) -> Iterator[Found]:
    root, matches = expand(pattern)
    matched = False
    for match in matches:
        matched = True
        yield from _named(match, root, ignored)
    if not matched:
        error = UnreadableError(f"nothing matches {shown(pattern)}: check the pattern, and quote it for the shell")
        yield _found(pattern, root, error)


def _named(path: Path, root: Path | None, ignored: Counter[str]) -> Iterator[Found]:
    """A path that was asked for by name."""
    if os.path.isdir(path):
        yield from _walk(path, root or path, ignored)
    else:
        yield _found(path, root or path.parent, _stat_error(path))


@dataclass(slots=True)
class _Folder:
    """A folder on the way down."""

    path: Path
    #: device and inode: the same folder, by whatever path
    identity: tuple[int, int]
    entries: Iterator[os.DirEntry[str]]
    recordings: int = 0


def _walk(top: Path, root: Path, ignored: Counter[str]) -> Iterator[Found]:
    stack: list[_Folder] = []
    opened = _open_folder(top, stack)
    if isinstance(opened, EmovecError):
        yield _found(top, root, opened)
        return
    stack.append(opened)
    while stack:
        folder = stack[-1]
        entry = next(folder.entries, None)
        if entry is None:
            stack.pop()
            if stack:
                stack[-1].recordings += folder.recordings
            if not folder.recordings and _suffix(folder.path.name) in AUDIO_SUFFIXES:
                yield _found(folder.path, root, _empty_folder(folder.path))
            continue
        if entry.name.startswith("."):
            ignored[HIDDEN] += 1
            continue
        path = folder.path / entry.name
        if is_folder(entry):
            opened = _open_folder(path, stack)
            if isinstance(opened, EmovecError):
                yield _found(path, root, opened)
            else:
                stack.append(opened)
        elif _suffix(entry.name) in AUDIO_SUFFIXES:
            folder.recordings += 1
            yield _found(path, root, _stat_error(path) if entry.is_symlink() else None)
        else:
            ignored[_suffix(entry.name) or NO_SUFFIX] += 1


def _open_folder(path: Path, above: list[_Folder]) -> _Folder | EmovecError:
    try:
        status = path.stat()
        identity = (status.st_dev, status.st_ino)
        if any(folder.identity == identity for folder in above):
            return UnreadableError(
                f"{shown(path)} leads back to a folder that it lies in (a symlink loop), so it is not followed: "
                "remove the symlink"
            )
        with os.scandir(path) as entries:
            return _Folder(path, identity, iter(sorted(entries, key=lambda entry: os.fsencode(entry.name))))
    except OSError as error:
        return unreadable(path, error)


def _empty_folder(path: Path) -> EmovecError:
    return UnreadableError(f"{shown(path)} is a folder named like a recording, and holds none; expected a file")


def _stat_error(path: Path) -> EmovecError | None:
    try:
        path.stat()
    except OSError as error:
        return unreadable(path, error)
    except ValueError:  # a NUL in the name
        return UnreadableError(f"{shown(path)} can't be read: its name holds a NUL character; no file can have it")
    return None


def _found(path: Path, root: Path, error: EmovecError | None) -> Found:
    below = path.relative_to(root) if path != root and path.is_relative_to(root) else Path(path.name)
    return Found(path, uri_of(path), root, os.fsencode(below).decode(errors="replace"), error)


def _suffix(name: str) -> str:
    """Lower-case suffix, always printable."""
    suffix = os.path.splitext(name)[1].lower()
    return os.fsencode(suffix).decode(errors="replace")
