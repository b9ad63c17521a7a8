from __future__ import annotations

import contextlib
import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emovec_db.domain.vector_bytes import vector_of_floats, vector_of_npy
from emovec_db.errors import QueryError

VECTOR = np.array([1.5, -2.0, 0.25], np.float32)


def npy(array: Any, version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), version=version)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize("shape", [(3,), (1, 3)])
def test_floats_of_any_width_and_order_become_float32(
    dtype: str, version: tuple[int, int], shape: tuple[int, ...]
) -> None:
    found = vector_of_npy(npy(VECTOR.astype(dtype).reshape(shape), version))
    assert (found.dtype, found.shape) == (np.float32, (3,))
    np.testing.assert_array_equal(found, VECTOR)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an .npy file"),
        (b"no file", "expected an .npy file"),
        (npy(VECTOR)[:20], "expected an .npy file"),
        (npy(VECTOR, (3, 0)), "expected an .npy file"),
        (pickle.dumps([1.0]), "expected an .npy file"),
        (npy(VECTOR)[:-1], "holds 11 bytes after its header: expected 12"),
        (npy(VECTOR) + b"\0", "holds 13 bytes after its header: expected 12"),
        (npy(np.ones((2, 3), np.float32)), r"float32 of shape \(2, 3\): expected float16"),
        (npy(np.ones((1, 1, 3), np.float32)), "of shape"),
        (npy(np.float32(1)), r"of shape \(\)"),
        (npy(np.empty(0, np.float32)), r"of shape \(0,\)"),
        (npy(np.ones(3, np.int64)), "holds int64"),
        (npy(np.ones(3, np.complex64)), "holds complex64"),
        (npy(VECTOR).replace(b"(3,), }  ", b"(10**9,)}"), "expected an .npy file"),
        (npy(VECTOR).replace(b"(3,), }         ", b"(300000000000,)}"), "expected 1200000000000"),
    ],
)
def test_what_is_no_vector_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        vector_of_npy(content)


def test_an_object_is_never_unpickled() -> None:
    content = io.BytesIO()
    np.save(content, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(QueryError, match="holds object"):
        vector_of_npy(content.getvalue())


@settings(max_examples=300)
@given(at=st.integers(0, 127), byte=st.integers(0, 255), cut=st.integers(0, 140))
def test_spoilt_files_are_read_or_refused(at: int, byte: int, cut: int) -> None:
    content = bytearray(npy(VECTOR))
    content[at] = byte
    for spoilt in (bytes(content), bytes(content[:cut])):
        with contextlib.suppress(QueryError):
            assert vector_of_npy(spoilt).shape == (3,)


def test_bare_floats() -> None:
    np.testing.assert_array_equal(vector_of_floats(VECTOR.astype("<f4").tobytes(), 3), VECTOR)
    with pytest.raises(QueryError, match="got 11 bytes: expected 12, 3 little-endian"):
        vector_of_floats(VECTOR.tobytes()[:-1], 3)


def test_what_float32_cannot_hold_is_infinite() -> None:
    assert np.isinf(vector_of_npy(npy(np.array([1e300])))).all()
