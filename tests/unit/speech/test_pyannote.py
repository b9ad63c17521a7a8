"""What pyannote.audio says, and what it is given. The library itself is not here: see `docs/models.md`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from emovec_db.domain.segmentation import Segment, Turn
from emovec_db.errors import BadWeightsError, MissingPartError
from emovec_db.services.diarizers import load_diarizer
from emovec_db.speech.pyannote import PYANNOTE_FOLDER, check_config, load_pyannote, turns_of

#: as pyannote/speaker-diarization-community-1 has it
CONFIG: dict[str, Any] = {
    "dependencies": {"pyannote.audio": "4.0.0"},
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "clustering": "VBxClustering",
            "segmentation": "$model/segmentation",
            "embedding": "$model/embedding",
            "plda": "$model/plda",
            "embedding_batch_size": 32,
            "segmentation_batch_size": 32,
        },
    },
    "params": {"clustering": {"threshold": 0.6}, "segmentation": {"min_duration_off": 0.0}},
}


@dataclass(frozen=True)
class Annotation:
    """What of pyannote.core's `Annotation` is used: segments with tracks and labels, by start."""

    said: tuple[tuple[float, float, str], ...]

    def itertracks(self, *, yield_label: bool) -> Iterator[tuple[Any, str, str]]:
        assert yield_label
        for place, (start, end, label) in enumerate(self.said):
            yield SimpleNamespace(start=start, end=end), f"track {place}", label


SAID = Annotation(((0.5, 4.0, "SPEAKER_01"), (3.5, 6.0, "SPEAKER_00"), (6.5, 7.0, "SPEAKER_01")))
TURNS = [Turn(0.5, 4.0, 0), Turn(3.5, 6.0, 1), Turn(6.5, 7.0, 0)]


def write(folder: Path, **changes: Any) -> Path:
    for part in ("segmentation", "embedding", "plda"):
        (folder / part).mkdir(parents=True)
        (folder / part / "weights.bin").write_bytes(part.encode())
    (folder / "config.yaml").write_text(yaml.safe_dump({**CONFIG, **changes}))
    return folder


def with_params(**params: Any) -> dict[str, Any]:
    return {"pipeline": {**CONFIG["pipeline"], "params": {**CONFIG["pipeline"]["params"], **params}}}


@pytest.mark.parametrize(
    "output", [SAID, SimpleNamespace(speaker_diarization=SAID, exclusive_speaker_diarization=None)]
)
def test_what_either_version_answers_becomes_turns_that_may_overlap(output: Any) -> None:
    assert turns_of(output) == TURNS
    assert turns_of(Annotation(())) == []


def test_a_pipeline_gets_the_sound_and_tells_nobody_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "true")
    heard: list[tuple[Any, int | None, str]] = []

    class Pipeline:
        @classmethod
        def from_pretrained(cls, checkpoint: Path) -> Pipeline:
            assert checkpoint == tmp_path / PYANNOTE_FOLDER / "config.yaml"
            assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"
            return cls()

        def __call__(self, file: dict[str, Any], num_speakers: int | None) -> Annotation:
            heard.append((file["waveform"], num_speakers, file["sample_rate"]))
            return SAID

    monkeypatch.setitem(sys.modules, "pyannote", ModuleType("pyannote"))
    monkeypatch.setitem(sys.modules, "pyannote.audio", SimpleNamespace(Pipeline=Pipeline))  # type: ignore[arg-type]
    write(tmp_path / PYANNOTE_FOLDER)
    diarizer = load_diarizer("pyannote", tmp_path)
    waveform = np.linspace(-1, 1, 160, dtype=np.float32)
    assert diarizer.turns(waveform, [Segment(0, 0.01)], 2) == TURNS
    ((sound, voices, rate_hz),) = heard
    assert (tuple(sound.shape), voices, rate_hz) == ((1, 160), 2, 16_000)
    assert (sound[0].numpy() == waveform).all()

    (tmp_path / PYANNOTE_FOLDER / "README.md").write_text("to read")
    assert load_diarizer("pyannote", tmp_path).name == diarizer.name
    (tmp_path / PYANNOTE_FOLDER / "plda" / "weights.bin").write_bytes(b"others")
    assert load_diarizer("pyannote", tmp_path).name != diarizer.name


def test_without_the_library_the_command_is_named_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "false")
    monkeypatch.setitem(sys.modules, "pyannote.audio", None)
    with pytest.raises(MissingPartError, match=r"pip install 'emovec-db\[diarization\]'"):
        load_pyannote(write(tmp_path / "p"), "0" * 64)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"models/speaker-diarization-community-1 has no config.yaml\): accept"):
        load_diarizer("pyannote", tmp_path / "models")


@pytest.mark.parametrize(
    "place",
    ["pyannote/segmentation-3.0", "$model/absent", "$model/../other", "segmentation", "/etc", {"checkpoint": "x"}],
)
def test_what_would_be_downloaded_or_lies_elsewhere_is_refused(tmp_path: Path, place: Any) -> None:
    (tmp_path / "other").mkdir()
    folder = write(tmp_path / "p", **with_params(segmentation=place))
    with pytest.raises(MissingPartError, match="as segmentation, which is not in this folder and might be downloaded"):
        check_config(folder)


def test_an_absolute_path_within_the_folder_is_taken(tmp_path: Path) -> None:
    check_config(write(tmp_path / "p", **with_params(segmentation=str(tmp_path / "p" / "segmentation"), plda=None)))


@pytest.mark.parametrize(
    "changes",
    [
        {"pipeline": {"name": "os.system", "params": {}}},
        {"preprocessors": {"audio": {"name": "os.system"}}},
        {"pipeline": "SpeakerDiarization"},
    ],
)
def test_a_configuration_of_other_code_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(BadWeightsError):
        check_config(write(tmp_path / "p", **changes))
