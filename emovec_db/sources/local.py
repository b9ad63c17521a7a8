"""Files on this machine: their uris, bytes and state."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from emovec_db.audio.source import open_source, shown, unreadable
from emovec_db.domain.recording import Source
from emovec_db.errors import QueryError

_DIGEST_CHUNK_BYTES: Final = 1 << 20


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
        raise unreadable(shown(path), error) from error
    return Source(uri=uri, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)
