"""Checksums beside a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from emovec_db.encoder.checksums import CHECKSUMS, check_files, write_checksums
from emovec_db.encoder.hashing import file_sha256
from emovec_db.errors import BadWeightsError

NAMES = ("a.txt", "b.bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode() * 1000)
    write_checksums(tmp_path, NAMES)
    return tmp_path


def test_hashes_of_unchanged_files(folder: Path) -> None:
    assert check_files(folder, [*NAMES, "unheard of"]) == {name: file_sha256(folder / name) for name in NAMES}


def test_without_checksums_nothing_is_checked(folder: Path) -> None:
    (folder / CHECKSUMS).unlink()
    assert check_files(folder, NAMES) == {}


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content[:500] + b"?" + content[501:]])
def test_truncated_or_changed(folder: Path, change: object) -> None:
    assert callable(change)
    (folder / "b.bin").write_bytes(change((folder / "b.bin").read_bytes()))
    with pytest.raises(
        BadWeightsError, match=r"b\.bin was changed or damaged since it came: its sha256 is \w{64}, SHA"
    ):
        check_files(folder, NAMES)


def test_missing(folder: Path) -> None:
    (folder / "b.bin").unlink()
    with pytest.raises(BadWeightsError, match=r"b\.bin is missing, though SHA256SUMS names it"):
        check_files(folder, NAMES)


@pytest.mark.parametrize("content", [b"nonsense\n", b"\xff\xfe", b"0123  a.txt\n"])
def test_checksums_that_are_none(folder: Path, content: bytes) -> None:
    (folder / CHECKSUMS).write_bytes(content)
    with pytest.raises(BadWeightsError, match="is not what sha256sum writes"):
        check_files(folder, NAMES)


def test_only_asked_names_are_opened(folder: Path) -> None:
    (folder / CHECKSUMS).write_text(f"{'0' * 64}  ../../etc/passwd\n")
    assert check_files(folder, NAMES) == {}
