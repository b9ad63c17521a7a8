"""Embeddings as bytes: NumPy's .npy, and bare floats."""

from __future__ import annotations

import io
from tokenize import TokenError
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from emovec_db.errors import QueryError

#: an .npy file may hold these; they become float32
_DTYPES: Final = (np.float16, np.float32, np.float64)
_READ_HEADER: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def vector_of_npy(content: bytes) -> NDArray[np.float32]:
    """Float32 (dim,) of an .npy file that holds floats of shape (dim,) or (1, dim).

    What the header says is held against what follows before anything is made of it; nothing is unpickled.

    Raises:
        QueryError: it is no such file.
    """
    file = io.BytesIO(content)
    try:
        shape, _, dtype = _READ_HEADER[npy.read_magic(file)](file)
    # what else than ValueError a spoilt header comes to depends on where Python's tokenizer stops
    except (ValueError, KeyError, SyntaxError, TokenError, TypeError, RecursionError, MemoryError) as error:
        raise QueryError(
            "expected an .npy file such as numpy.save(file, embedding) writes, got something else"
        ) from error
    rest = content[file.tell() :]
    if dtype.type not in _DTYPES or not _is_vector(shape):
        raise QueryError(
            f"the .npy file holds {dtype} of shape {shape}: expected float16, float32 or float64 of shape (dim,) or "
            "(1, dim)"
        )
    if len(rest) != shape[-1] * dtype.itemsize:
        raise QueryError(
            f"the .npy file holds {len(rest)} bytes after its header: expected {shape[-1] * dtype.itemsize} for "
            f"{dtype} of shape {shape}"
        )
    return _float32(np.frombuffer(rest, dtype=dtype))


def vector_of_floats(content: bytes, dim: int) -> NDArray[np.float32]:
    """Float32 (dim,) of the bytes of little-endian 32-bit floats and nothing else. Raises QueryError."""
    if len(content) != 4 * dim:
        raise QueryError(
            f"got {len(content)} bytes: expected {4 * dim}, {dim} little-endian 32-bit floats of 4 bytes each"
        )
    return _float32(np.frombuffer(content, dtype="<f4"))


def _is_vector(shape: tuple[int, ...]) -> bool:
    return len(shape) in {1, 2} and (len(shape) == 1 or shape[0] == 1) and shape[-1] > 0


def _float32(floats: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # infinity, which searches refuse
        vector: NDArray[np.float32] = floats.astype(np.float32)
    return vector
