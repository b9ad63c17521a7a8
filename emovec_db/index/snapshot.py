"""The on-disk cache of one index: immutable files and a manifest that says which of them hold.

::

    c1-g1-embedding-v1/        one identity: collection, generation, space and its version
    ├── manifest.json          what holds: identity, seq, size, kind, recall, sha256 of each file
    ├── compacting.lock        held by the process that makes a new one from it
    └── 3f0c…/                 the files that the manifest names; never changed once it does

A writer fills a folder of its own, then replaces the manifest in one rename, then removes what is no longer named.
Killed at any point, it leaves the last manifest and its files whole. Writers take turns by a lock on the folder that
ends with the process. Nothing is synced to disk: after a power cut the hashes tell, and the index is built anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.index_state import IndexState
from emovec_db.errors import IndexDamagedError
from emovec_db.index.exact import ExactIndex
from emovec_db.index.filtered import FilteredIndex
from emovec_db.index.protocol import VectorIndex

#: of the files and the manifest; another one is not read
FORMAT = 3

MANIFEST = "manifest.json"
_COMPACTING = "compacting.lock"

#: larger files are told by their size at opening, and byte by byte in `verify_snapshot`
HASHED_BYTES = 16 * 2**20

#: position in the change log -> ids int64 (n,) that went after it
GoneSince = Callable[[int], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class SnapshotIdentity:
    """Whose index it is."""

    collection_id: int
    generation_id: int
    space: str
    version: int

    @property
    def folder_name(self) -> str:
        """For example ``c1-g1-embedding-v1``."""
        return f"c{self.collection_id}-g{self.generation_id}-{self.space}-v{self.version}"

    @classmethod
    def of_folder(cls, name: str) -> Self:
        """Of a folder by its name."""
        collection_id, generation_id, *space, version = name.split("-")
        return cls(int(collection_id[1:]), int(generation_id[1:]), "-".join(space), int(version[1:]))


def write_snapshot(folder: Path, index: FilteredIndex, identity: SnapshotIdentity, seq: int) -> None:
    """Publish the index, which holds the change log up to `seq`, in this identity's folder; replaces what was there."""
    with _locked(folder):
        _write(folder, index, identity, seq)


def erase_from_snapshot(folder: Path, identity: SnapshotIdentity, gone_since: GoneSince) -> None:
    """Publish it anew without the ids that `gone_since` names for its position in the change log, and nothing of them.

    Where that can't be done, what is there is removed: it is only a cache.
    """
    if not folder.is_dir():
        return
    with _locked(folder):
        try:
            found = read_snapshot(folder, identity)
            if found is None:
                return
            index, seq = found
            if index.remove(gone_since(seq)):
                _write(folder, index.folded(), identity, seq)
        except (IndexDamagedError, OSError):
            _remove_all(folder)


def verify_snapshot(folder: Path, identity: SnapshotIdentity) -> None:
    """Raise IndexDamagedError unless every byte of what is published is as it was written; nothing there is fine."""
    manifest = _manifest(folder)
    if manifest is None:
        return
    _loaded(folder, manifest, identity)
    for name, sha256 in manifest["sha256"].items():
        if _sha256(folder / manifest["folder"] / name) != sha256:
            raise _damaged(folder, f"{name} has other bytes than its manifest says")


def published_state(folder: Path) -> IndexState | None:
    """What the published snapshot says of itself; None where there is none, or none that makes sense."""
    try:
        manifest = _manifest(folder)
        if manifest is None:
            return None
        return IndexState(
            kind=str(manifest["kind"]),
            recall=float(manifest["recall"]),
            size=int(manifest["size"]),
            seq=int(manifest["seq"]),
        )
    except (IndexDamagedError, KeyError, TypeError, ValueError):
        return None


