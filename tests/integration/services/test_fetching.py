"""Fetched files: bounded in size and time, and gone whatever happens."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emovec_db.errors import NotAudioError, TooLargeError, UnreachableError, UnreadableError
from emovec_db.sources.remote.address import address_of
from emovec_db.sources.remote.fetching import Patience, Remote
from tests.web import WebServer, web_server

IMPATIENT = Patience(pauses_s=(), grace_s=0.3, least_bytes_per_s=1_000_000)
LIMIT = 1_000_000


@pytest.fixture
def web() -> Iterator[WebServer]:
    pytest.importorskip("fsspec")
    with web_server() as server:
        yield server


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "fetched", IMPATIENT)


def test_the_file_has_the_bytes_and_no_name(web: WebServer, remote: Remote) -> None:
    body = os.urandom(300_000)
    with remote.fetched(address_of(web.put("/a.wav", body)), LIMIT) as file:
        assert file.path.read_bytes() == body
        assert file.sha256 == hashlib.sha256(body).hexdigest()
        assert list(remote.folder.iterdir()) == []
        path = file.path
    assert not path.exists() or path.read_bytes() != body
    assert remote.folder.stat().st_mode & 0o077 == 0


def test_a_second_try_begins_anew(web: WebServer, tmp_path: Path) -> None:
    body = os.urandom(3_000_000)
    remote = Remote(tmp_path, Patience(pauses_s=(0.0, 0.0)))
    with remote.fetched(address_of(web.put("/a.wav", body, cut=2_500_000, cut_times=2)), 10**7) as file:
        assert file.path.read_bytes() == body
        assert file.sha256 == hashlib.sha256(body).hexdigest()


def test_a_server_that_drips_is_given_up(web: WebServer, remote: Remote) -> None:
    address = address_of(web.put("/slow.wav", b"x" * 100_000, drip_s=0.05))
    with pytest.raises(UnreachableError, match="given up"), remote.fetched(address, LIMIT):
        pass


def test_more_than_the_limit_never_lies_on_the_disk(
    web: WebServer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    monkeypatch.setattr(
        "emovec_db.sources.remote.fetching._keep", lambda _address, _file, chunk: kept.append(len(chunk))
    )
    address = address_of(web.put("/endless.wav", b"x" * 50_000, endless=True))
    with pytest.raises(TooLargeError), remote.fetched(address, LIMIT):
        pass
    assert 0 < sum(kept) <= LIMIT


def test_an_empty_file_is_said_to_be_empty(web: WebServer, remote: Remote) -> None:
    with pytest.raises(NotAudioError, match=r"e\.wav is empty"), remote.fetched(address_of(web.put("/e.wav", b"")), 1):
        pass


def test_a_full_disk_is_said_to_be_full(web: WebServer, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        """A device that is always full, and can't be truncated either."""

        def truncate(self, size: int | None = None) -> int:
            return 0

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full("/dev/full", "wb"))
    address = address_of(web.put("/a.wav", b"x" * 1000))
    with pytest.raises(UnreadableError, match="No space left on device"), remote.fetched(address, LIMIT):
        pass


FETCH = """
import sys, time
from pathlib import Path
from emovec_db.sources.remote.address import address_of
from emovec_db.sources.remote.fetching import Remote
with Remote(Path(sys.argv[2])).fetched(address_of(sys.argv[1]), 10**8) as file:
    print("fetched", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_leaves_nothing(web: WebServer, tmp_path: Path) -> None:
    address = web.put("/a.wav", b"x" * 1_000_000)
    command = [sys.executable, "-c", FETCH, address, str(tmp_path / "fetched")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "fetched\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert list((tmp_path / "fetched").iterdir()) == []
