"""Globs that keep one folder's names in memory at a time and match in a stable order (glob.glob does neither)."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MAGIC: Final = re.compile(r"[*?[]")


def has_magic(text: str) -> bool:
    """Whether a path is a pattern."""
    return _MAGIC.search(text) is not None


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a symlink to one; symlinks that lead nowhere are not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def expand(pattern: Path) -> tuple[Path, Iterator[Path]]:
    """The folder above the first wildcard, and the matches below it, by name.

    `**` stands for any folders or none, without following symlinks, and never for a hidden one; below it only files
    match, since the folders are searched anyway. `*` and `?` match no leading dot.
    """
    parts = pattern.parts
    first = next(place for place, part in enumerate(parts) if has_magic(part))
    root = Path(*parts[:first])
    return root, _matches(root, parts[first:])


def _matches(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matches_below(folder, rest or ("*",))
    elif not has_magic(part):
        path = folder / part
        if rest:
            yield from _matches(path, rest)
        elif os.path.lexists(path):
            yield path
    else:
        for entry in _entries(folder, part):
            if not rest:
                yield Path(entry.path)
            elif is_folder(entry):
                yield from _matches(Path(entry.path), rest)


def _matches_below(folder: Path, rest: tuple[str, ...]) -> Iterator[Path]:
    yield from (path for path in _matches(folder, rest) if not os.path.isdir(path))
    for entry in _entries(folder, "*"):
        if entry.is_dir(follow_symlinks=False):
            yield from _matches_below(Path(entry.path), rest)


def _entries(folder: Path, part: str) -> list[os.DirEntry[str]]:
    """What matches in one folder; nothing where it can't be read, as in a shell."""
    try:
        with os.scandir(folder) as entries:
            fitting = [entry for entry in entries if fits(entry.name, part)]
    except OSError:
        return []
    return sorted(fitting, key=lambda entry: os.fsencode(entry.name))


def fits(name: str, part: str) -> bool:
    """Whether a name matches one part of a pattern; a leading dot is matched by a dot only."""
    return fnmatch.fnmatchcase(name, part) and (not name.startswith(".") or part.startswith("."))
