"""Finding recordings in folders, globs and lists of files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emovec_db.audio.source import shown, unreadable
from emovec_db.errors import EmovecError, UnreadableError
from emovec_db.sources.found import Found
from emovec_db.sources.globbing import expand, has_magic, is_folder
from emovec_db.sources.local import uri_of

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


def _glob(pattern: Path, ignored: Counter[str]) -> Iterator[Found]:
    root, matches = expand(pattern)
    matched = False
    for match in matches:
        matched = True
        yield from _named(match, root, ignored)
    if not matched:
        error = UnreadableError(f"nothing matches {shown(pattern)}: check the pattern, and quote it for the shell")
        yield found_at(pattern, root, error)


def _named(path: Path, root: Path | None, ignored: Counter[str]) -> Iterator[Found]:
    """A path that was asked for by name."""
    if os.path.isdir(path):
        yield from _walk(path, root or path, ignored)
    else:
        yield found_at(path, root or path.parent, _stat_error(path))


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
        yield found_at(top, root, opened)
        return
    stack.append(opened)
    while stack:
        folder = stack[-1]
        entry = next(folder.entries, None)
        if entry is None:
            stack.pop()
            if stack:
                stack[-1].recordings += folder.recordings
            if not folder.recordings and suffix_of(folder.path.name) in AUDIO_SUFFIXES:
                yield found_at(folder.path, root, _empty_folder(folder.path))
            continue
        if entry.name.startswith("."):
            ignored[HIDDEN] += 1
            continue
        path = folder.path / entry.name
        if is_folder(entry):
            opened = _open_folder(path, stack)
            if isinstance(opened, EmovecError):
                yield found_at(path, root, opened)
            else:
                stack.append(opened)
        elif suffix_of(entry.name) in AUDIO_SUFFIXES:
            folder.recordings += 1
            yield found_at(path, root, _stat_error(path) if entry.is_symlink() else None)
        else:
            ignored[suffix_of(entry.name) or NO_SUFFIX] += 1


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
        return unreadable(shown(path), error)


def _empty_folder(path: Path) -> EmovecError:
    return UnreadableError(f"{shown(path)} is a folder named like a recording, and holds none; expected a file")


def _stat_error(path: Path) -> EmovecError | None:
    try:
        path.stat()
    except OSError as error:
        return unreadable(shown(path), error)
    except ValueError:  # a NUL in the name
        return UnreadableError(f"{shown(path)} can't be read: its name holds a NUL character; no file can have it")
    return None


def found_at(path: Path, root: Path, error: EmovecError | None = None) -> Found:
    """What lies at a path, found below a root."""
    below = path.relative_to(root) if path != root and path.is_relative_to(root) else Path(path.name)
    return Found(path, uri_of(path), os.fsencode(below).decode(errors="replace"), error)


def suffix_of(name: str) -> str:
    """Lower-case suffix, always printable."""
    suffix = os.path.splitext(name)[1].lower()
    return os.fsencode(suffix).decode(errors="replace")
