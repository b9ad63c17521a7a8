"""What a device's name means to torch and to onnxruntime: `auto`, `cpu`, `cuda`, `cuda:1`, `tensorrt`, `tensorrt:1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from emovec_db.errors import MissingPartError, UserError

#: what serves a device in onnxruntime, first choice first
PROVIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
    "tensorrt": ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
}
_GPU_PROVIDERS: Final = frozenset({"TensorrtExecutionProvider", "CUDAExecutionProvider"})


def torch_device(name: str, precision: str) -> str:
    """`cpu`, `cuda` or `cuda:1`; `auto` is the GPU where torch has one, but the CPU for int8, which has no other.

    Raises UserError (no device of torch's), MissingPartError (it is not there).
    """
    import torch

    kind, place = _parts(name)
    if kind == "auto":
        return "cuda" if torch.cuda.is_available() and precision != "int8" else "cpu"
    if kind not in ("cpu", "cuda"):
        raise UserError(
            f"torch computes on cpu or cuda, not on {name!r}: export the model and serve that, or take cuda"
        )
    if kind == "cuda" and place >= torch.cuda.device_count():
        raise MissingPartError(
            f"the device {name} is not there: torch {torch.__version__} sees {torch.cuda.device_count()} GPUs. Install "
            "a build of torch for CUDA and the driver, or take the device cpu"
        )
    return name


def session_providers(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Execution providers with their options for an InferenceSession; `auto` is CUDA where this onnxruntime has it.

    Raises UserError (no such name), MissingPartError (this onnxruntime was built without it).
    """
    import onnxruntime

    available = onnxruntime.get_available_providers()
    kind, place = _parts(name)
    if kind == "auto":
        kind = "cuda" if PROVIDERS["cuda"][0] in available else "cpu"
    if kind not in PROVIDERS:
        raise UserError(f"the device {name!r} is unknown for ONNX; expected one of auto, {', '.join(PROVIDERS)}")
    wanted = PROVIDERS[kind]
    if wanted[0] not in available:
        raise MissingPartError(
            f"this onnxruntime has no {wanted[0]}: run pip install onnxruntime-gpu in place of onnxruntime, "
            "or take the device cpu"
        )
    return [(provider, {"device_id": place} if provider in _GPU_PROVIDERS else {}) for provider in wanted]


def served_device(name: str, providers: Sequence[str]) -> str:
    """`cpu`, `cuda` or `tensorrt`: where a session with these providers really computes.

    onnxruntime falls back to the CPU, with a line in its log, where a provider's libraries or the GPU are missing.
    Raises MissingPartError unless the device asked for was `auto`.
    """
    served = next(kind for kind, wanted in PROVIDERS.items() if wanted[0] == providers[0])
    kind, _ = _parts(name)
    if kind not in ("auto", served):
        raise MissingPartError(
            f"onnxruntime can't reach the device {name} and would compute on {served}: install the driver and the "
            "libraries that its providers need, or take the device cpu"
        )
    return served


def _parts(name: str) -> tuple[str, int]:
    """Kind and place: `cuda:1` is the second GPU."""
    kind, _, place = name.partition(":")
    return kind, int(place or 0)
