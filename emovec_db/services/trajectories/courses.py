"""Courses: the nine scores over a recording at a fixed number of points, how far apart two are, and one in labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.services.trajectories.steps import Steps

#: in a course, whatever the recording's length
POINTS: Final = 64
#: how far one course may run ahead of the other: a fifth of it
BAND: Final = 13
#: points that a label lasts at least in a course told in labels
LEAST_POINTS: Final = 3
#: what a change of label must bring, in points of full certainty
CHANGE_COSTS: Final = 1.0


def courses(steps: Steps) -> NDArray[np.float64]:
    """Mean scores at `POINTS` equal stretches of each recording, float64 (n, points, 9), each of sum 1.

    Piecewise aggregate approximation (Keogh et al., Knowledge and Information Systems 3, 2001); a stretch that ends
    within a step has its share of it. Recordings need at least one step.
    """
    sums = np.concatenate(
        [np.zeros((1, steps.levels.shape[1]), np.int32), np.cumsum(steps.levels, axis=0, dtype=np.int32)]
    )
    edges = steps.bounds[:-1, None] + steps.lengths[:, None] * (np.arange(POINTS + 1) / POINTS)
    whole = np.minimum(edges.astype(np.intp), steps.bounds[1:, None] - 1)
    levels = np.diff(sums[whole] + (edges - whole)[:, :, None] * steps.levels[whole], axis=1)
    means: NDArray[np.float64] = levels / levels.sum(axis=2, keepdims=True)
    return means


def distances(course: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of a course, float64 (points, 9), to each of others, float64 (n, points, 9): float64 (n,), 0..1.

    Dynamic time warping within a band, symmetric, with slopes between 1/2 and 2, so that a moment can't stand for a
    long stretch, normalised by the weight of the path, which is the same for all (Sakoe and Chiba, IEEE Trans. ASSP
    26, 1978; their P = 1). Points are as far apart as their scores by Hellinger: sqrt(1 - sum(sqrt(p q))), 0 for
    equal and 1 for disjoint distributions.
    """
    points, count = len(course), len(others)
    apart = np.tensordot(np.sqrt(course), np.sqrt(others), axes=(1, 2)).transpose(0, 2, 1)
    np.sqrt(np.clip(np.subtract(1.0, apart, out=apart), 0.0, 1.0, out=apart), out=apart)
    # diagonal by diagonal, cells (i, j) of i + j: each depends on those two and three before; row i + 2 holds cell i
    third, second, first = (np.full((points + 2, count), np.inf) for _ in range(3))
    before = np.zeros((points + 2, count))
    for diagonal in range(2 * points - 1):
        i = np.arange(max(0, diagonal - points + 1), min(diagonal, points - 1) + 1)
        i = i[np.abs(diagonal - 2 * i) <= BAND]
        cost = apart[i, diagonal - i]
        if diagonal:
            bent = np.minimum(third[i] + 2 * before[i + 1], third[i + 1] + 2 * before[i + 2]) + cost
            total = np.minimum(bent, second[i + 1] + 2 * cost)
        else:
            total = 2 * cost
        third, second, first = second, first, np.full((points + 2, count), np.inf)
        first[i + 2], before[i + 2] = total, cost
    mean: NDArray[np.float64] = first[points + 1] / (2 * points)
    return mean


def runs(course: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """A course, float64 (points, 9), in labels: (number of the label, first point, point after its last).

    The labels whose scores add up to the most, less `CHANGE_COSTS` for each change, where each lasts `LEAST_POINTS` or
    more: optimal partitioning (Jackson et al., IEEE Signal Processing Letters 12, 2005).
    """
    points, labels = course.shape
    sums = np.concatenate([np.zeros((1, labels)), np.cumsum(course, axis=0)])
    best = np.full(points + 1, -np.inf)
    best[0] = CHANGE_COSTS
    open_gain, open_from = np.full(labels, -np.inf), np.zeros(labels, np.intp)
    ended: list[tuple[int, int]] = [(0, 0)] * (points + 1)
    for end in range(LEAST_POINTS, points + 1):
        start = end - LEAST_POINTS
        gain = best[start] - CHANGE_COSTS - sums[start]
        better = gain > open_gain
        open_gain, open_from = np.where(better, gain, open_gain), np.where(better, start, open_from)
        totals = open_gain + sums[end]
        label = int(np.argmax(totals))
        best[end], ended[end] = totals[label], (label, int(open_from[label]))
    found: list[tuple[int, int, int]] = []
    end = points
    while end > 0:
        label, start = ended[end]
        found.append((label, start, end))
        end = start
    return found[::-1]
