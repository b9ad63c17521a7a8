"""FunASR's network with the weights of a directory, in little more memory than the weights themselves."""

from __future__ import annotations

import ctypes
import math
import mmap
import pickle
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final

import torch

from emovec_db.emotions import LABELS
from emovec_db.encoder.emotion2vec.directory import CONFIG, FRAME_SAMPLES, FRAME_STEP_SAMPLES, ModelDirectory
from emovec_db.encoder.emotion2vec.funasr_class import funasr_alone, network_class
from emovec_db.errors import BadWeightsError

#: of Linux 5.4 and later; elsewhere nothing happens
MADV_PAGEOUT: Final = 21
#: what the packed network takes for granted in config.yaml
ARCHITECTURE: Final[Mapping[str, Any]] = {
    "layer_norm_first": False,
    "norm_affine": True,
    "use_alibi_encoder": True,
    "learned_alibi": False,
    "learned_alibi_scale_per_layer": False,
    "learned_alibi_scale_per_head": True,
    "conv_pos_pre_ln": False,
    "extractor_mode": "layer_norm",
}


def load_network(directory: ModelDirectory) -> torch.nn.Module:
    """FunASR's Emotion2vec in evaluation mode, float32, on the CPU.

    The tensors stay mapped from model.pt: pages are read when first used, several processes share
    them, and the optimizer's state beside them (two thirds of the published file) is never read. The file must
    not be rewritten in place while an encoder is alive; replacing it by a rename is safe.

    Raises MissingPartError, BadWeightsError.
    """
    network = _empty_network(directory)
    _check_architecture(directory)
    given = read_weights(directory)
    chosen = {key: _choose(key, given, directory) for key in network.state_dict()}
    missing = sorted(key for key, tensor in chosen.items() if tensor is None)
    if "proj.weight" in missing:
        raise BadWeightsError(
            f"{directory.weights} has no head (emotion2vec_base gives embeddings only); expected the weights of "
            "emotion2vec_plus_large, _base or _seed: emovec models pull emotion2vec_plus_large"
        )
    if missing:
        raise BadWeightsError(f"{directory.weights} lacks {len(missing)} tensors, first {missing[0]}: pull it again")
    try:
        network.load_state_dict({key: tensor for key, tensor in chosen.items() if tensor is not None}, assign=True)
    except RuntimeError as error:  # shapes
        raise BadWeightsError(f"{directory.weights} does not fit its config.yaml: {error}") from error
    return network.eval().requires_grad_(False)


def _empty_network(directory: ModelDirectory) -> torch.nn.Module:
    """The network without numbers (meta device): neither memory nor random initialisation, so no seed is touched."""
    build = network_class()
    with funasr_alone(), warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        try:
            network = build(model_conf=directory.model_conf, vocab_size=len(LABELS))
        except Exception as error:  # whatever a wrong config provokes in FunASR or omegaconf
            raise BadWeightsError(f"FunASR can't build {directory.path / 'config.yaml'}: {error!r}") from error
    encoder: Any = network.get_submodule("modality_encoders.AUDIO")
    encoder.decoder = None  # used in training only, and absent from the published weights
    return network


def _check_architecture(directory: ModelDirectory) -> None:
    """Refuse a network of which emovec-db would compute something else."""
    audio = directory.model_conf["modalities"]["audio"]
    given = {key: {**audio, **directory.model_conf}.get(key) for key in ARCHITECTURE}
    wrong = [f"{key} {value!r}" for key, value in given.items() if value != ARCHITECTURE[key]]
    seen = 1
    for _, kernel, stride in reversed(directory.layers):
        seen = (seen - 1) * stride + kernel
    step = math.prod(stride for _, _, stride in directory.layers)
    if (seen, step) != (FRAME_SAMPLES, FRAME_STEP_SAMPLES):
        wrong.append(f"frames of {seen} samples every {step}")
    reach = max(3, audio["conv_pos_width"] // audio["conv_pos_depth"]) // 2
    if audio["num_extra_tokens"] < reach:
        wrong.append(f"num_extra_tokens {audio['num_extra_tokens']} below {reach}, half the positional kernel")
    if wrong:
        raise BadWeightsError(
            f"{directory.path / CONFIG} describes another emotion2vec ({'; '.join(wrong)}); expected the build of "
            "emotion2vec_plus_large, _base or _seed: give another directory"
        )


def read_weights(directory: ModelDirectory) -> Mapping[str, Any]:
    """The file's tensors, mapped, unpickled without running anything."""
    try:
        content = torch.load(directory.weights, map_location="cpu", mmap=True, weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, OSError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise BadWeightsError(
            f"{directory.weights} can't be read as plain tensors ({reason}): it is damaged, incomplete or holds "
            "Python objects that emovec-db refuses to run; pull it again"
        ) from error
    for level in ("state_dict", "model_state_dict", "model"):  # FunASR's order
        content = content[level] if isinstance(content, dict) and level in content else content
    if not isinstance(content, dict):
        raise BadWeightsError(f"{directory.weights} holds a {type(content).__name__}; expected a dict of tensors")
    return content


def _choose(key: str, given: Mapping[str, Any], directory: ModelDirectory) -> torch.Tensor | None:
    """The tensor for the network's `key`: as FunASR, the last prefix that fits wins."""
    found = [given[prefix + key] for prefix in directory.key_prefixes if prefix + key in given]
    return found[-1].to(torch.float32) if found else None


def release_pages(tensors: Iterable[torch.Tensor]) -> None:
    """Let the kernel take back the pages of mapped tensors that have been packed elsewhere.

    MADV_PAGEOUT never loses contents, whatever kind of memory it meets: pages come back when they are read again.
    Without it both the file's pages and the packed weights would be resident while an encoder is loaded.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for tensor in tensors:
        start = -(-tensor.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
        length = tensor.data_ptr() + tensor.nbytes - start
        if length > 0:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), MADV_PAGEOUT)
