"""Blobs as files in a folder: `root/0f/0f3a….wav`, readable by their owner only."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from emovec_db.blobs.protocol import Received
from emovec_db.errors import DiskFullError, NotFoundError, QueryError, TooLargeError

_KEY: Final = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{1,8})?", re.ASCII)
_SUFFIX: Final = re.compile(r"(\.[a-z0-9]{1,8})?", re.ASCII)
_CHUNK_BYTES: Final = 1 << 20
#: half-written files of killed processes are removed when they are this old; no upload takes so long
_STALE_S: Final = 24 * 3600
_INCOMING: Final = "incoming"


class FolderBlobs:
    """The `Blobs` of a single machine."""

    def __init__(self, root: Path) -> None:
        """Makes the folder where it is missing; raises OSError where that is not permitted, DiskFullError."""
        self._root = root
        self._incoming = root / _INCOMING
        with told_when_full(root):
            for folder in (root, self._incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_stale()

    def put(self, key: str, stream: BinaryIO) -> int:
        target = self._place(key)
        with self._writing() as (file, temporary):
            size_bytes = 0
            while chunk := stream.read(_CHUNK_BYTES):
                size_bytes += file.write(chunk)
            self._publish(file, temporary, target)
        return size_bytes

    def receive(self, stream: BinaryIO, max_bytes: int, *, suffix: str = "") -> Received:
        if not _SUFFIX.fullmatch(suffix):
            raise QueryError(
                f"suffix {suffix!r} is not allowed; expected a dot and 1 to 8 lower-case letters or digits"
            )
        with self._writing() as (file, temporary):
            sha256, size_bytes = hashlib.sha256(), 0
            while chunk := stream.read(_CHUNK_BYTES):
                size_bytes += file.write(chunk)
                if size_bytes > max_bytes:
                    raise TooLargeError(
                        f"the upload has more than {max_bytes:,} bytes, the limit: compress it (opus, mp3) or split it",
                        max_bytes=max_bytes,
                    )
                sha256.update(chunk)
            key = sha256.hexdigest() + suffix
            self._publish(file, temporary, self._place(key))
        return Received(key, sha256.hexdigest(), size_bytes)

    def path(self, key: str) -> Path:
        path = self._place(key)
        if not path.is_file():
            raise NotFoundError(f"no audio is stored under {key}: it was deleted, or never kept")
        return path

    def open(self, key: str) -> BinaryIO:
        try:
            return self._place(key).open("rb")
        except FileNotFoundError:
            raise NotFoundError(f"no audio is stored under {key}: it was deleted, or never kept") from None

    def exists(self, key: str) -> bool:
        return self._place(key).is_file()

    def delete(self, key: str) -> None:
        self._place(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        for folder in sorted(self._root.iterdir()):
            if folder.name != _INCOMING and folder.is_dir():
                yield from (name for name in sorted(os.listdir(folder)) if _KEY.fullmatch(name))

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise QueryError(f"{key!r} is no key; expected 64 lower-case hex digits and maybe a suffix such as .wav")
        return self._root / key[:2] / key

    @contextmanager
    def _writing(self) -> Iterator[tuple[BinaryIO, Path]]:
        """A temporary file (0600), gone afterwards unless it was published. Raises DiskFullError."""
        with told_when_full(self._root):
            number, name = tempfile.mkstemp(dir=self._incoming)
            temporary = Path(name)
            try:
                with os.fdopen(number, "wb") as file:
                    yield file, temporary
            finally:
                temporary.unlink(missing_ok=True)

    def _publish(self, file: BinaryIO, temporary: Path, target: Path) -> None:
        """Onto the disk first, then under its name, then the name onto the disk."""
        file.flush()
        os.fsync(file.fileno())
        target.parent.mkdir(mode=0o700, exist_ok=True)
        temporary.replace(target)
        for folder in (target.parent, self._root):
            _sync_folder(folder)

    def _remove_stale(self) -> None:
        for path in self._incoming.iterdir():
            try:
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()
            except FileNotFoundError:  # another process was faster
                continue


@contextmanager
def told_when_full(folder: Path) -> Iterator[None]:
    """Raises DiskFullError where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise DiskFullError(f"the disk of {folder} is full: make room and do the same again") from error


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
