"""Devices by name, for torch and onnxruntime, on machines with other hardware than this one."""

from __future__ import annotations

import importlib.util

import pytest

from emovec_db.encoder.devices import served_device, session_providers, torch_device
from emovec_db.errors import MissingPartError, UserError
from tests.conftest import require

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Torch sees two GPUs."""
    require(importlib.util.find_spec("torch"), "torch is not installed: pip install 'emovec-db[emotion2vec]'")
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "precision", "device"),
    [
        ("auto", "fp32", "cuda"),
        ("auto", "bf16", "cuda"),
        ("auto", "int8", "cpu"),
        ("cpu", "bf16", "cpu"),
        ("cuda", "bf16", "cuda"),
        ("cuda:1", "fp32", "cuda:1"),
    ],
)
def test_torch(gpus: pytest.MonkeyPatch, name: str, precision: str, device: str) -> None:
    assert torch_device(name, precision) == device


def test_torch_without_what_is_asked_for(gpus: pytest.MonkeyPatch) -> None:
    import torch

    with pytest.raises(MissingPartError, match=r"cuda:2 is not there: torch .* sees 2 GPUs"):
        torch_device("cuda:2", "fp32")
    with pytest.raises(UserError, match="torch computes on cpu or cuda, not on 'tensorrt'"):
        torch_device("tensorrt", "fp32")
    gpus.setattr(torch.cuda, "is_available", lambda: False)
    assert torch_device("auto", "fp32") == "cpu"


def available(monkeypatch: pytest.MonkeyPatch, *providers: str) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(providers))


@pytest.mark.parametrize(
    ("name", "providers"),
    [
        ("auto", [(CUDA, {"device_id": 0}), (CPU, {})]),
        ("cpu", [(CPU, {})]),
        ("cuda:3", [(CUDA, {"device_id": 3}), (CPU, {})]),
        ("tensorrt:1", [(TENSORRT, {"device_id": 1}), (CUDA, {"device_id": 1}), (CPU, {})]),
    ],
)
def test_onnxruntime(monkeypatch: pytest.MonkeyPatch, name: str, providers: list[tuple[str, dict[str, int]]]) -> None:
    available(monkeypatch, TENSORRT, CUDA, CPU)
    assert session_providers(name) == providers


def test_onnxruntime_without_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    available(monkeypatch, CPU)
    assert session_providers("auto") == [(CPU, {})]
    with pytest.raises(MissingPartError, match=f"has no {CUDA}: run pip install onnxruntime-gpu"):
        session_providers("cuda")
    with pytest.raises(UserError, match="'tpu' is unknown for ONNX; expected one of auto, cpu, cuda, tensorrt"):
        session_providers("tpu")


def test_a_session_that_fell_back_is_no_gpu() -> None:
    """A provider may be built in and yet find neither its libraries nor a GPU."""
    assert served_device("auto", [CPU]) == "cpu"
    assert served_device("auto", [CUDA, CPU]) == "cuda"
    assert served_device("tensorrt:1", [TENSORRT, CUDA, CPU]) == "tensorrt"
    with pytest.raises(MissingPartError, match="can't reach the device cuda:1 and would compute on cpu"):
        served_device("cuda:1", [CPU])
    with pytest.raises(MissingPartError, match="can't reach the device tensorrt and would compute on cuda"):
        served_device("tensorrt", [CUDA, CPU])
