"""Twins: the log-mel frames that another encoding of the same sound would have."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tools.compact.features import FLOOR, MEL_BINS, STORED_FLOOR, mel_filters
from tools.compact.recipe import TwinRecipe

#: Width of each mel bin in bins of the Fourier transform, at least 1.
WIDTH = torch.from_numpy(mel_filters().sum(axis=0)).clamp_min(1)


def floored(stored: Tensor) -> Tensor:
    """Stored log-mel frames with the floor that the network has."""
    return (stored.exp() + (FLOOR - STORED_FLOOR)).log()


def reencoded(stored: Tensor, recipe: TwinRecipe, rng: np.random.Generator) -> Tensor:
    """Floored frames (batch, time, 64) of the sounds `stored` with other errors of coding.

    Two noises are added: a steady one between pink and white (hiss, 8-bit steps), and one that follows
    the signal (µ-law, transform codecs); then a share of the sounds loses the bins above a random one.
    """
    power = stored.exp() - STORED_FLOOR
    colour = WIDTH ** torch.from_numpy(rng.random((len(stored), 1, 1))).float()
    steady = colour / colour.mean(dim=2, keepdim=True) * power.mean(dim=(1, 2), keepdim=True)
    noise = steady * share(len(stored), recipe.steady_db, rng) + power * share(len(stored), recipe.signal_db, rng)
    edge = rng.integers(recipe.lowpass_bin, MEL_BINS, (len(stored), 1, 1))
    edge = np.where(rng.random(edge.shape) < recipe.lowpass_share, edge, MEL_BINS)
    passed = torch.from_numpy(np.arange(MEL_BINS) < edge)
    return (with_noise(power, noise) * passed + FLOOR).log()


def share(n: int, decibels: tuple[float, float], rng: np.random.Generator) -> Tensor:
    """Factors of power (n, 1, 1), even in decibels."""
    return torch.from_numpy(10 ** (rng.uniform(*decibels, (n, 1, 1)) / 10)).float()


def with_noise(power: Tensor, noise: Tensor) -> Tensor:
    """Mel power of signal plus random noise: mean power + noise, variance noise (2 power + noise) / WIDTH.

    In one bin of a Fourier transform this is |signal + noise|² for complex Gaussian noise; a mel bin
    averages WIDTH of them.
    """
    spread = (noise / (2 * WIDTH)).sqrt()
    along = power.clamp_min(0).sqrt() + spread * torch.randn_like(power)
    across = spread * torch.randn_like(power)
    return along.square() + across.square() + noise * (1 - 1 / WIDTH)
