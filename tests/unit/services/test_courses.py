"""Courses, their distances and their labels, against definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from emovec_db.domain.track import Track
from emovec_db.emotions import LABELS
from emovec_db.services.trajectories.courses import (
    BAND,
    CHANGE_COSTS,
    LEAST_POINTS,
    POINTS,
    courses,
    distances,
    runs,
)
from emovec_db.services.trajectories.steps import Steps


def made_up(seed: int, count: int = 1) -> NDArray[np.float64]:
    """Smooth courses, (count, points, 9)."""
    walk = np.cumsum(np.random.default_rng(seed).standard_normal((count, POINTS, len(LABELS))), axis=1)
    weights = np.exp(walk - walk.max(axis=2, keepdims=True))
    course: NDArray[np.float64] = weights / weights.sum(axis=2, keepdims=True)
    return course


def warped(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Dynamic time warping cell by cell over the full matrix."""
    cost = np.array([[np.sqrt(max(0.0, 1 - float(np.sqrt(one * other).sum()))) for other in second] for one in first])
    total = np.full((POINTS, POINTS), np.inf)
    total[0, 0] = 2 * cost[0, 0]
    for i in range(1, POINTS):
        for j in range(1, POINTS):
            if abs(i - j) > BAND:
                continue
            ways = [total[i - 1, j - 1] + 2 * cost[i, j]]
            if i > 1:
                ways.append(total[i - 2, j - 1] + 2 * cost[i - 1, j] + cost[i, j])
            if j > 1:
                ways.append(total[i - 1, j - 2] + 2 * cost[i, j - 1] + cost[i, j])
            total[i, j] = min(ways)
    return float(total[-1, -1]) / (2 * POINTS)


def test_distances_are_those_of_the_full_matrix() -> None:
    course, others = made_up(1)[0], made_up(2, 20)
    found = distances(course, others)
    np.testing.assert_allclose(found, [warped(course, other) for other in others], rtol=1e-9)
    np.testing.assert_allclose(found, [distances(other, course[None])[0] for other in others], rtol=1e-9)
    assert distances(course, others[:0]).shape == (0,)


def test_distance_is_0_to_itself_and_1_where_nothing_is_shared() -> None:
    course = made_up(3)[0]
    assert distances(course, course[None])[0] == pytest.approx(0, abs=1e-7)
    angry, sad = (np.tile(np.eye(len(LABELS))[LABELS.index(label)], (POINTS, 1)) for label in ("angry", "sad"))
    assert distances(angry, sad[None])[0] == pytest.approx(1)


def test_what_comes_later_is_nearer_than_what_never_comes() -> None:
    def change_at(point: int, then: str) -> NDArray[np.float64]:
        course = np.zeros((POINTS, len(LABELS)))
        course[:point, LABELS.index("neutral")] = course[point:, LABELS.index(then)] = 1
        return course

    course = change_at(30, "angry")
    later, much_later, other = distances(
        course, np.stack([change_at(36, "angry"), change_at(60, "angry"), change_at(30, "sad")])
    )
    assert later < 0.02 < much_later < other


def test_a_moment_does_not_stand_for_a_stretch() -> None:
    def anger_for(points: int) -> NDArray[np.float64]:
        course = np.zeros((POINTS, len(LABELS)))
        course[:, LABELS.index("neutral")] = 1
        course[30 : 30 + points] = np.eye(len(LABELS))[LABELS.index("angry")]
        return course

    found = distances(anger_for(12), np.stack([anger_for(14), anger_for(2), anger_for(0)]))
    assert found[0] < 0.02
    assert found[0] < found[1] < found[2]
    assert found[1] > 0.5 * found[2]


@pytest.mark.parametrize("length", [1, 3, 64, 65, 200])
def test_a_course_is_the_mean_of_each_stretch(length: int) -> None:
    levels = np.random.default_rng(length).integers(1, 200, (length + 2, len(LABELS)), dtype=np.uint8)
    levels[[0, length // 2 + 1]] = 0
    steps = Steps.of([(4, Track(2.0, levels[:1])), (5, Track(2.0, levels))]).some(np.array([1]))
    fine = np.repeat(levels[levels.any(axis=1)].astype(float), POINTS, axis=0)
    means = fine.reshape(POINTS, -1, len(LABELS)).mean(axis=1)
    found = courses(steps)
    assert found.shape == (1, POINTS, len(LABELS))
    np.testing.assert_allclose(found[0], means / means.sum(axis=1, keepdims=True), rtol=1e-9)


def test_labels_of_a_course_are_the_best_of_all_ways_to_cut_it() -> None:
    points = 12

    def best(course: NDArray[np.float64], end: int) -> float:
        if end == 0:
            return CHANGE_COSTS
        starts = [start for start in range(end - LEAST_POINTS + 1) if start == 0 or start >= LEAST_POINTS]
        return max(
            (best(course, start) - CHANGE_COSTS + course[start:end].sum(axis=0).max() for start in starts),
            default=-np.inf,
        )

    for seed in range(20):
        course = made_up(seed)[0][::5][:points]
        found = runs(course)
        assert [start for _, start, _ in found] == [0, *(end for _, _, end in found[:-1])]
        assert found[-1][2] == points
        assert all(end - start >= LEAST_POINTS for _, start, end in found)
        gained = sum(course[start:end, label].sum() for label, start, end in found)
        assert gained - CHANGE_COSTS * (len(found) - 1) == pytest.approx(best(course, points))
