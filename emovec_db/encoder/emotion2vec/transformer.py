"""The network's transformer blocks over packed rows: everything by row but attention, which is by waveform."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from emovec_db.encoder.emotion2vec.arithmetic import Arithmetic, Linear, Norm
from emovec_db.encoder.emotion2vec.attention import attend

#: first and last row (exclusive) of each waveform
Spans = Sequence[tuple[int, int]]


class Block:
    """FunASR's `AltBlock`, layer norm after each part. The rows between blocks are float32, whatever the products."""

    def __init__(
        self, weights: Mapping[str, torch.Tensor], name: str, heads: int, eps: float, arithmetic: Arithmetic
    ) -> None:
        def linear(part: str, *, gelu: bool = False) -> Linear:
            return arithmetic.linear(weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"], gelu=gelu)

        def norm(part: str) -> Norm:
            weight, bias = (weights[f"{name}.{part}.{key}"].to(arithmetic.device) for key in ("weight", "bias"))
            return Norm(weight, bias, eps)

        self._qkv, self._out = linear("attn.qkv"), linear("attn.proj")
        self._up, self._down = linear("mlp.fc1", gelu=True), linear("mlp.fc2")
        self._norm1, self._norm2 = norm("norm1"), norm("norm2")
        self._heads, self._dtype = heads, arithmetic.dtype

    def __call__(self, x: torch.Tensor, bias: torch.Tensor, spans: Spans) -> torch.Tensor:
        """Float32 (rows, dim) of the same; `bias` is the `alibi_bias` of the longest span or more."""
        x = self._norm1(x + self._out(self._attend(self._qkv(x), bias, spans)))
        return self._norm2(x + self._down(self._up(x)))

    def _attend(self, qkv: torch.Tensor, bias: torch.Tensor, spans: Spans) -> torch.Tensor:
        """(rows, dim) of queries, keys and values (rows, 3 * dim), each span by itself."""
        attended = torch.empty(len(qkv), qkv.shape[1] // 3, dtype=self._dtype, device=qkv.device)
        for start, stop in spans:
            rows = stop - start
            heads = qkv[start:stop].view(rows, 3, self._heads, -1).permute(1, 2, 0, 3)
            q, k, v = heads.to(self._dtype, memory_format=torch.contiguous_format)
            own = attend(q, k, v, bias[:, :rows, :rows])
            attended[start:stop].view(rows, self._heads, -1).copy_(own.transpose(0, 1))
        return attended


def alibi_bias(rows: int, extra: int, scale: torch.Tensor) -> torch.Tensor:
    """ALiBi's attention bias, float32 (heads, rows, rows): minus slope times distance, 0 from and to extra tokens.

    `scale` float32 (heads,) multiplies the slopes. The bias of fewer rows is the upper left part. Press, Smith, Lewis:
    Train Short, Test Long, 2022; in both directions, as in data2vec 2.0.
    """
    steepness = torch.tensor(slopes(len(scale)), device=scale.device)
    place = torch.arange(rows - extra, device=scale.device, dtype=torch.float32)
    distance = (place[:, None] - place).abs_().neg_()
    bias = torch.zeros(len(scale), rows, rows, device=scale.device)
    torch.mul(steepness[:, None, None], distance, out=bias[:, extra:, extra:]).mul_(scale[:, None, None])
    return bias


def slopes(heads: int) -> list[float]:
    """2^(-8/heads) and its powers; where `heads` is no power of two, filled with every other of twice as many."""
    power = int(2 ** math.floor(math.log2(heads)))
    start = 2.0 ** (-8 / power)
    first = [start ** (place + 1) for place in range(power)]
    return first if power == heads else first + slopes(2 * power)[0::2][: heads - power]
