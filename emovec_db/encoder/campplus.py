"""CAM++ by FunASR's own network: embeddings of short sounds that are near where the voice is one."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import pickle
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import Waveform
from emovec_db.encoder.checksums import check_files
from emovec_db.encoder.fbank import fbank
from emovec_db.encoder.hashing import file_sha256
from emovec_db.encoder.published import CAMPPLUS
from emovec_db.errors import BadWeightsError, MissingPartError

if TYPE_CHECKING:
    import torch

REQUIRED_FILES: Final = CAMPPLUS.required_files
CONFIG, WEIGHTS = REQUIRED_FILES
#: what FunASR's network takes; its other arguments are none of a model's
ARGUMENTS: Final = frozenset(
    {
        *("feat_dim", "embedding_size", "growth_rate", "bn_size", "init_channels"),
        *("config_str", "memory_efficient", "output_level"),
    }
)
#: windows that are computed together
BATCH: Final = 32


class Campplus:
    """FunASR's CAM++ from a local directory; computes on the CPU.

    Raises MissingPartError (extra or files), BadWeightsError.
    """

    def __init__(self, path: Path) -> None:
        _require_extra()
        _require_files(path)
        known = check_files(path, REQUIRED_FILES)
        arguments = _arguments(path)
        weights_sha256 = known.get(WEIGHTS) or file_sha256(path / WEIGHTS)
        self._network = _load(path, arguments)
        #: over weights and network
        self.sha256 = hashlib.sha256(json.dumps([arguments, weights_sha256], sort_keys=True).encode()).hexdigest()

    def embed(self, waveforms: Sequence[Waveform]) -> NDArray[np.float32]:
        """float32 (waveforms, 192) of 16 kHz waveforms of one length, as FunASR's `CAMPPlus.inference` gives them."""
        batches = [waveforms[start : start + BATCH] for start in range(0, len(waveforms), BATCH)]
        return np.concatenate([self._embed(batch) for batch in batches])

    def _embed(self, waveforms: Sequence[Waveform]) -> NDArray[np.float32]:
        import torch

        features = fbank(np.stack(waveforms))
        centred = features - features.mean(axis=1, keepdims=True)
        with torch.inference_mode():
            embeddings: NDArray[np.float32] = self._network(torch.from_numpy(centred)).numpy()
        return embeddings


def _require_extra() -> None:
    missing = [name for name in ("torch", "funasr", "yaml") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPartError(
            f"CAM++ needs {', '.join(missing)}, not installed here: run pip install 'emovec-db[emotion2vec]'"
        )


def _require_files(path: Path) -> None:
    missing = [name for name in REQUIRED_FILES if not (path / name).is_file()]
    if missing:
        raise MissingPartError(
            f"the weights of CAM++ are not there ({path} lacks {', '.join(missing)}): run emovec models pull "
            "campplus, or put the files of Hugging Face's funasr/campplus into that folder"
        )


def _arguments(path: Path) -> dict[str, Any]:
    """FunASR's arguments for the network."""
    import yaml

    try:
        config = yaml.safe_load((path / CONFIG).read_text(encoding="utf-8"))
        model, arguments = config["model"], dict(config["model_conf"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise BadWeightsError(f"{path / CONFIG} can't be read as CAM++'s: {error}; pull it again") from error
    unknown = sorted(set(arguments) - ARGUMENTS)
    if model != "CAMPPlus" or unknown or arguments.get("output_level", "segment") != "segment":
        raise BadWeightsError(
            f"{path / CONFIG} describes a model {model!r} with {', '.join(unknown) or 'other outputs'}; expected "
            "CAMPPlus with one embedding per segment: give another directory"
        )
    return arguments


def _load(path: Path, arguments: Mapping[str, Any]) -> torch.nn.Module:
    """In evaluation mode, float32."""
    import torch

    from emovec_db.encoder.emotion2vec.funasr_class import funasr_alone, module_of

    try:
        build = module_of("funasr.models.campplus.model").CAMPPlus
    except (ImportError, OSError) as error:  # OSError: a torchaudio whose CUDA libraries are absent
        raise MissingPartError(
            f"CAM++ needs FunASR, which can't be imported ({error}): run pip install 'emovec-db[emotion2vec]'; "
            "if torchaudio is the cause, pip uninstall torchaudio"
        ) from error
    try:
        weights = torch.load(path / WEIGHTS, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, OSError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise BadWeightsError(
            f"{path / WEIGHTS} can't be read as plain tensors ({reason}): it is damaged, incomplete or holds Python "
            "objects that emovec-db refuses to run; pull it again"
        ) from error
    with funasr_alone(), warnings.catch_warnings(), torch.device("meta"):  # neither memory nor random initialisation
        warnings.simplefilter("ignore")
        try:
            network: torch.nn.Module = build(**arguments)
        except Exception as error:  # whatever a wrong config provokes in FunASR
            raise BadWeightsError(f"FunASR can't build {path / CONFIG}: {error!r}") from error
    try:
        network.load_state_dict(weights, assign=True)
    except (RuntimeError, TypeError, AttributeError) as error:  # names, shapes, no dict at all
        raise BadWeightsError(f"{path / WEIGHTS} does not fit its {CONFIG}: {error}") from error
    return network.float().eval().requires_grad_(False)
