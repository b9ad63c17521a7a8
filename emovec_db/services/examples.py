"""One vector that stands for several stored utterances, and turning a vector away from some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Utterance
from emovec_db.domain.similar import Examples
from emovec_db.domain.timeline import Timeline
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services.asked import Asked
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit

#: how much what matches should not be like counts against what they should be like; 0.75 to 0.15 there, where most
#: examples against were chance finds (J. J. Rocchio, Relevance feedback in information retrieval, 1971; weights after
#: Manning, Raghavan, Schütze, Introduction to Information Retrieval, 2008, section 9.1.1); here somebody named them
AGAINST = 0.5


def exemplified(unit: Unit, collection: Collection, space: Space, examples: Examples) -> Asked:
    """The mean of what matches should be like, at length 1; `turned_away` does the rest.

    Raises:
        NotFoundError: there is no such utterance, recording or customer.
        QueryError: the examples cancel each other out.
    """
    like = _like(unit, collection, examples)
    # of a customer everything is an example, and all of it may be found
    own = () if examples.customer is not None else (utterance.utterance_id for utterance in like)
    return Asked(
        vector=_at_length_one(_mean(unit, collection, space, like)),
        scores=Timeline(like).summary(),
        excluded=frozenset(own),
        recordings=frozenset(one.recording_id for one in like),
        customers=frozenset(one.customer for one in like if one.customer is not None),
        speakers=frozenset(one.speaker for one in like if one.speaker is not None),
    )


def turned_away(unit: Unit, collection: Collection, space: Space, asked: Asked, unlike: Sequence[int]) -> Asked:
    """The vector less half of the mean of what matches should not be like, at length 1; scores and people stay.

    Raises:
        NotFoundError: there is no such utterance.
        QueryError: nothing is left of the vector.
    """
    if not unlike:
        return asked
    against = _mean(unit, collection, space, _stored(unit, collection, unlike))
    vector = _at_length_one(asked.vector - AGAINST * against)
    return replace(asked, vector=vector, excluded=asked.excluded.union(unlike))


def _like(unit: Unit, collection: Collection, examples: Examples) -> tuple[Utterance, ...]:
    if examples.recording_id is not None:
        unit.recordings.get(collection.collection_id, examples.recording_id)
        return unit.utterances.of_recording(collection, examples.recording_id)
    if examples.customer is not None:
        ids = unit.utterances.ids(collection, Filter(customer=examples.customer))
        if not len(ids):
            raise NotFoundError(f"collection {collection.name!r} has no utterances of customer {examples.customer!r}")
        return _stored(unit, collection, ids.tolist())
    return _stored(unit, collection, examples.like)


def _stored(unit: Unit, collection: Collection, ids: Sequence[int]) -> tuple[Utterance, ...]:
    rows = unit.utterances.rows(collection, ids)
    missing = [one for one in ids if one not in rows]
    if missing:
        raise NotFoundError(f"collection {collection.name!r} has no utterance {missing[0]}")
    return tuple(rows[one] for one in ids)


def _at_length_one(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    if length < 1e-6:
        raise QueryError("the examples cancel each other out: nothing is left to search for")
    return (vector / length).astype(np.float32)


def _mean(unit: Unit, collection: Collection, space: Space, of: Sequence[Utterance]) -> NDArray[np.float64]:
    """Weighted by duration, float64 (dim,)."""
    found = unit.utterances.vectors(collection, [utterance.utterance_id for utterance in of])
    durations_s = np.array([utterance.end_s - utterance.start_s for utterance in of])
    mean: NDArray[np.float64] = np.average(space.project(found).astype(np.float64), axis=0, weights=durations_s)
    return mean
