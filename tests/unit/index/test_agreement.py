"""Two partitions side by side, by counting pairs and sets."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.index.agreement import adjusted_rand, contingency, normalised_mutual_information, overlaps

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=2, max_size=30)


def by_pairs(first: list[int], second: list[int]) -> float:
    """The adjusted Rand index by its definition: pairs that are together, over what chance lets expect."""
    n = len(first)
    both = sum(first[a] == first[b] and second[a] == second[b] for a, b in combinations(range(n), 2))
    ours, theirs = (sum(comb(of.count(each), 2) for each in set(of)) for of in (first, second))
    expected, most = ours * theirs / comb(n, 2), (ours + theirs) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


@given(pairs=PAIRS)
def test_what_is_said_of_two_partitions(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(of, np.int32) for of in zip(*pairs, strict=True))
    cells = contingency(first, second, 4, 5)
    shares = overlaps(cells)
    for a in range(4):
        for b in range(5):
            ours, theirs = set(np.flatnonzero(first == a)), set(np.flatnonzero(second == b))
            assert cells[a, b] == len(ours & theirs)
            assert shares[a, b] == pytest.approx(len(ours & theirs) / len(ours | theirs) if ours | theirs else 0)
    assert adjusted_rand(first, second) == pytest.approx(by_pairs(first.tolist(), second.tolist()))
    joint = cells / cells.sum()
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    entropies = [-(p[p > 0] * np.log(p[p > 0])).sum() for p in (rows, columns)]
    there = joint > 0
    shared = (joint[there] * np.log(joint[there] / np.outer(rows, columns)[there])).sum()
    if min(entropies) > 0:
        assert normalised_mutual_information(first, second) == pytest.approx(shared / np.mean(entropies), abs=1e-6)
