"""Two stored K-Means runs side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.agreement import Agreement, BestMatch
from emovec_db.domain.collection import Collection
from emovec_db.errors import QueryError
from emovec_db.index.agreement import adjusted_rand, contingency, normalised_mutual_information, overlaps
from emovec_db.store.store import Store


def compare_clusterings(store: Store, collection: Collection, first: int, second: int) -> Agreement:
    """How far two runs agree on the utterances that are in both.

    Raises:
        NotFoundError: there is no such run.
        QueryError: no utterance is in both.
    """
    with store.read() as unit:
        ks = [unit.clusterings.k(collection, one) for one in (first, second)]
        (first_ids, first_of), (second_ids, second_of) = (unit.clusterings.assignment(one) for one in (first, second))
    both, in_first, in_second = np.intersect1d(first_ids, second_ids, assume_unique=True, return_indices=True)
    if not len(both):
        raise QueryError(
            f"clusterings {first} and {second} have no utterance in common: expected two runs over the same "
            "recordings; run one of them again with the other's filter"
        )
    ours, theirs = first_of[in_first], second_of[in_second]
    cells = contingency(ours, theirs, *ks)
    return Agreement(
        first=first,
        second=second,
        both=len(both),
        only_first=len(first_ids) - len(both),
        only_second=len(second_ids) - len(both),
        contingency=cells,
        adjusted_rand=adjusted_rand(ours, theirs),
        normalised_mutual_information=normalised_mutual_information(ours, theirs),
        best_matches=_best_matches(overlaps(cells)),
    )


def _best_matches(shares: NDArray[np.float64]) -> tuple[BestMatch, ...]:
    """Of each row the column of the greatest share, the first of equal ones."""
    best, shown = shares.argmax(axis=1).tolist(), shares.max(axis=1).tolist()
    return tuple(
        BestMatch(cluster, match if share > 0 else None, share)
        for cluster, (match, share) in enumerate(zip(best, shown, strict=True))
    )
