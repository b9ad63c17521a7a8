"""The small demonstration encoder that comes with the package: one ONNX file, run by onnxruntime."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import EncoderIdentity, Encoding, Frames
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.emotions import LABELS
from emovec_db.encoder.stretches import cuts
from emovec_db.encoder.waveforms import check_waveform
from emovec_db.errors import BadWeightsError, MissingPartError, QueryError

COMPACT_PATH: Final = Path(__file__).parent / "weights" / "compact.onnx"
#: one frame of 40 ms
MIN_SAMPLES: Final = 640
#: a minute, in which the network holds some 40 MB
STRETCH_FRAMES: Final = 1500

NOTICE: Final = (
    "compact is a small demonstration encoder, trained on acted speech: do not judge people by it. "
    "For real work use emotion2vec_plus_large (emovec models pull emotion2vec_plus_large)."
)
_OUTPUTS: Final = ["embedding", "scores", "frame_scores"]


class CompactEncoder:
    """One waveform per run: a batch is no faster here, and its rounding would reach the fifth decimal.

    The file takes `waveform` float32 (batch, samples) at 16 kHz and gives `embedding` (batch, dim), `scores`
    (batch, 9) and `frame_scores` (batch, frames, 9); its metadata names `name`, `revision`, `frame_rate_hz`.
    `threads`: None takes the cores that this process may use. Idle threads sleep instead of spinning, because
    the index and the decoder want the same cores.

    Raises MissingPartError (no file), BadWeightsError (no such network in it).
    """

    notice = NOTICE

    def __init__(self, path: Path = COMPACT_PATH, *, threads: int | None = None) -> None:
        content = _read(path)
        self._session = _session(content, path, threads or len(os.sched_getaffinity(0)))
        metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        dim = _check(self._session, metadata, path)
        self.frame_rate_hz = float(metadata["frame_rate_hz"])
        self.parameters = int(metadata["parameters"]) if "parameters" in metadata else None
        self.identity = EncoderIdentity(
            metadata["name"], metadata["revision"], hashlib.sha256(content).hexdigest(), "fp32", dim
        )

    @property
    def backend(self) -> str:
        import onnxruntime

        return f"onnxruntime-{onnxruntime.__version__}-cpu"

    def encode(self, waveforms: Sequence[Waveform]) -> list[Encoding]:
        for waveform in waveforms:
            check_waveform(waveform, min_samples=MIN_SAMPLES)
        return [self._encode(waveform) for waveform in waveforms]

    def encode_frames(self, waveform: Waveform, *, pauses_s: Sequence[float] = (), embeddings: bool = False) -> Frames:
        """Up to a minute is computed in one piece, more in stretches that meet in `pauses_s` where they can."""
        if embeddings:
            raise QueryError("compact has no embeddings of frames: take an Emotion2Vec+ model, or the scores alone")
        check_waveform(waveform, min_samples=MIN_SAMPLES)
        pauses = [round(pause_s * self.frame_rate_hz) for pause_s in pauses_s]
        marks = cuts(len(waveform) // MIN_SAMPLES, STRETCH_FRAMES, pauses)
        bounds = [*(mark * MIN_SAMPLES for mark in marks[:-1]), len(waveform)]
        scores = [self._run(waveform[start:stop])[2] for start, stop in pairwise(bounds)]
        return Frames(self.frame_rate_hz, np.concatenate(scores))

    def _encode(self, waveform: Waveform) -> Encoding:
        embedding, scores, frames = self._run(waveform)
        return Encoding(embedding, scores, Frames(self.frame_rate_hz, frames))

    def _run(self, waveform: Waveform) -> list[NDArray[np.float32]]:
        """Float32 (dim,), (9,) and (frames, 9)."""
        return [output[0] for output in self._session.run(_OUTPUTS, {"waveform": waveform[None]})]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingPartError(
            f"the compact encoder's file {path} is missing: this installation is incomplete; "
            "install it again with pip install --force-reinstall emovec-db"
        ) from error


def _session(content: bytes, path: Path, threads: int) -> Any:
    """An onnxruntime.InferenceSession from the very bytes that were hashed."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # else a long recording's memory is kept for good
    options.log_severity_level = 3  # errors only: stderr belongs to the caller
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise BadWeightsError(f"{path} is not an ONNX network that onnxruntime can run: {error}") from error


def _check(session: Any, metadata: dict[str, str], path: Path) -> int:
    """The embedding's dim, once metadata and a second of silence have shown that the file keeps its contract."""
    missing = {"name", "revision", "frame_rate_hz"} - metadata.keys()
    if missing:
        raise BadWeightsError(f"{path} lacks the metadata {', '.join(sorted(missing))}: export it again")
    try:
        silence = np.zeros((2, SAMPLE_RATE_HZ), np.float32)
        embedding, scores, frame_scores = session.run(_OUTPUTS, {"waveform": silence})
    except Exception as error:
        raise BadWeightsError(
            f"{path} does not take waveform float32 (batch, samples) or lacks one of {', '.join(_OUTPUTS)}: {error}"
        ) from error
    frames = round(float(metadata["frame_rate_hz"]))
    shapes = [embedding.shape[:1], scores.shape, frame_scores.shape]
    if shapes != [(2,), (2, len(LABELS)), (2, frames, len(LABELS))]:
        raise BadWeightsError(
            f"{path} gives embedding {embedding.shape}, scores {scores.shape}, frame_scores {frame_scores.shape} for "
            f"two seconds; expected (2, dim), (2, {len(LABELS)}), (2, {frames}, {len(LABELS)}): export it again"
        )
    return int(embedding.shape[1])
