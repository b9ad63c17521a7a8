"""Embeddings in files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.vector_bytes import vector_of_floats, vector_of_npy
from emovec_db.errors import QueryError

#: no embedding needs as much, not even as text
MAX_BYTES = 1_000_000


def read_vector(file: Path, dim: int) -> NDArray[np.float32]:
    """Float32 of a file that is called .npy, .f32 (`dim` little-endian 32-bit floats) or .json (a list of numbers).

    Raises:
        QueryError: it can't be read, or holds something else.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise QueryError(f"{file} can't be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise QueryError(f"{file} is greater than {MAX_BYTES} bytes: expected one embedding")
    if file.suffix == ".npy":
        return vector_of_npy(content)
    if file.suffix == ".f32":
        return vector_of_floats(content, dim)
    if file.suffix == ".json":
        return _of_json(file, content)
    raise QueryError(f"{file} is called {file.suffix or 'nothing'}: expected .npy, .f32 or .json")


def _of_json(file: Path, content: bytes) -> NDArray[np.float32]:
    try:
        numbers = json.loads(content)
    except (ValueError, RecursionError):
        numbers = None
    if not isinstance(numbers, list) or not all(isinstance(one, int | float) for one in numbers):
        raise QueryError(f"{file} holds something else than a list of numbers such as [0.25, -1.5]")
    with np.errstate(over="ignore"):  # infinity, which searches refuse
        vector: NDArray[np.float32] = np.array(numbers, dtype=np.float64).astype(np.float32)
    return vector
