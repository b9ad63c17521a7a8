"""FunASR's own `AutoModel.generate`, one waveform at a time: what every variant is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import Waveform
from emovec_db.emotions import LABEL_BY_TOKEN
from emovec_db.encoder.emotion2vec.directory import read_directory
from emovec_db.encoder.emotion2vec.funasr_class import network_class, process_unchanged
from emovec_db.encoder.emotion2vec.loading import read_weights


@dataclass(frozen=True, slots=True)
class FunasrAnswer:
    """What `generate` gives of one waveform."""

    #: float32 (dim,)
    embedding: NDArray[np.float32]
    #: as FunASR orders them; five of the nine with an old revision's tokens.txt
    labels: tuple[str, ...]
    #: float32 (labels,)
    scores: NDArray[np.float32]


class FunasrOracle:
    """A directory in FunASR's hands: its loader, its network, its loop.

    Its loader unpickles whatever the file holds, so the file is first read the safe way, which refuses code.
    Random states, thread count and logging are put back after loading. Raises MissingPartError, BadWeightsError.
    """

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        import torch

        network_class()
        read_weights(read_directory(path))
        threads, numpy_state = torch.get_num_threads(), np.random.get_state()
        with process_unchanged(), torch.random.fork_rng():
            from funasr import AutoModel

            self._model: Any = AutoModel(
                model=str(path), disable_update=True, disable_pbar=True, log_level="ERROR", ncpu=threads, device=device
            )
        torch.set_num_threads(threads)
        np.random.set_state(numpy_state)

    def generate(self, waveform: Waveform) -> FunasrAnswer:
        answer = self._model.generate(waveform, granularity="utterance", extract_embedding=True)[0]
        labels = tuple(LABEL_BY_TOKEN.get(token, token) for token in answer["labels"])
        return FunasrAnswer(answer["feats"], labels, np.array(answer["scores"], np.float32))
