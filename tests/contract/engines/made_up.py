"""A collection whose filters let known shares through, and what exact search finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.database import Database
from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import NewUtterance
from emovec_db.emotions import LABELS
from emovec_db.spaces.protocol import Space
from tests import stored
from tests.unit_vectors import brute_force, grouped

NAME = "calls"
COUNT = 400
DIM = 24
IDENTITY = EncoderIdentity("fake", "1", "ab" * 32, "fp32", DIM)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)

#: filters by the share that they let through, of what engines filter by themselves and of what they don't
FILTERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "all": {},
    "1 %, by customer": {"customer": "c3"},
    "1 %, by metadata": {"metadata": {"batch": "3"}},
    "10 %, by label": {"label": LABELS[0], "where": "duration_s > 2"},
    "10 %, by time": {"since": JUNE + timedelta(days=36), "until": JUNE + timedelta(days=76)},
    "10 %, by metadata": {"where": "metadata.tens = 7"},
    "50 %, by role": {"role": "agent"},
    "50 %, by speaker": {"where": "not speaker exists or speaker = 's \"0\" or 1 == 1'"},
    "50 %, by metadata": {"where": "not metadata.even exists"},
    "none, by customer": {"customer": 'c" or customer != "'},
    "none, by metadata": {"metadata": {"batch": "nowhere"}},
}


def fill(database: Database, count: int = COUNT, first: int = 0) -> Collection:
    """Recordings of one utterance each: vectors in groups, details by the recording's number."""
    vectors = grouped(first + count, DIM, seed=1)
    with database._parts.store.write() as unit:
        collection = unit.collections.find(NAME) or unit.collections.create(NAME, IDENTITY, stored.RECIPE)
        for number in range(first, first + count):
            add(unit, collection, number, vectors[number])
    return collection


def add(unit: Any, collection: Collection, number: int, vector: NDArray[np.float32]) -> int:
    """Store one; its id as a recording."""
    said = NewUtterance(
        start_s=0,
        end_s=1.5 if number % 10 else 2.5,
        embedding=vector,
        prediction=stored.prediction(LABELS[number % 10 % 9], 0.5 + number % 40 / 100),
    )
    recording = stored.recording(
        f"call-{number}",
        utterances=(said,),
        customer=f"c{number // 4}" if number % 4 < 3 or number == 15 else None,
        speaker='s "0" or 1 == 1' if number % 4 == 0 else "s1" if number % 2 else None,
        role="agent" if number % 2 else "customer",
        recorded_at=JUNE + timedelta(days=number) if number % 100 else None,
        metadata={"batch": number // 4, "tens": number % 10, **({} if number % 2 else {"even": True})},
    )
    recording_id: int = unit.recordings.add(collection, recording, stored.PROVENANCE)
    return recording_id


def queries(count: int = 10) -> NDArray[np.float32]:
    return grouped(count, DIM, seed=2)


def exactly(
    database: Database, collection: Collection, space: Space, query: NDArray[np.float32], k: int, **chosen: Any
) -> tuple[list[int], NDArray[np.float64]]:
    """Ids and similarities of the k nearest that the filter lets through, by the database's numbers and numpy's."""
    with database._parts.store.read() as unit:
        ids = unit.utterances.ids(collection, Filter(**chosen))
        if not len(ids):
            return [], np.empty(0)
        return brute_force(ids, space.project(unit.utterances.vectors(collection, ids)), query, k)
