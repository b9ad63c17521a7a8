"""Drafts as folders: `root/TOKEN/…`, readable by their owner only, few, and gone after an hour."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from emovec_db.blobs.folder import told_when_full
from emovec_db.domain.draft import DRAFT_LIFE
from emovec_db.errors import NotFoundError, TooLargeError

#: drafts at once, and their bytes altogether; the oldest go first
MAX_DRAFTS: Final = 200
MAX_BYTES: Final = 2_000_000_000
#: 128 random bits
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
#: of what is being written or taken away: no token begins with a dot
_HIDDEN: Final = "."


class DraftFolder:
    """Folders that go by themselves; a folder's own time is that of its draft."""

    def __init__(
        self,
        root: Path,
        *,
        max_drafts: int = MAX_DRAFTS,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = root
        self._max_drafts = max_drafts
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()

    @contextmanager
    def making(self) -> Iterator[tuple[str, Path]]:
        """A new token and the folder for its files, which appears under the token when the block ends well.

        Raises:
            TooLargeError: what was written is more than all drafts together may have.
            DiskFullError: the same again goes on once there is room.
        """
        with told_when_full(self._root):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=_HIDDEN, dir=self._root))
            try:
                token = secrets.token_urlsafe(16)
                yield token, folder
                with self._lock:
                    self._make_room(_size_bytes(folder))
                    os.utime(folder, (self._clock(), self._clock()))
                    folder.rename(self._root / token)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def tokens(self) -> list[str]:
        """Of all drafts that are there, the oldest first."""
        self.sweep()
        return [folder.name for _, folder in self._all() if TOKEN.fullmatch(folder.name)]

    def path(self, token: str) -> Path:
        """A draft's folder; NotFoundError where there is none, any more or at all."""
        self.sweep()
        if not TOKEN.fullmatch(token) or not (self._root / token).is_dir():
            raise gone()
        return self._root / token

    def forget(self, token: str) -> None:
        """Take a draft away at once; NotFoundError where there is none."""
        self._remove(self.path(token))

    def drop(self, token: str, name: str) -> None:
        """Take one of a draft's files away, and leave the draft its time."""
        folder = self.path(token)
        with suppress(FileNotFoundError):
            made_at = folder.stat().st_mtime
            (folder / name).unlink(missing_ok=True)
            os.utime(folder, (made_at, made_at))

    def sweep(self) -> None:
        """Take away what has had its time, and what processes that were killed left half written."""
        oldest = self._clock() - DRAFT_LIFE.total_seconds()
        for made_at, folder in self._all():
            if made_at <= oldest:
                self._remove(folder)

    def empty(self) -> None:
        """Take everything away."""
        for _, folder in self._all():
            self._remove(folder)

    def _make_room(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise TooLargeError(
                f"a draft of this recording has {size_bytes:,} bytes, all drafts together may have "
                f"{self._max_bytes:,}: send a shorter one, or classify it without a draft (predictions)"
            )
        kept = [(self._root / token, _size_bytes(self._root / token)) for token in self.tokens()]
        while kept and (len(kept) >= self._max_drafts or sum(size for _, size in kept) + size_bytes > self._max_bytes):
            self._remove(kept.pop(0)[0])

    def _all(self) -> list[tuple[float, Path]]:
        """When each was made, the oldest first."""
        found = []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._root):
                with suppress(FileNotFoundError):
                    found.append((entry.stat(follow_symlinks=False).st_mtime, Path(entry.path)))
        return sorted(found)

    def _remove(self, folder: Path) -> None:
        """At once for whoever looks it up, then file by file."""
        going = self._root / f"{_HIDDEN}{secrets.token_hex(8)}"
        with suppress(FileNotFoundError):
            folder.rename(going)
            shutil.rmtree(going, ignore_errors=True)


def gone() -> NotFoundError:
    """Of a draft that isn't there: why is not told, since a token is all that protects one."""
    return NotFoundError("there is no such draft: drafts are kept for an hour at most; send the recording again")


def _size_bytes(folder: Path) -> int:
    size_bytes = 0
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                size_bytes += entry.stat(follow_symlinks=False).st_size
    return size_bytes
