"""The hash that names an encoder's weights."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, 64 hexadecimal digits, as `sha256sum` prints it.

    Never cached: 2 GB take about as many seconds as trusting a stale hash would cost in damage.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
