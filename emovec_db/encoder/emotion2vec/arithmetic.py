"""Matrix products, the nine tenths of the network's work, by precision and device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional

from emovec_db.errors import PrecisionError

#: x (rows, inputs) to (rows, outputs)
Linear = Callable[[torch.Tensor], torch.Tensor]
#: weights are packed for about this many rows; any number can be multiplied
PACKED_FOR_ROWS: Final = 1024
#: products of fewer inputs are no faster in 8-bit integers
INTEGERS_FROM_INPUTS: Final = 64
PRECISIONS: Final = ("fp32", "bf16", "int8")


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer norm of each row, by its own weight and bias."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float = 1e-5

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Where the network computes, and in what.

    `dtype` is that of weights and products; the rows between blocks, their layer norms and the head are float32.
    With `integers` products of 64 inputs or more are of 8-bit integers: all but the first convolution's, the positional
    convolutions' and attention's.
    """

    device: torch.device
    dtype: torch.dtype
    integers: bool = False

    @classmethod
    def of(cls, precision: str, device: str) -> Arithmetic:
        """By name. Raises PrecisionError for a precision that is unknown or not to be had here."""
        if precision not in PRECISIONS:
            raise PrecisionError(f"the precision {precision!r} is unknown; expected one of {', '.join(PRECISIONS)}")
        place = torch.device(device)
        if precision == "int8" and not (place.type == "cpu" and has_packed_linears()):
            raise PrecisionError(f"int8 needs an x86 CPU, and this is {device}: take bf16 or fp32")
        return cls(place, torch.float32 if precision == "fp32" else torch.bfloat16, precision == "int8")

    @property
    def result_dtype(self) -> torch.dtype:
        """Of most products: sums of integers come as float32."""
        return torch.float32 if self.integers else self.dtype

    def tensor(self, weight: torch.Tensor) -> torch.Tensor:
        return weight.to(self.device, self.dtype)

    def linear(self, weight: torch.Tensor, bias: torch.Tensor | None = None, *, gelu: bool = False) -> Linear:
        """x @ weight.T + bias, then GELU (erf) where asked; x of any dtype.

        On an x86 CPU through oneDNN with the weights packed once: unlike MKL it uses all of AVX-512 on AMD, and GELU
        costs no pass of its own. Elsewhere through what torch has. The result is of `dtype`, but float32 with
        `integers`.
        """
        if self.integers and weight.shape[1] >= INTEGERS_FROM_INPUTS:
            return _integers(weight.float(), bias, gelu)
        packs = self.device.type == "cpu" and has_packed_linears()
        linear = (_packed if packs else _plain)(self.tensor(weight), None if bias is None else self.tensor(bias), gelu)
        return lambda x: linear(x.to(self.dtype))


def gelu_(x: torch.Tensor) -> torch.Tensor:
    """GELU (erf) in place."""
    changed: torch.Tensor = torch.ops.aten.gelu_(x)
    return changed


def has_packed_linears() -> bool:
    """Whether this torch has oneDNN's linear with packed weights: an operator that only x86 builds have."""
    return (
        bool(torch.backends.mkldnn.enabled) and torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def _packed(weight: torch.Tensor, bias: torch.Tensor | None, gelu: bool) -> Linear:
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, PACKED_FOR_ROWS)
    activation, algorithm = ("gelu", "none") if gelu else ("none", "")  # "none": by erf, not tanh

    def linear(x: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, bias, activation, [], algorithm)
        return product

    return linear


def _plain(weight: torch.Tensor, bias: torch.Tensor | None, gelu: bool) -> Linear:
    def linear(x: torch.Tensor) -> torch.Tensor:
        product = functional.linear(x, weight, bias)
        return gelu_(product) if gelu else product

    return linear


def _integers(weight: torch.Tensor, bias: torch.Tensor | None, gelu: bool) -> Linear:
    """Products of 8-bit integers, float32 out: weights scaled by output, x by row.

    A scale of its own for each row, not one for all of x, so that no row's numbers depend on its company.
    """
    scales = weight.abs().amax(1).clamp_min(1e-12) / 127
    integers = (weight / scales[:, None]).round().to(torch.int8)
    packed = torch.ops.onednn.qlinear_prepack(integers, [PACKED_FOR_ROWS, weight.shape[1]])
    zeros = torch.zeros(len(weight), dtype=torch.int64)
    added = torch.zeros(len(weight)) if bias is None else bias.float()

    def linear(x: torch.Tensor) -> torch.Tensor:
        steps = x.abs().amax(1, keepdim=True).float().clamp_min_(1e-12).div_(127)
        # unsigned around 128: with signed ones oneDNN falls back to a loop that takes minutes. torch converts to
        # signed eight times as fast as to unsigned, and adding 128 to those bits wraps round to the same
        levels = torch.div(x, steps).round_().to(torch.int8).view(torch.uint8).add_(128)
        sums = torch.ops.onednn.qlinear_pointwise(
            levels, 1.0, 128, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        product = torch.addcmul(added, sums, steps, out=sums)
        return gelu_(product) if gelu else product

    return linear
