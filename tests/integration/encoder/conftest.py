"""FunASR beside our encoder, on the same directory of random weights."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from tests.conftest import require

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Oracle:
    """FunASR's AutoModel, asked for one waveform at a time."""

    model: Any

    def utterance(self, waveform: Array) -> tuple[list[str], Array, Array]:
        """Tokens, scores and embedding."""
        answer = self._generate(waveform, "utterance")
        return answer["labels"], np.array(answer["scores"], np.float32), answer["feats"]

    def frames(self, waveform: Array) -> Array:
        """Frame embeddings (frames, dim)."""
        feats: Array = self._generate(waveform, "frame")["feats"]
        return feats

    def head(self, embeddings: Array) -> Array:
        """Softmax of FunASR's own head on embeddings (n, dim)."""
        import torch

        with torch.inference_mode():
            scores: Array = self.model.model.proj(torch.from_numpy(embeddings)).softmax(-1).numpy()
        return scores

    def _generate(self, waveform: Array, granularity: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.model.generate(waveform, granularity=granularity, extract_embedding=True)[0]
        return answer


def oracle_of(directory: Path) -> Oracle:
    import torch
    from funasr import AutoModel

    threads = torch.get_num_threads()
    model = AutoModel(
        model=str(directory), disable_update=True, disable_pbar=True, log_level="ERROR", ncpu=threads, device="cpu"
    )
    return Oracle(model)


@pytest.fixture(scope="session")
def funasr_imported() -> None:
    """FunASR is there, imported the quiet way: under warnings as errors its own import would leave half of it out."""
    for name in ("torch", "funasr", "yaml"):
        require(importlib.util.find_spec(name), f"{name} is not installed: pip install 'emovec-db[emotion2vec]'")
    from emovec_db.encoder.emotion2vec.funasr_class import process_unchanged

    with process_unchanged():
        importlib.import_module("funasr")


@pytest.fixture(scope="session")
def tiny(funasr_imported: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory like emotion2vec_plus_large's, dim 64."""
    from tests.checkpoints import write_checkpoint

    return write_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def encoder(tiny: Path) -> Emotion2vecEncoder:
    return Emotion2vecEncoder(tiny)


@pytest.fixture(scope="session")
def oracle(tiny: Path) -> Oracle:
    return oracle_of(tiny)
