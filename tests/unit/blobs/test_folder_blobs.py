"""Stored audio in a folder: all or nothing, private, and never by a path from outside."""

from __future__ import annotations

import hashlib
import io
import os
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.blobs.folder import FolderBlobs
from emovec_db.blobs.protocol import Blobs, Received
from emovec_db.errors import NotFoundError, QueryError, TooLargeError

DATA = random.Random(1).randbytes(2_500_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
KEY = f"{SHA256}.wav"


class Torn(io.RawIOBase):
    """A connection that breaks after some bytes."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks

    def read(self, size: int = -1) -> bytes:
        if not self.chunks:
            raise ConnectionResetError("the client went away")
        self.chunks -= 1
        return b"x" * 100


@pytest.fixture
def blobs(tmp_path) -> Blobs:
    return FolderBlobs(tmp_path / "blobs")


def files_under(blobs):
    return [path for path in blobs._root.rglob("*") if path.is_file()]


def test_put_and_open(blobs):
    assert blobs.put(KEY, io.BytesIO(DATA)) == len(DATA)
    with blobs.open(KEY) as file:
        assert file.read() == DATA
    assert blobs.path(KEY).read_bytes() == DATA
    assert blobs.exists(KEY)
    assert list(blobs.keys()) == [KEY]


def test_put_replaces(blobs):
    blobs.put(KEY, io.BytesIO(DATA))
    assert blobs.put(KEY, io.BytesIO(b"new")) == 3
    assert blobs.path(KEY).read_bytes() == b"new"
    assert len(files_under(blobs)) == 1


def test_delete_is_idempotent(blobs):
    blobs.put(KEY, io.BytesIO(DATA))
    blobs.delete(KEY)
    blobs.delete(KEY)
    assert not blobs.exists(KEY)
    assert files_under(blobs) == []


def test_what_is_not_there(blobs):
    with pytest.raises(NotFoundError, match=f"no audio is stored under {KEY}"):
        blobs.path(KEY)
    with pytest.raises(NotFoundError, match="deleted, or never kept"):
        blobs.open(KEY)
    assert list(blobs.keys()) == []


def test_keys_come_sorted_and_nothing_else(blobs):
    keys = [hashlib.sha256(bytes([number])).hexdigest() + (".mp3" if number % 2 else "") for number in range(30)]
    for key in keys:
        blobs.put(key, io.BytesIO(b"x"))
    (blobs._root / "notes.txt").touch()
    (blobs._root / keys[0][:2] / "notes.txt").touch()
    assert list(blobs.keys()) == sorted(keys)


@pytest.mark.parametrize("suffix", ["", ".wav", ".m4a"])
def test_an_upload_is_stored_under_its_hash(blobs, suffix):
    assert blobs.receive(io.BytesIO(DATA), len(DATA), suffix=suffix) == Received(SHA256 + suffix, SHA256, len(DATA))
    assert blobs.path(SHA256 + suffix).read_bytes() == DATA


def test_an_upload_that_is_too_large_leaves_nothing(blobs):
    with pytest.raises(TooLargeError, match="more than 2,499,999 bytes"):
        blobs.receive(io.BytesIO(DATA), len(DATA) - 1)
    assert files_under(blobs) == []


def test_an_upload_without_end_is_stopped(blobs):
    with open("/dev/zero", "rb") as endless, pytest.raises(TooLargeError):
        blobs.receive(endless, 5_000_000)
    assert files_under(blobs) == []


@pytest.mark.parametrize("chunks", [0, 3])
def test_an_upload_that_breaks_off_leaves_what_was_there(blobs, chunks):
    blobs.put(KEY, io.BytesIO(DATA))
    with pytest.raises(ConnectionResetError):
        blobs.receive(Torn(chunks), 10**6)
    with pytest.raises(ConnectionResetError):
        blobs.put(KEY, Torn(chunks))
    assert blobs.path(KEY).read_bytes() == DATA
    assert len(files_under(blobs)) == 1


def test_only_the_owner_may_read(blobs):
    previous = os.umask(0)
    try:
        blobs.put(KEY, io.BytesIO(DATA))
    finally:
        os.umask(previous)
    assert blobs.path(KEY).stat().st_mode & 0o777 == 0o600
    folders = [blobs._root, *(path for path in blobs._root.rglob("*") if path.is_dir())]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


@pytest.mark.parametrize(
    "key",
    ["", "a.wav", SHA256[:-1], SHA256.upper(), f"{SHA256}.", f"{SHA256}.WAV", f"{SHA256}.tar.gz", f"{SHA256}.wav\n",
     f"../{SHA256}", f"{SHA256}/../../etc/passwd", f"{SHA256}.toolongsuffix", f"{SHA256}\0", "/etc/passwd"],
)  # fmt: skip
def test_no_other_key_reaches_the_file_system(blobs, key):
    for use in (blobs.path, blobs.open, blobs.exists, blobs.delete, lambda key: blobs.put(key, io.BytesIO(b"x"))):
        with pytest.raises(QueryError, match="is no key; expected 64 lower-case hex digits"):
            use(key)
    assert files_under(blobs) == []


@given(st.text(max_size=80))
def test_no_text_that_is_no_key_gets_through(key):
    if set(key[:64]) <= set("0123456789abcdef") and len(key) >= 64:
        return
    with pytest.raises(QueryError):
        FolderBlobs._place(object.__new__(FolderBlobs), key)


@pytest.mark.parametrize("suffix", ["wav", ".WAV", "/../x", ".", ".wav\n", ".averylongone"])
def test_only_plain_suffixes(blobs, suffix):
    with pytest.raises(QueryError, match=r"suffix .* is not allowed"):
        blobs.receive(io.BytesIO(DATA), 10**7, suffix=suffix)
    assert files_under(blobs) == []


def test_half_written_files_of_killed_processes_go_after_a_day(blobs):
    old, fresh = blobs._root / "incoming/old", blobs._root / "incoming/fresh"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (0, time.time() - 25 * 3600))
    again = FolderBlobs(blobs._root)
    assert list(again.keys()) == []
    assert files_under(again) == [fresh]
