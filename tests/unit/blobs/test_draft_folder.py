"""Folders of drafts: unguessable, few, private, and gone in time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.blobs.draft_folder import TOKEN, DraftFolder
from emovec_db.errors import NotFoundError, TooLargeError


class Clock:
    """The time that a test says it is."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def drafts(tmp_path: Path, clock: Clock) -> DraftFolder:
    return DraftFolder(tmp_path / "data" / "drafts", max_drafts=3, max_bytes=1000, clock=clock)


def make(drafts: DraftFolder, size_bytes: int = 10) -> str:
    with drafts.making() as (token, folder):
        (folder / "file").write_bytes(b"x" * size_bytes)
    return token


def there(drafts: DraftFolder, tokens: list[str]) -> list[bool]:
    found = []
    for token in tokens:
        try:
            found.append((drafts.path(token) / "file").is_file())
        except NotFoundError:
            found.append(False)
    return found


def left(tmp_path: Path) -> list[str]:
    return os.listdir(tmp_path / "data" / "drafts")


def test_only_the_owner_may_look(tmp_path: Path, drafts: DraftFolder) -> None:
    token = make(drafts)

    assert TOKEN.fullmatch(token)
    for folder in (tmp_path / "data" / "drafts", drafts.path(token)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_is_not_there_before_it_is_whole_and_nothing_stays_of_one_that_failed(
    tmp_path: Path, drafts: DraftFolder
) -> None:
    with drafts.making() as (token, folder):
        (folder / "file").write_bytes(b"x")
        assert there(drafts, [token]) == [False]
    assert there(drafts, [token]) == [True]

    def fail() -> None:
        with drafts.making() as (_, folder):
            (folder / "file").write_bytes(b"x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert left(tmp_path) == [token]


def test_an_hour_and_no_longer(tmp_path: Path, drafts: DraftFolder, clock: Clock) -> None:
    old = make(drafts)
    clock.now_s += 1800
    young = make(drafts)
    clock.now_s += 1799
    assert there(drafts, [old, young]) == [True, True]
    drafts.drop(old, "file")
    clock.now_s += 1

    drafts.sweep()
    assert left(tmp_path) == [young]
    assert there(drafts, [old, young]) == [False, True]


def test_the_oldest_go_first(tmp_path: Path, drafts: DraftFolder, clock: Clock) -> None:
    tokens = []
    for _ in range(5):
        tokens.append(make(drafts))
        clock.now_s += 1
    assert there(drafts, tokens) == [False, False, True, True, True]

    tokens.append(make(drafts, 985))
    assert there(drafts, tokens[2:]) == [False, False, True, True]
    with pytest.raises(TooLargeError, match="1,001 bytes"):
        make(drafts, 1001)
    assert there(drafts, tokens[4:]) == [True, True]
    assert len(left(tmp_path)) == 2


def test_forgotten_at_once(tmp_path: Path, drafts: DraftFolder) -> None:
    token, other = make(drafts), make(drafts)

    drafts.forget(token)
    assert left(tmp_path) == [other]
    with pytest.raises(NotFoundError):
        drafts.forget(token)
    drafts.empty()
    assert left(tmp_path) == []


def test_what_a_killed_process_left_goes_with_time(tmp_path: Path, drafts: DraftFolder, clock: Clock) -> None:
    token = make(drafts)
    half = tmp_path / "data" / "drafts" / ".half"
    half.mkdir()
    os.utime(half, (clock.now_s, clock.now_s))
    with pytest.raises(NotFoundError):
        drafts.path(".half")
    clock.now_s += 3600

    drafts.sweep()
    assert there(drafts, [token]) == [False]
    assert left(tmp_path) == []


@given(
    token=st.one_of(st.text(), st.sampled_from([".", "..", "../drafts", "a" * 21, "a" * 23, "a" * 21 + "/", "é" * 22]))
)
def test_no_other_name_reaches_the_file_system(tmp_path_factory: pytest.TempPathFactory, token: str) -> None:
    with pytest.raises(NotFoundError):
        DraftFolder(tmp_path_factory.getbasetemp()).path(token)
