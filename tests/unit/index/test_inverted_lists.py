"""Which lists a mask makes worth a visit."""

from __future__ import annotations

import numpy as np
import pytest

from emovec_db.index.inverted_lists import SAMPLED_ROWS, Occupancy

#: nearest first: of one query list 2, then 0, then 1; of another the other way round
ORDER = np.array([[2, 0, 1], [1, 0, 2]])


def occupancy(sizes: list[int]) -> Occupancy:
    """Rows in the order of lists."""
    lists = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    starts = np.cumsum(sizes) - sizes
    sample = starts[:, None] + np.arange(SAMPLED_ROWS) * np.array(sizes)[:, None] // SAMPLED_ROWS
    return Occupancy(lists, np.array(sizes), np.minimum(sample, sum(sizes) - 1))


@pytest.mark.parametrize(
    ("counting", "most", "wanted", "places"),
    [
        ([5, 0, 1, 2], 3, 1, [[0], [0]]),
        ([5, 0, 1, 2], 3, 2, [[0, 1], [0, 1]]),
        ([5, 0, 1, 2], 3, 4, [[0, 1, 2], [0, 1, 2]]),
        ([5, 0, 1, 2], 2, 4, [[0, 1], [0, 1]]),
        ([2, 3], 1, 2, [[2], [0]]),  # the nearest of the first are empty: they count for nothing
        ([], 3, 1, [[-1], [-1]]),
    ],
)
def test_the_nearest_that_hold_what_counts_until_enough_was_seen(
    counting: list[int], most: int, wanted: float, places: list[list[int]]
) -> None:
    """Six rows that count one by one, among a hundred that don't."""
    mask = np.zeros(106, bool)
    held = occupancy([2, 2, 102])
    mask[[row if row < 4 else 105 for row in counting]] = True
    assert held.nearest(ORDER, mask, most, wanted).tolist() == places


def test_many_are_counted_in_a_sample_that_is_near_the_truth() -> None:
    sizes = [0, 5, 64, 1000, 4000]
    rng = np.random.default_rng(0)
    mask = rng.random(sum(sizes)) < np.repeat([0, 1, 0.5, 0.25, 0], sizes)
    held = occupancy(sizes)
    right = np.bincount(held.lists[mask], minlength=len(sizes))
    assert held.held(mask)[[0, 1, 2, 4]].tolist() == right[[0, 1, 2, 4]].tolist()
    assert held.held(mask)[3] == pytest.approx(right[3], abs=150)
