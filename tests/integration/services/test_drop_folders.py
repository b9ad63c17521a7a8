"""Which files of a folder are taken, and when: with the system's real notices, and without any."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emovec_db.sources.dropped import DropFolders, Tempo
from emovec_db.sources.folders import find_recordings
from emovec_db.sources.mounts import kind_of

QUICK = Tempo(settle_s=0.2, open_s=30, look_s=60, poll_s=0.1, clock_s=0)
PATIENCE_S = 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture(params=["notices", "polling"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "polling":
        refuse_notices(monkeypatch)
    return str(request.param)


def refuse_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("emovec_db.sources.dropped.Notices", refused)


@contextmanager
def watching(root: Path, tempo: Tempo = QUICK) -> Iterator[tuple[DropFolders, list[str]]]:
    remarks: list[str] = []
    with DropFolders([root], remarks.append, tempo) as folders:
        yield folders, remarks


def taken(folders: DropFolders, until: Callable[[list[str]], bool]) -> list[str]:
    """What comes until it suffices."""
    came: list[str] = []
    deadline = time.monotonic() + PATIENCE_S
    while not until(came):
        assert time.monotonic() < deadline, came
        came += [one.relative for one in folders.take(0.05)]
    return came


def quiet(folders: DropFolders, seconds: float = 0.8) -> list[str]:
    """What comes in a while in which nothing should."""
    end = time.monotonic() + seconds
    came: list[str] = []
    while time.monotonic() < end:
        came += [one.relative for one in folders.take(0.05)]
    return came


def test_files_that_come_are_taken_once_by_name(root: Path, how: str) -> None:
    with watching(root) as (folders, _):
        for name in ("b.wav", "a.MP3", "c.flac"):
            (root / name).write_bytes(b"sound")
        assert sorted(taken(folders, lambda came: len(came) == 3)) == ["a.MP3", "b.wav", "c.flac"]
        assert quiet(folders) == []


def test_new_folders_are_followed(root: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "made/deep").mkdir(parents=True)
    (tmp_path / "made/deep/2.wav").write_bytes(b"sound")
    with watching(root) as (folders, _):
        (root / "x/y").mkdir(parents=True)
        (root / "x/y/1.wav").write_bytes(b"sound")
        (tmp_path / "made").rename(root / "moved")
        assert sorted(taken(folders, lambda came: len(came) == 2)) == ["moved/deep/2.wav", "x/y/1.wav"]
        (root / "x/y/3.wav").write_bytes(b"sound")
        (root / "moved/deep/4.wav").write_bytes(b"sound")
        assert sorted(taken(folders, lambda came: len(came) == 2)) == ["moved/deep/4.wav", "x/y/3.wav"]


def test_what_gets_its_name_at_the_end_is_taken_then(root: Path, tmp_path: Path, how: str) -> None:
    with watching(root) as (folders, _):
        (root / "a.wav.part").write_bytes(b"sound")
        (tmp_path / "old.wav").write_bytes(b"sound")
        os.utime(tmp_path / "old.wav", (1_000_000_000, 1_000_000_000))
        assert quiet(folders) == []
        (root / "a.wav.part").rename(root / "a.wav")
        (tmp_path / "old.wav").rename(root / "old.wav")
        assert sorted(taken(folders, lambda came: len(came) == 2)) == ["a.wav", "old.wav"]


def test_hidden_files_other_suffixes_and_what_is_gone_are_left(root: Path, how: str) -> None:
    with watching(root) as (folders, _):
        (root / ".cache").mkdir()
        for name in (".a.wav", "b.tmp", "c.txt", ".cache/d.wav", "gone.wav"):
            (root / name).write_bytes(b"sound")
        (root / "gone.wav").unlink()
        (root / "last.wav").write_bytes(b"sound")
        assert taken(folders, bool) == ["last.wav"]
        assert quiet(folders) == []


def test_a_growing_file_is_taken_when_it_stops(root: Path, how: str) -> None:
    tempo = Tempo(settle_s=1.0, open_s=1.0, look_s=60, poll_s=0.05, clock_s=0)
    with watching(root, tempo) as (folders, _):
        for part in range(15):
            with (root / "a.wav").open("ab") as file:
                file.write(b"part")
            assert quiet(folders, 0.1) == [], part
        assert taken(folders, bool) == ["a.wav"]
        assert (root / "a.wav").stat().st_size == 60


def test_a_file_that_is_open_for_writing_is_waited_for(root: Path) -> None:
    with watching(root) as (folders, _):
        with (root / "a.wav").open("wb") as file:
            file.write(b"half")
            file.flush()
            assert quiet(folders, 1.0) == []
            file.write(b"rest")
        assert taken(folders, bool) == ["a.wav"]


def test_a_file_that_nobody_closes_is_taken_in_the_end(root: Path) -> None:
    tempo = Tempo(settle_s=0.1, open_s=0.5)
    with watching(root, tempo) as (folders, _), (root / "a.wav").open("wb") as file:
        file.write(b"all of it")
        file.flush()
        assert taken(folders, bool) == ["a.wav"]


def test_a_file_that_changes_later_is_taken_again(root: Path, how: str) -> None:
    with watching(root) as (folders, _):
        (root / "a.wav").write_bytes(b"sound")
        taken(folders, lambda came: came == ["a.wav"])
        (root / "a.wav").write_bytes(b"another sound")
        assert taken(folders, bool) == ["a.wav"]


def test_what_grows_at_the_start_comes_later(root: Path) -> None:
    for name, age_s in (("old.wav", 100), ("young.wav", 0)):
        (root / name).write_bytes(b"sound")
        os.utime(root / name, (time.time() - age_s, time.time() - age_s))
    with watching(root, Tempo(settle_s=5)) as (folders, _):
        assert [one.relative for one in folders.settled_now(find_recordings([root]))] == ["old.wav"]
        assert folders.growing == 1
        assert taken(folders, bool) == ["young.wav"]


def test_a_folder_that_goes_and_comes_back_is_looked_through(root: Path, tmp_path: Path, how: str) -> None:
    with watching(root) as (folders, remarks):
        shutil.move(root, tmp_path / "away")
        assert quiet(folders, 0.3) == []
        (tmp_path / "away/meanwhile.wav").write_bytes(b"sound")
        shutil.move(tmp_path / "away", root)
        assert taken(folders, bool) == ["meanwhile.wav"]
        (root / "after.wav").write_bytes(b"sound")
        assert taken(folders, bool) == ["after.wav"]
    assert len([one for one in remarks if "not there any more" in one]) == 1


def test_where_the_system_watches_no_more_it_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_notices(monkeypatch)
    with watching(root) as (_, remarks):
        assert "fs.inotify.max_user_watches" in remarks[0]


def test_where_others_write_unseen_it_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emovec_db.sources.dropped.tells_changes", lambda _folder: False)
    with watching(root) as (folders, remarks):
        assert "lies on another machine" in remarks[0]
        (root / "a.wav").write_bytes(b"sound")
        assert taken(folders, bool) == ["a.wav"]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/", "ext4"), ("/mnt/calls", "nfs4"), ("/mnt/calls/2026", "nfs4"), ("/mnt/callsx", "ext4"), ("/a b/c", "cifs"),
     ("/mnt/calls/cache/x", "tmpfs")],
)  # fmt: skip
def test_the_file_system_of_a_folder_is_that_of_its_nearest_mount(folder: str, kind: str) -> None:
    mounts = [
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        "40 22 0:44 / /mnt/calls rw - nfs4 server:/calls rw,vers=4.2",
        "41 40 0:45 / /mnt/calls/cache rw - tmpfs tmpfs rw",
        r"42 22 0:46 / /a\040b rw master:2 - cifs //server/a rw",
    ]
    assert kind_of(folder, mounts) == kind