def published(folder: Path) -> tuple[int, int] | None:
    """What is another after every publishing; None where nothing is published."""
    try:
        status = (folder / MANIFEST).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _write(folder: Path, index: FilteredIndex, identity: SnapshotIdentity, seq: int) -> None:
    files = folder / uuid.uuid4().hex
    files.mkdir()
    index.save(files)
    manifest = {
        "format": FORMAT,
        **asdict(identity),
        "seq": seq,
        "size": index.index.size,
        "kind": index.index.kind,
        "recall": index.index.recall,
        "folder": files.name,
        "bytes": {path.name: path.stat().st_size for path in sorted(files.iterdir())},
        "sha256": {path.name: _sha256(path) for path in sorted(files.iterdir())},
    }
    draft = files / MANIFEST
    draft.write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    draft.replace(folder / MANIFEST)
    _remove_folders(folder, kept=files.name)


def read_snapshot(folder: Path, identity: SnapshotIdentity) -> tuple[FilteredIndex, int] | None:
    """The published index and the change log position it holds; None where there is none.

    Raises IndexDamagedError where what is there is damaged, of another format or of another identity.
    """
    manifest = _manifest(folder)
    while manifest is not None:
        try:
            return _loaded(folder, manifest, identity), int(manifest["seq"])
        except FileNotFoundError as error:
            # a writer may have replaced the files meanwhile: then there is a new manifest
            newer = _manifest(folder)
            if newer == manifest:
                raise _damaged(folder, f"{error.filename} is missing") from error
            manifest = newer
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(folder, f"its manifest is malformed ({error!r})") from error
    return None


def remove_snapshots(folder: Path) -> None:
    """Remove all that is in this identity's folder; the folder stays, because writers lock it."""
    if folder.is_dir():
        with _locked(folder):
            _remove_all(folder)


def _remove_all(folder: Path) -> None:
    (folder / MANIFEST).unlink(missing_ok=True)
    _remove_folders(folder)


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(folder, f"its manifest is not JSON ({error})") from error
    if not isinstance(manifest, dict):
        raise _damaged(folder, f"its manifest is a {type(manifest).__name__}, expected an object")
    return manifest


def _loaded(folder: Path, manifest: dict[str, Any], identity: SnapshotIdentity) -> FilteredIndex:
    expected = {"format": FORMAT, **asdict(identity)}
    found = {key: manifest.get(key) for key in expected}
    if found != expected:
        raise _damaged(folder, f"it holds {found}, expected {expected}")
    files = folder / manifest["folder"]
    for name, sha256 in manifest["sha256"].items():
        # what is large is mapped and read as it is searched: hashing it would take longer than building a small index
        size = (files / name).stat().st_size
        if size != manifest["bytes"][name] or (size <= HASHED_BYTES and _sha256(files / name) != sha256):
            raise _damaged(folder, f"{name} has other bytes than its manifest says")
    index = FilteredIndex.load(files, _kind(folder, manifest["kind"]))
    if index.index.size != manifest["size"]:
        raise _damaged(folder, f"it holds {index.index.size} vectors, its manifest says {manifest['size']}")
    return index


def _kind(folder: Path, kind: str) -> type[VectorIndex]:
    if kind == "exact":
        return ExactIndex
    if kind == "layered":
        from emovec_db.index.layered import LayeredIndex  # small collections need no FAISS

        return LayeredIndex
    raise _damaged(folder, f"it holds an index of kind {kind!r}, expected exact or layered")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_folders(folder: Path, kept: str | None = None) -> None:
    for path in folder.iterdir():
        if path.is_dir() and path.name != kept:
            shutil.rmtree(path)


def _damaged(folder: Path, what: str) -> IndexDamagedError:
    return IndexDamagedError(f"the snapshot in {folder} can't be used: {what}; run `emovec reindex`")


@contextmanager
def compacting(folder: Path) -> Iterator[bool]:
    """Whether nobody else, in this process or another, makes a new snapshot from this one; nobody does then."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _COMPACTING, os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder, made where absent, against other writers, in this process and others."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
