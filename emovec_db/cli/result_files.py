"""The files that `emovec classify --out DIR` leaves: result.json, embedding.npy, processed.wav."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from emovec_db.audio.wav import write_wav
from emovec_db.documents import result_document
from emovec_db.domain.classification import Classification
from emovec_db.errors import UserError


def result_folder(out: Path, file: Path, files: Sequence[Path]) -> Path:
    """`out` for a single file; of several each gets a folder of its own name, numbered where names repeat."""
    if len(files) == 1:
        return out
    names: list[str] = []
    for each in files:
        names.append(_free(each.name or "recording", names))
    return out / names[list(files).index(file)]


def _free(name: str, taken: Sequence[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def write_result(folder: Path, heard: Classification, granularity: str) -> None:
    """Write the three files into `folder`, in place of those of an earlier run.

    Raises:
        UserError: the folder can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        document = result_document(heard, granularity, datetime.now(UTC))
        (folder / "result.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        np.save(folder / "embedding.npy", heard.embedding.astype("<f4"))
        write_wav(folder / "processed.wav", heard.sound.waveform)
    except OSError as error:
        raise UserError(
            f"--out {folder} can't be written ({error.strerror}): give a folder that you may write"
        ) from error
