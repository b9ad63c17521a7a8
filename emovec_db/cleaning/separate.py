"""Vocal separation, for songs: the voice without the instruments, by Demucs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from emovec_db.cleaning.blocks import in_blocks
from emovec_db.domain.sound import Waveform
from emovec_db.errors import BadWeightsError, MissingPartError

#: Hybrid Transformer Demucs (the bag `htdemucs`), as its makers publish it; safetensors, so that it runs no code
REPOSITORY: Final = "adefossez/HTDemucs"
FILE: Final = "955717e8.safetensors"
NETWORK: Final = "demucs.htdemucs.HTDemucs"
INSTALL: Final = f"run pip install 'emovec-db[songs]', then hf download {REPOSITORY} {FILE}"
VOCALS: Final = "vocals"
#: what it was trained at; 441 / 160 of ours
RATE_HZ: Final = 44_100
#: Demucs cuts a block into pieces of 7.8 s by itself; all four sources of it take about 150 MB
BLOCK_S: Final = 60
CONTEXT_S: Final = 4
#: quieter than 16 bits can tell: nothing to separate, and Demucs would divide by it
SILENCE_RMS: Final = 2.0**-16

#: float32 (samples,) at 44.1 kHz, mono, to its vocals alike
Separator = Callable[[Waveform], Waveform]


class Separate:
    """Keeps the vocals; `separator` is Demucs where none is given."""

    name = "separate-1"

    def __init__(self, separator: Callable[[], Separator] | None = None) -> None:
        self._load = separator or demucs

    @property
    def made_by(self) -> str:
        return f"{self.name}/demucs-{version('demucs')}/{_weights_id()}"

    def require(self) -> None:
        """See `Treatment.require`."""
        weights()

    def treat(self, waveform: Waveform) -> Waveform:
        """See `Treatment.treat`."""
        return in_blocks(waveform, self._vocals, block_s=BLOCK_S, context_s=CONTEXT_S)

    def _vocals(self, waveform: Waveform) -> Waveform:
        from scipy.signal import resample_poly

        mean, rms = float(waveform.mean()), float(waveform.std())
        if rms < SILENCE_RMS:
            return np.zeros_like(waveform)
        # as Demucs's own command does: it was trained on songs of one level
        song = resample_poly((waveform - mean) / rms, 441, 160)
        vocals = self._load()(np.asarray(song, np.float32))
        again = resample_poly(vocals.astype(np.float64) * rms, 160, 441)[: len(waveform)]
        return np.asarray(np.pad(again, (0, len(waveform) - len(again))), np.float32)


def weights() -> Path:
    """Demucs's file in the hub's cache on this machine; nothing is downloaded.

    Raises:
        MissingPartError: Demucs or the file is not here.
    """
    if find_spec("demucs") is None:
        raise MissingPartError(f"vocal separation needs Demucs, which is not installed: {INSTALL}")
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(REPOSITORY, FILE)
    if not isinstance(found, str):
        raise MissingPartError(f"Demucs's weights are not on this machine: {INSTALL}")
    return Path(found)


@cache
def _weights_id() -> str:
    """For example ``955717e8+3f2a9c01d4e8``."""
    with weights().open("rb") as file:
        return f"{FILE.partition('.')[0]}+{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"


@cache
def demucs() -> Separator:
    """The network, loaded once.

    Raises:
        MissingPartError: it is not here.
        BadWeightsError: the file is something else.
    """
    path = weights()
    import torch
    from demucs.apply import apply_model
    from demucs.hf import load_safetensors_model
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            said = file.metadata() or {}
    except SafetensorError as error:
        raise BadWeightsError(f"{path} is no safetensors file ({error}): {INSTALL}") from error
    # Demucs makes whatever class the file names
    if said.get("klass") != NETWORK or "structure" in said:
        raise BadWeightsError(f"{path} holds {said.get('klass')!r}; expected {NETWORK}: {INSTALL}")
    network: Any = load_safetensors_model(path).eval()
    place = list(network.sources).index(VOCALS)
    alone = threading.Lock()  # several threads read; one song at a time is as fast, and takes less memory

    def separated(song: Waveform) -> Waveform:
        both = torch.from_numpy(song).expand(1, network.audio_channels, -1)
        with alone, torch.inference_mode():
            # a random shift, its default, would give other samples each time
            parts = apply_model(network, both, shifts=0, split=True, overlap=0.25, progress=False)
        return np.asarray(parts[0, place].mean(0).numpy(), np.float32)

    return separated
