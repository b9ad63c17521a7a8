"""Who tells the voices of which collection apart."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from emovec_db.domain.collection import Recipe
from emovec_db.encoder import published
from emovec_db.encoder.campplus import Campplus
from emovec_db.encoder.checksums import check_files
from emovec_db.encoder.hashing import file_sha256
from emovec_db.errors import QueryError, RecipeMismatchError
from emovec_db.speech.by_voice import ByVoice
from emovec_db.speech.pauses import Pauses
from emovec_db.speech.protocol import Diarizer, Segmentation
from emovec_db.speech.pyannote import PYANNOTE_FOLDER, check_config, load_pyannote
from emovec_db.speech.registry import segmentation_named
from emovec_db.speech.voice_windows import VoiceWindows

CAMPPLUS: Final = "campplus"
PYANNOTE: Final = "pyannote"
KINDS: Final = (CAMPPLUS, PYANNOTE)


class Diarizers:
    """Loads each diarizer once per process; its weights belong to the collections that were made with it."""

    def __init__(self, load: Callable[[str], Diarizer]) -> None:
        """`load` takes one of `KINDS`."""
        self._load = load
        self._loaded: dict[str, Diarizer] = {}
        self._lock = threading.Lock()

    def of_kind(self, kind: str) -> Diarizer:
        """The one that new collections get.

        Raises:
            QueryError: there is no such kind.
            MissingPartError, BadWeightsError: its weights, or what runs them, are not there.
        """
        if kind not in KINDS:
            raise QueryError(f"unknown diarizer {kind!r}; expected one of: {', '.join(KINDS)}")
        with self._lock:
            if kind not in self._loaded:
                self._loaded[kind] = self._load(kind)
            return self._loaded[kind]

    def segmentation_of(self, recipe: Recipe) -> Segmentation:
        """How a recipe cuts, with its diarizer where it has one.

        Raises:
            QueryError: the recipe does not cut at pauses, but tells voices apart.
            RecipeMismatchError: the diarizer's weights are others than those of the recipe.
            MissingPartError, BadWeightsError: as `of_kind`.
        """
        if recipe.diarization is None:
            return segmentation_named(recipe.segmentation)
        pauses = pauses_of(recipe.segmentation)
        diarizer = self.of_kind(recipe.diarization.partition("-")[0])
        if diarizer.name != recipe.diarization:
            raise RecipeMismatchError(
                f"the collection's voices were told apart by {recipe.diarization}, and here is {diarizer.name}: "
                "utterances that were cut otherwise can't be mixed. Bring the earlier weights back, or use another "
                "collection"
            )
        return ByVoice(pauses, diarizer, recipe.voices)


def pauses_of(segmentation: str) -> Pauses:
    """The segmentation of that name; QueryError unless it cuts at pauses, as is needed to tell voices apart."""
    found = segmentation_named(segmentation)
    if not isinstance(found, Pauses):
        raise QueryError(
            f"voices are told apart in speech between pauses, and {segmentation} is asked for: take pauses, or take "
            "each recording for one voice"
        )
    return found


def load_diarizer(kind: str, models_dir: Path) -> Diarizer:
    """One of `KINDS`, from its folder in `models_dir`; nothing is downloaded.

    Raises:
        MissingPartError, BadWeightsError: its weights, or what runs them, are not there.
    """
    if kind == PYANNOTE:
        folder = models_dir / PYANNOTE_FOLDER
        check_config(folder)
        return load_pyannote(folder, _folder_sha256(folder))
    network = Campplus(models_dir / published.CAMPPLUS.name)
    return VoiceWindows(f"campplus-1@{network.sha256[:12]}", network.embed)


def _folder_sha256(folder: Path) -> str:
    """Over the names and bytes of all its files but hidden ones and pages to read."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = sorted(path.relative_to(folder).as_posix() for path in files)
    shown = [name for name in names if not re.search(r"(^|/)\.|\.md$|\s", name)]
    known = check_files(folder, shown)
    lines = [f"{known.get(name) or file_sha256(folder / name)}  {name}\n" for name in shown]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
