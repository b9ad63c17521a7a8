"""Files below a root: nothing outside is opened, or told of."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.errors import EmovecError, NotFoundError, OutsideError, TooLargeError, UnreadableError
from emovec_db.sources import rooted
from emovec_db.sources.rooted import opened_below

LIMIT = 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with files, links, and what is no file; a secret beside it."""
    root = tmp_path / "root"
    (root / "calls").mkdir(parents=True)
    (root / "calls" / "a.wav").write_bytes(b"sound")
    (root / "large.wav").write_bytes(b"x" * (LIMIT + 1))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.wav").write_bytes(b"secret")
    (root / "inner").symlink_to("calls")
    (root / "inner.wav").symlink_to(root / "calls" / "a.wav")
    (root / "outer").symlink_to(tmp_path / "secret")
    (root / "outer.wav").symlink_to("../secret/a.wav")
    (root / "dangling.wav").symlink_to(tmp_path / "secret" / "none.wav")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe.wav")
    (tmp_path / "alias").symlink_to(root)
    return root


@pytest.fixture
def listening(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(root)  # a socket's path may have few characters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.wav")
        yield


def read(root: Path, named: str) -> bytes:
    with opened_below(root, named, LIMIT) as file:
        return file.read()


@pytest.mark.parametrize("named", ["calls/a.wav", "./calls//a.wav", "inner/a.wav", "inner.wav"])
def test_what_lies_below_is_read(root: Path, named: str) -> None:
    assert read(root, named) == read(root, str(root / named)) == read(root.parent / "alias", named) == b"sound"
    assert read(root.parent / "alias", str(root.parent / "alias" / named)) == b"sound"


@pytest.mark.parametrize("there", ["a.wav", "none.wav"])
def test_of_what_lies_outside_nothing_is_told(root: Path, there: str) -> None:
    secret = root.parent / "secret"
    ways = [f"../secret/{there}", f"calls/../../secret/{there}", str(secret / there), f"outer/{there}", "/etc/passwd"]
    ways += ["outer.wav", "dangling.wav", "calls/../calls/a.wav", f"{root}/../secret/{there}", f"{root}-other/{there}"]
    told = set()
    for named in ways:
        with pytest.raises(OutsideError) as error:
            read(root, named)
        told.add(error.value.message)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ("none.wav", NotFoundError),
        ("calls/none/a.wav", NotFoundError),
        ("calls/a.wav/b.wav", NotFoundError),
        ("calls", UnreadableError),
        ("", UnreadableError),
        ("pipe.wav", UnreadableError),
        ("socket.wav", UnreadableError),
        ("loop", UnreadableError),
        ("a" * 300, UnreadableError),
        ("large.wav", TooLargeError),
        ("calls/a.wav\0", OutsideError),
    ],
)
@pytest.mark.usefixtures("listening")
def test_what_can_not_be_read_is_told_and_waited_for_by_nobody(
    root: Path, named: str, error: type[EmovecError]
) -> None:
    opened = len(os.listdir("/proc/self/fd"))
    with pytest.raises(error):
        read(root, named)
    assert len(os.listdir("/proc/self/fd")) == opened


@pytest.mark.parametrize("swapped", ["calls", "calls/a.wav"])
def test_a_link_that_is_put_there_meanwhile_leads_nowhere(
    root: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    resolved = rooted._inside

    def swap_after(*given: object) -> object:
        way = resolved(*given)  # type: ignore[arg-type]
        (root / swapped).rename(root / "aside")
        target = root.parent / "secret"
        (root / swapped).symlink_to(target if swapped == "calls" else target / "a.wav")
        return way

    monkeypatch.setattr(rooted, "_inside", swap_after)
    with pytest.raises((UnreadableError, NotFoundError)):
        read(root, "calls/a.wav")


def test_what_was_opened_is_what_is_read(root: Path) -> None:
    with opened_below(root, "calls/a.wav", LIMIT) as file:
        (root / "calls" / "a.wav").unlink()
        (root / "calls" / "a.wav").symlink_to(root.parent / "secret" / "a.wav")
        assert file.read() == b"sound"


def test_a_root_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="EMOVEC_AUDIO_ROOT"):
        read(tmp_path / "none", "a.wav")


@given(
    parts=st.lists(st.sampled_from(["..", ".", "calls", "outer", "inner", "a.wav", "", "secret", "root"]), max_size=6)
)
def test_no_way_leads_out(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    base = tmp_path_factory.mktemp("ways")
    root = base / "root"
    (root / "calls").mkdir(parents=True)
    (base / "secret").mkdir()
    (root / "calls" / "a.wav").write_bytes(b"sound")
    (base / "secret" / "a.wav").write_bytes(b"secret")
    (root / "outer").symlink_to("../secret")
    (root / "inner").symlink_to("calls")
    for named in ("/".join(parts), f"{root}/" + "/".join(parts)):
        try:
            assert read(root, named) == b"sound"
        except EmovecError:
            continue
