"""Telling voices apart by a pyannote.audio pipeline that lies on this disk: it also hears where several speak."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emovec_db.domain.segmentation import Segment, Turn
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import BadWeightsError, MissingPartError

#: its name on Hugging Face, below pyannote/, and on this disk
PYANNOTE_FOLDER: Final = "speaker-diarization-community-1"
CONFIG: Final = "config.yaml"
INSTALL: Final = "pip install 'emovec-db[diarization]'"
#: the only pipeline that is run, by both names that published configurations give it
PIPELINES: Final = frozenset(
    {
        "pyannote.audio.pipelines.SpeakerDiarization",
        "pyannote.audio.pipelines.speaker_diarization.SpeakerDiarization",
    }
)
#: parameters of the pipeline that name a model
MODELS: Final = ("segmentation", "embedding", "plda")
#: what such a configuration may hold; anything else could name further code or files
SECTIONS: Final = frozenset({"dependencies", "version", "pipeline", "params", "freeze"})


@dataclass(frozen=True, slots=True)
class Pyannote:
    """A pipeline of pyannote.audio 3.3 or later, at work."""

    #: kind, version and weights; see `Diarizer`
    name: str
    pipeline: Callable[..., Any]

    def turns(self, waveform: Waveform, speech: Sequence[Segment], voices: int | None) -> Sequence[Turn]:
        import torch

        del speech  # it listens for itself
        sound = {"waveform": torch.from_numpy(waveform.copy())[None], "sample_rate": SAMPLE_RATE_HZ}
        return turns_of(self.pipeline(sound, num_speakers=voices))


def turns_of(output: Any) -> list[Turn]:
    """By start. `output` is the pipeline's: an annotation (3.x), or an object that has it (4.x)."""
    annotation = getattr(output, "speaker_diarization", output)
    numbers: dict[str, int] = {}
    return [
        Turn(segment.start, segment.end, numbers.setdefault(label, len(numbers)))
        for segment, _, label in annotation.itertracks(yield_label=True)
    ]


def load_pyannote(folder: Path, sha256: str) -> Pyannote:
    """The pipeline whose files lie in `folder`; nothing is downloaded, and nothing is reported to pyannote.

    Its checkpoints are unpickled by pyannote.audio, which may run what they hold: they must come from a publisher whom
    you trust.

    Raises MissingPartError (extra or files), BadWeightsError (the configuration is for something else).
    """
    check_config(folder)
    # pyannote.audio 4 tells its makers of every run, with the length of the sound, unless this says otherwise
    os.environ["PYANNOTE_METRICS_ENABLED"] = "false"
    try:
        from pyannote.audio import Pipeline
    except (ImportError, OSError) as error:  # OSError: a torchaudio that does not fit torch
        raise MissingPartError(
            f"pyannote needs pyannote.audio, which can't be imported ({error}): run {INSTALL}; a torchaudio that does "
            "not fit torch has to be replaced by one that does"
        ) from error
    return Pyannote(f"pyannote-1@{sha256[:12]}", Pipeline.from_pretrained(folder / CONFIG))


def check_config(folder: Path) -> None:
    """Whether all that the pipeline's configuration names lies in its folder, over which its hash is.

    Raises MissingPartError, BadWeightsError.
    """
    if not (folder / CONFIG).is_file():
        raise MissingPartError(
            f"the weights of pyannote are not there ({folder} has no {CONFIG}): accept the terms of "
            f"pyannote/{PYANNOTE_FOLDER} on Hugging Face and download its files into that folder"
        )
    config = _read(folder / CONFIG)
    name, further = config["pipeline"].get("name"), sorted(set(config) - SECTIONS)
    if name not in PIPELINES or further:
        raise BadWeightsError(
            f"{folder / CONFIG} describes {name!r} with {', '.join(further) or 'other code'}; expected a pipeline of "
            "pyannote.audio.pipelines.SpeakerDiarization and no other code: give another directory"
        )
    for part in MODELS:
        place = config["pipeline"].get("params", {}).get(part)
        if place is not None and not _is_here(place, folder):
            raise MissingPartError(
                f"{folder / CONFIG} names {place!r} as {part}, which is not in this folder and might be downloaded: "
                "expected $model/… or an absolute path, within the folder"
            )


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadWeightsError(f"{path} can't be read: {error}; download it again") from error
    if not isinstance(config, dict) or not isinstance(config.get("pipeline"), dict):
        raise BadWeightsError(f"{path} describes no pipeline of pyannote.audio: download it again")
    return config


def _is_here(place: Any, folder: Path) -> bool:
    if not isinstance(place, str):
        return False
    path = (folder / place.removeprefix("$model/")).resolve()  # an absolute path stays what it is
    inside = place.startswith("$model/") or Path(place).is_absolute()
    return inside and path.is_relative_to(folder.resolve()) and path.exists()
