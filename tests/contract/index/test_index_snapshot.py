"""Snapshots: whole or absent, whoever is killed when, and damage is told."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emovec_db.domain.conditions import Equals
from emovec_db.errors import IndexDamagedError
from emovec_db.index import snapshot as module
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.snapshot import MANIFEST, SnapshotIdentity, read_snapshot, remove_snapshots, write_snapshot
from tests.contract.index.conftest import BUILDERS, IDENTITY, filtered
from tests.made_columns import known
from tests.unit_vectors import grouped

OLD, NEW = grouped(200, 70, seed=1), grouped(300, 70, seed=2)


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, and no clean-up of the writer's own runs but what a `with` holds."""


def made(kind: str, vectors: Any = OLD) -> FilteredIndex:
    return filtered(BUILDERS[kind](np.arange(len(vectors), dtype=np.int64), vectors))


def size_and_seq(folder: Path) -> tuple[int, int] | None:
    found = read_snapshot(folder, IDENTITY)
    return None if found is None else (found[0].index.size, found[1])


def test_what_was_written_is_read(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "index" / IDENTITY.folder_name
    assert folder.name == "c3-g5-embedding-v1"
    assert read_snapshot(folder, IDENTITY) is None
    index = made(kind)
    write_snapshot(folder, index, IDENTITY, seq=41)
    read = read_snapshot(folder, IDENTITY)
    assert read is not None
    assert read[1] == 41
    kept, was = read[0].index, index.index
    assert (kept.kind, kept.recall, kept.built_size) == (kind, was.recall, was.built_size)
    assert kept.search(NEW, 5).ids.tolist() == was.search(NEW, 5).ids.tolist()
    assert (kept.search(NEW, 5).similarities == was.search(NEW, 5).similarities).all()
    assert known(read[0].columns(was.ids())) == known(index.columns(was.ids()))
    happy = Equals("label", ("happy",))
    assert read[0].search(NEW, 5, happy).ids.tolist() == index.search(NEW, 5, happy).ids.tolist()


def test_an_empty_index_is_read_back(kind: str, tmp_path: Path) -> None:
    index = made(kind)
    index.remove(index.index.ids())
    write_snapshot(tmp_path, index, IDENTITY, seq=9)
    assert size_and_seq(tmp_path) == (0, 9)


def test_the_manifest_says_what_it_holds(kind: str, tmp_path: Path) -> None:
    write_snapshot(tmp_path, made(kind), IDENTITY, seq=41)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    expected = {"format": 3, "collection_id": 3, "generation_id": 5, "space": "embedding", "version": 1}
    assert manifest.items() >= {**expected, "seq": 41, "size": 200, "kind": kind}.items()
    assert 0 <= manifest["recall"] <= 1


def test_a_newer_one_leaves_nothing_of_the_older(kind: str, tmp_path: Path) -> None:
    write_snapshot(tmp_path, made(kind), IDENTITY, seq=1)
    write_snapshot(tmp_path, made("exact", NEW), IDENTITY, seq=2)
    assert size_and_seq(tmp_path) == (300, 2)
    assert len(list(tmp_path.iterdir())) == 2


def test_removed(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    remove_snapshots(folder)
    write_snapshot(folder, made(kind), IDENTITY, seq=1)
    remove_snapshots(folder)
    assert list(folder.iterdir()) == []
    assert read_snapshot(folder, IDENTITY) is None


def every_step(monkeypatch: pytest.MonkeyPatch, stop_at: int) -> Callable[[], int]:
    """Kill the writer at its `stop_at`-th step that touches the disk; returns how many steps it has taken."""
    taken = 0

    def stepping(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == stop_at:
                raise Killed
            return real(*args, **kwargs)

        return step

    for owner, name in [
        (Path, "mkdir"),
        (Path, "write_text"),
        (Path, "replace"),
        (np, "save"),
        (module, "_sha256"),
        (shutil, "rmtree"),
        (os, "open"),
    ]:
        monkeypatch.setattr(owner, name, stepping(getattr(owner, name)))
    return lambda: taken


def test_a_writer_killed_at_any_step_leaves_one_whole_snapshot(kind: str, tmp_path: Path) -> None:
    new = made(kind, NEW)
    outcomes = []
    for stop_at in range(1, 100):
        folder = tmp_path / str(stop_at)
        write_snapshot(folder, made("exact"), IDENTITY, seq=1)
        with pytest.MonkeyPatch.context() as monkeypatch:
            steps = every_step(monkeypatch, stop_at)
            try:
                write_snapshot(folder, new, IDENTITY, seq=2)
            except Killed:
                pass
            else:
                break
            assert steps() == stop_at
        outcomes.append(size_and_seq(folder))
        write_snapshot(folder, new, IDENTITY, seq=3)
        assert size_and_seq(folder) == (300, 3)
        assert len(list(folder.iterdir())) == 2
    assert set(outcomes) == {(200, 1), (300, 2)}
    assert outcomes == sorted(outcomes)


def write_for_ever(folder: Path, kind: str, seq: int) -> None:
    index = made(kind, grouped(100 + seq, 70, seed=seq))
    while True:
        write_snapshot(folder, index, IDENTITY, seq)


def test_readers_beside_writers_that_are_killed_see_whole_snapshots(tmp_path: Path) -> None:
    """Two processes write at once, each index of size 100 + seq, and die by SIGKILL while at it."""
    writers = [
        get_context("spawn").Process(target=write_for_ever, args=(tmp_path, kind, seq), daemon=True)
        for seq, kind in enumerate(BUILDERS, 1)
    ]
    for writer in writers:
        writer.start()
    seen = []
    while len(seen) < 100 or len(set(seen)) < 2:
        found = size_and_seq(tmp_path)
        assert found in {None, (101, 1), (102, 2)}
        assert all(writer.is_alive() for writer in writers)
        seen += [found] if found else []
    for writer in writers:
        writer.kill()
        writer.join()
        writer.close()
    assert size_and_seq(tmp_path) in {(101, 1), (102, 2)}


def test_writers_beside_removers_end_with_one_or_none(tmp_path: Path) -> None:
    folder = tmp_path / "contested"
    index = made("exact")
    failures: list[BaseException] = []

    def repeat(action: Callable[[], None]) -> None:
        try:
            for _ in range(20):
                action()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=repeat, args=(action,))
        for action in (lambda: write_snapshot(folder, index, IDENTITY, 1), lambda: remove_snapshots(folder)) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert size_and_seq(folder) in {None, (200, 1)}


def data_files(folder: Path) -> list[Path]:
    """Those that hold something."""
    return sorted(path for path in folder.glob("*/*") if path.is_file() and path.stat().st_size)


def test_a_changed_byte_anywhere_is_told(kind: str, tmp_path: Path) -> None:
    write_snapshot(tmp_path, made(kind), IDENTITY, seq=1)
    for path in data_files(tmp_path):
        whole = path.read_bytes()
        for position in (0, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[position] ^= 1
            path.write_bytes(changed)
            with pytest.raises(IndexDamagedError, match=f"{path.name} has other bytes.*emovec reindex"):
                read_snapshot(tmp_path, IDENTITY)
        path.write_bytes(whole[:-1])
        with pytest.raises(IndexDamagedError, match="other bytes"):
            read_snapshot(tmp_path, IDENTITY)
        path.write_bytes(whole)
    assert size_and_seq(tmp_path) == (200, 1)


def test_a_missing_file_is_told(kind: str, tmp_path: Path) -> None:
    for number in range(2):
        write_snapshot(tmp_path, made(kind), IDENTITY, seq=1)
        data_files(tmp_path)[number].unlink()
        with pytest.raises(IndexDamagedError, match="is missing"):
            read_snapshot(tmp_path, IDENTITY)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '"x"', b"\xff\xfe".decode("latin-1"), '{"format": 4}'], ids=repr
)
def test_a_damaged_manifest_is_told(tmp_path: Path, text: str) -> None:
    write_snapshot(tmp_path, made("exact"), IDENTITY, seq=1)
    (tmp_path / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(IndexDamagedError, match="emovec reindex"):
        read_snapshot(tmp_path, IDENTITY)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format", 4, "'format': 4"),
        ("collection_id", 4, "'collection_id': 4"),
        ("generation_id", 4, "'generation_id': 4"),
        ("space", "scores", "'space': 'scores'"),
        ("version", 2, "'version': 2"),
        ("size", 199, "it holds 200 vectors, its manifest says 199"),
        ("kind", "hnsw", "kind 'hnsw', expected exact or layered"),
        ("kind", "layered", "is missing"),
        ("seq", "soon", "malformed"),
        ("seq", None, "malformed"),
        ("sha256", [], "malformed"),
        ("folder", 3, "malformed"),
    ],
)
def test_a_manifest_of_something_else_is_told(tmp_path: Path, field: str, value: object, message: str) -> None:
    write_snapshot(tmp_path, made("exact"), IDENTITY, seq=1)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, field: value}))
    with pytest.raises(IndexDamagedError, match=message):
        read_snapshot(tmp_path, IDENTITY)


def test_another_identity_never_gets_it(kind: str, tmp_path: Path) -> None:
    write_snapshot(tmp_path, made(kind), IDENTITY, seq=1)
    with pytest.raises(IndexDamagedError, match=r"'version': 1.*expected.*'version': 2"):
        read_snapshot(tmp_path, SnapshotIdentity(3, 5, "embedding", 2))


def test_files_that_are_no_index_are_told(kind: str, tmp_path: Path) -> None:
    index = made(kind)
    index.save(tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"not an index")
    with pytest.raises(IndexDamagedError, match=r"holds no|is no FAISS index"):
        FilteredIndex.load(tmp_path, type(index.index))


@pytest.mark.parametrize("name", ["frozen.json", "recent.json", "recent.columns", "recent.npy"])
def test_files_that_are_no_columns_are_told(kind: str, tmp_path: Path, name: str) -> None:
    index = made(kind)
    index.save(tmp_path)
    (tmp_path / name).write_bytes(b"not columns")
    with pytest.raises(IndexDamagedError, match=r"holds no columns|other lengths"):
        FilteredIndex.load(tmp_path, type(index.index))
