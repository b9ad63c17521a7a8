"""Emotion2Vec+ exported to ONNX, by onnxruntime: needs neither torch nor FunASR."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import EncoderIdentity, Encoding, Frames
from emovec_db.domain.sound import Waveform
from emovec_db.emotions import LABELS
from emovec_db.encoder.checksums import check_files
from emovec_db.encoder.devices import served_device, session_providers
from emovec_db.encoder.emotion2vec.packed import PackedEncoder
from emovec_db.encoder.emotion2vec.packing import Pack
from emovec_db.errors import BadWeightsError, MissingPartError

MODEL: Final = "model.onnx"
OUTPUTS: Final = ("embedding", "scores", "frame_scores", "frames")
#: rows of a padded batch; on a CPU one waveform at a time is fastest, and padding costs nothing then
GPU_BUDGET_ROWS: Final = 16_384


class OnnxDirectoryEncoder(PackedEncoder):
    """What `emovec models export` wrote.

    At precision fp32 equal to FunASR within 1e-5. On a CPU waveforms are computed one by one, so that int8, whose
    scales are those of a whole tensor, gives each the same numbers in any company. `threads`: None takes
    onnxruntime's default; idle threads sleep, because the index and the decoder want the same cores.

    `device` is a name of `devices`.

    Raises MissingPartError (no file, or no such provider in this onnxruntime), BadWeightsError, UserError.
    """

    def __init__(self, path: Path, *, threads: int | None = None, device: str = "cpu") -> None:
        check_files(path, [MODEL])
        self._session = _session(path / MODEL, threads or 0, session_providers(device))
        metadata = _metadata(self._session, path / MODEL)
        self._device = served_device(device, self._session.get_providers())
        self._gap_rows = 0
        self._budget_rows = 1 if self._device == "cpu" else GPU_BUDGET_ROWS
        self.parameters = int(metadata["parameters"])
        self.identity = EncoderIdentity(
            metadata["name"],
            metadata["revision"],
            metadata["weights_sha256"],
            metadata["precision"],
            int(self._session.get_outputs()[0].shape[1]),
        )

    @property
    def backend(self) -> str:
        import onnxruntime

        return f"onnxruntime-{onnxruntime.__version__}-{self._device}"

    def _encodings(self, waveforms: Sequence[Waveform], pack: Pack) -> list[Encoding]:
        own = [waveforms[place] for place in pack.places]
        embeddings, scores, frames = self._run(own, OUTPUTS[:3])
        return [
            Encoding(embedding, row, Frames(self.frame_rate_hz, of_frames[:count]))
            for embedding, row, of_frames, count in zip(embeddings, scores, frames, pack.frames, strict=True)
        ]

    def _piece(self, waveform: Waveform) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        scores, frames = self._run([waveform], OUTPUTS[2:])
        return scores[0], frames[0]

    def _run(self, waveforms: Sequence[Waveform], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        lengths = np.array([len(waveform) for waveform in waveforms], np.int64)
        padded = np.zeros((len(waveforms), lengths.max()), np.float32)
        for row, waveform in zip(padded, waveforms, strict=True):
            row[: len(waveform)] = waveform
        results: list[NDArray[np.float32]] = self._session.run(list(outputs), {"waveform": padded, "samples": lengths})
        return results


def is_onnx_directory(path: Path) -> bool:
    """Whether `path` is what `emovec models export` writes."""
    return (path / MODEL).is_file()


def _session(path: Path, threads: int, providers: Sequence[tuple[str, dict[str, Any]]]) -> Any:
    import onnxruntime

    if not path.is_file():
        raise MissingPartError(f"{path} is missing: write it with emovec models export")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # else the longest recording's memory is kept for good
    options.log_severity_level = 3  # errors only: stderr belongs to the caller
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=list(providers))
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise BadWeightsError(
            f"{path} is not an ONNX network that onnxruntime can run: {error}; export it again"
        ) from error


def _metadata(session: Any, path: Path) -> dict[str, str]:
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    outputs = tuple(output.name for output in session.get_outputs())
    missing = {"name", "revision", "weights_sha256", "precision", "parameters", "labels"} - metadata.keys()
    if missing or outputs != OUTPUTS or json.loads(metadata["labels"]) != list(LABELS):
        raise BadWeightsError(
            f"{path} was not written by emovec models export (outputs {', '.join(outputs)}; "
            f"missing metadata: {', '.join(sorted(missing)) or 'none'}): export the model directory again"
        )
    return metadata
