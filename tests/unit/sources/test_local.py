"""Uris, bytes and state of files on this machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.errors import NotAudioError, QueryError, UnreadableError
from emovec_db.sources.local import digest, path_of, source_of, uri_of


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_every_name_has_a_printable_uri_that_leads_back(name):
    path = Path(os.fsdecode(b"/calls/" + name))
    if path.name in {"", ".", ".."} or path.parent != Path("/calls"):
        return
    uri = uri_of(path)
    assert uri.isascii()
    assert uri.isprintable()
    assert path_of(uri) == path


@pytest.mark.parametrize(
    "uri", ["http://x/a.wav", "a.wav", "/a.wav", "file:a.wav", "file://host/a.wav", "file:///a%00b", "file:///a?b", ""]
)
def test_other_uris_are_no_paths(uri):
    with pytest.raises(QueryError, match="expected file:///"):
        path_of(uri)


def test_digest_is_sha256_of_the_bytes(tmp_path):
    data = os.urandom(3_000_001)
    (tmp_path / "a.wav").write_bytes(data)
    assert digest(tmp_path / "a.wav") == hashlib.sha256(data).hexdigest()


def test_digest_of_what_is_not_there(tmp_path):
    with pytest.raises(UnreadableError, match="no such file"):
        digest(tmp_path / "a.wav")
    (tmp_path / "b.wav").touch()
    with pytest.raises(NotAudioError, match="empty"):
        digest(tmp_path / "b.wav")


def test_source_is_the_files_state(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"12345")
    os.utime(path, ns=(5, 1_700_000_000_123_456_789))
    source = source_of(path, "file:///x")
    assert (source.uri, source.size_bytes, source.mtime_ns) == ("file:///x", 5, 1_700_000_000_123_456_789)
    with pytest.raises(UnreadableError, match="no such file"):
        source_of(tmp_path / "b.wav", "file:///y")
