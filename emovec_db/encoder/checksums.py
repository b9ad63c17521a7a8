"""The hashes of a model directory's files, as `sha256sum` writes and checks them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from emovec_db.encoder.hashing import file_sha256
from emovec_db.errors import BadWeightsError

CHECKSUMS: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S+)")


def write_checksums(folder: Path, names: Sequence[str]) -> None:
    """Note the files of these names in `folder` as they are now."""
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in names]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="ascii")


def check_files(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Hash the files of these names that `folder`'s checksums name, and give the hashes.

    Nothing is checked where there are none: a directory that was put together by hand. Every file is read whole, each
    time, about a second for 2 GB: a size and a date would not tell a flipped bit.

    Raises BadWeightsError for a file that is missing or other than it was.
    """
    if not (folder / CHECKSUMS).is_file():
        return {}
    noted = _read(folder / CHECKSUMS)
    found = {}
    for name in names:
        if name not in noted:
            continue
        if not (folder / name).is_file():
            raise BadWeightsError(f"{folder / name} is missing, though {CHECKSUMS} names it: {_MEND}")
        found[name] = file_sha256(folder / name)
        if found[name] != noted[name]:
            raise BadWeightsError(
                f"{folder / name} was changed or damaged since it came: its sha256 is {found[name]}, {CHECKSUMS} says "
                f"{noted[name]}. {_MEND}"
            )
    return found


_MEND: Final = f"Pull the model (or export it) again; if you changed it on purpose, remove {CHECKSUMS}"


def _read(path: Path) -> dict[str, str]:
    try:
        lines = [_LINE.fullmatch(line) for line in path.read_text(encoding="ascii").splitlines()]
    except UnicodeDecodeError:
        lines = [None]
    if not all(lines):
        raise BadWeightsError(f"{path} is not what sha256sum writes. {_MEND}")
    return {line[2]: line[1] for line in lines if line}
