"""Two customers side by side."""

from __future__ import annotations

import numpy as np

from emovec_db.domain.profile import CustomerComparison
from emovec_db.errors import QueryError
from emovec_db.services.profiles.estimates import differences
from emovec_db.services.profiles.profile import ProfileQuestion, Profiler


def compare_customers(profiler: Profiler, first: str, second: str, question: ProfileQuestion) -> CustomerComparison:
    """Both profiles, how their mean scores differ, and how near their centroids are.

    Raises:
        QueryError: both are the same.
        NotFoundError: one has no utterances in the period.
    """
    if first == second:
        raise QueryError(f"customer {first!r} is compared with itself: expected two customers")
    one, other = profiler.profile(first, question), profiler.profile(second, question)
    return CustomerComparison(
        first=one.profile,
        second=other.profile,
        differences=differences(one.scores, other.scores),
        similarity=float(np.clip(one.centroid @ other.centroid, -1.0, 1.0)),
    )
