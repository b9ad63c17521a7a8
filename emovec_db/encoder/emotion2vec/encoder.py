"""Emotion2Vec+ by torch, behind the encoder protocol."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import EncoderIdentity, Encoding, Frames
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.encoder.checksums import check_files
from emovec_db.encoder.devices import torch_device
from emovec_db.encoder.emotion2vec.directory import REQUIRED_FILES, WEIGHTS, ModelDirectory, read_directory
from emovec_db.encoder.emotion2vec.packed import PackedEncoder
from emovec_db.encoder.emotion2vec.packing import Pack, packs
from emovec_db.encoder.emotion2vec.windows import frame_count
from emovec_db.encoder.hashing import file_sha256
from emovec_db.errors import BusyError, MissingPartError

if TYPE_CHECKING:
    from emovec_db.encoder.emotion2vec.network import Network

#: rows (frames and extra tokens, 50 a second) computed together. From about 250 rows on matrix products are as fast as
#: they get, and small packs are shared out evenly between cores
BUDGET_ROWS: Final = 300
#: a GPU wants more work at a time
GPU_BUDGET_ROWS: Final = 16_384


class Emotion2vecEncoder(PackedEncoder):
    """FunASR's Emotion2Vec+ (large, base or seed) from a local directory.

    The waveform is layer-normed as a whole; the embedding is the mean of the frames, scores are the head's softmax
    on it. At `precision` fp32 equal to `AutoModel.generate` within 1e-5, by position, whatever is encoded together.
    bf16 computes products in bfloat16, about twice as fast on CPUs and GPUs that have it; int8 nearly all of them in
    8-bit integers, faster still, on x86 CPUs. `threads` sets torch's thread count for the whole process, None leaves
    it; on a CPU so many packs are computed side by side. `device` is a name of `devices`; on a GPU cuDNN is kept from
    TF32, whose ten bits are not fp32. Nothing else in the process is changed.

    Raises MissingPartError (extra, files or device), BadWeightsError, PrecisionError (not to be had here), UserError.
    """

    def __init__(self, path: Path, *, threads: int | None = None, device: str = "cpu", precision: str = "fp32") -> None:
        require_extra()
        path = Path(os.path.abspath(path))  # not resolved: the link's name is the model's
        known = check_files(path, REQUIRED_FILES)
        directory = read_directory(path)
        weights_sha256 = known.get(WEIGHTS) or file_sha256(directory.weights)
        self._device = torch_device(device, precision)
        self._network = _network(directory, threads, self._device, precision)
        self._gap_rows = self._network.gap_rows
        self._budget_rows = BUDGET_ROWS if self._device == "cpu" else GPU_BUDGET_ROWS
        self.parameters = self._network.parameters
        self.identity = EncoderIdentity(
            directory.path.name, directory.revision, weights_sha256, precision, directory.dim
        )

    @property
    def backend(self) -> str:
        import torch

        return f"torch-{torch.__version__.split('+')[0]}-{self._device.partition(':')[0]}"

    def _packs(self, waveforms: Sequence[Waveform], todo: Sequence[Pack]) -> Iterable[list[Encoding]]:
        if self._device != "cpu":
            return super()._packs(waveforms, todo)
        from emovec_db.encoder.emotion2vec.lanes import side_by_side

        return side_by_side(lambda pack: self._encodings(waveforms, pack), todo)

    def _encodings(self, waveforms: Sequence[Waveform], pack: Pack) -> list[Encoding]:
        """In halves where the device's memory does not suffice."""
        import torch

        try:
            return self._at_once(waveforms, pack)
        except torch.OutOfMemoryError as error:
            if len(pack.places) == 1:
                raise BusyError(
                    f"the memory of {self._device} does not suffice for one recording of "
                    f"{len(waveforms[pack.places[0]]) / SAMPLE_RATE_HZ:.0f} s: end what else uses the device, or set "
                    "EMOVEC_DEVICE=cpu"
                ) from error
        torch.cuda.empty_cache()
        return [encoding for half in pack.halves() for encoding in self._encodings(waveforms, half)]

    def _at_once(self, waveforms: Sequence[Waveform], pack: Pack) -> list[Encoding]:
        embeddings, scores, of_frames = (result.cpu().numpy() for result in self._network.pooled(waveforms, pack))
        frames = [Frames(self.frame_rate_hz, own) for own in np.split(of_frames, list(accumulate(pack.frames))[:-1])]
        return [Encoding(*own) for own in zip(embeddings, scores, frames, strict=True)]

    def _piece(self, waveform: Waveform) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        (alone,) = packs([frame_count(len(waveform))], gap_rows=self._gap_rows, budget_rows=self._budget_rows)
        frames = self._network.frames([waveform], alone)[0]
        return self._network.scores(frames).cpu().numpy(), frames.cpu().numpy()


def require_extra() -> None:
    """Raise MissingPartError, naming the command that mends it, where torch, FunASR or PyYAML is not installed."""
    missing = [name for name in ("torch", "funasr", "yaml") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPartError(
            f"Emotion2Vec+ needs {', '.join(missing)}, not installed here: run pip install 'emovec-db[emotion2vec]', "
            "or use the encoder compact"
        )


def _network(directory: ModelDirectory, threads: int | None, device: str, precision: str) -> Network:
    import torch

    from emovec_db.encoder.emotion2vec.arithmetic import Arithmetic
    from emovec_db.encoder.emotion2vec.lanes import keep_freed_memory
    from emovec_db.encoder.emotion2vec.loading import load_network
    from emovec_db.encoder.emotion2vec.network import Network

    if threads is not None:
        torch.set_num_threads(threads)
    if device == "cpu":
        keep_freed_memory()
    else:
        torch.backends.cudnn.allow_tf32 = False
    return Network(load_network(directory), directory, Arithmetic.of(precision, device))
