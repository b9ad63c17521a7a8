"""What every place for stored audio can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Received:
    """An upload that is stored."""

    key: str
    sha256: str
    size_bytes: int


class Blobs(Protocol):
    """Bytes by key.

    A key is 64 hex digits (a sha256), and maybe a suffix of up to eight letters and digits: `0f3a….wav`. Every method
    that takes a key raises QueryError for anything else, so that no path from outside reaches the file system.
    """

    def put(self, key: str, stream: BinaryIO) -> int:
        """Store a stream's bytes, all or nothing, replacing what was there; gives their number."""

    def receive(self, stream: BinaryIO, max_bytes: int, *, suffix: str = "") -> Received:
        """Store an upload under the sha256 of its bytes; raises TooLargeError and then keeps nothing of it."""

    def path(self, key: str) -> Path:
        """A file to read the bytes from; raises NotFoundError."""

    def open(self, key: str) -> BinaryIO:
        """Open for reading; raises NotFoundError."""

    def exists(self, key: str) -> bool:
        """Whether bytes are stored under the key."""

    def delete(self, key: str) -> None:
        """Forget the bytes; no error where there are none."""

    def keys(self) -> Iterator[str]:
        """All keys, sorted."""
