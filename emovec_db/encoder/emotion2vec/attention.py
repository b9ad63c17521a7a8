"""Attention within one waveform, its scores biased, in whatever way is fastest where it runs."""

from __future__ import annotations

from typing import Final

import torch
from torch.nn import functional

#: heads whose scores are held at once: they bound the memory of long waveforms, and more of them are not faster
HEADS_AT_ONCE: Final = 4


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """softmax(q k / sqrt(width) + bias) v: (heads, rows, width) of the same, `bias` float32 (heads, rows, rows)."""
    if q.device.type == "cpu" and q.dtype == torch.bfloat16:
        return _by_products(q, k, v, bias)
    return functional.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=bias[None])[0]


def _by_products(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Products in bfloat16 by oneDNN, softmax in float32; torch's own attention multiplies at float32's pace."""
    attended = torch.empty_like(q)
    for first in range(0, len(q), HEADS_AT_ONCE):
        own = slice(first, first + HEADS_AT_ONCE)
        weights = torch.bmm(q[own], k[own].transpose(1, 2)).float()
        torch.add(bias[own], weights, alpha=q.shape[2] ** -0.5, out=weights)
        torch.softmax(weights, -1, out=weights)
        attended[own] = torch.bmm(weights.to(q.dtype), v[own])
    return attended
