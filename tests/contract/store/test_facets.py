"""Counts are what counting by hand gives, on both databases."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.facets import FACETS, Count
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Utterance
from emovec_db.errors import QueryError
from emovec_db.store.store import Store
from tests.contract.store.test_recordings import variety
from tests.stored import PROVENANCE, utterance


@pytest.fixture
def filled(store: Store, calls: Collection) -> Store:
    with store.write() as unit:
        for number, new in enumerate(variety()):
            spoken = [*new.utterances, utterance(100 + number, 6.0, 8.0, label="angry")][: 1 + number % 2]
            voiced = tuple(replace(one, voice=(None, "A")[number % 2]) for one in spoken)
            unit.recordings.add(calls, replace(new, utterances=voiced), PROVENANCE)
    return store


def value_of(facet: str, one: Utterance) -> str | None:
    if facet == "label":
        return one.prediction.label
    if facet == "month":
        return None if one.recorded_at is None else f"{one.recorded_at:%Y-%m}"
    found: str | None = getattr(one, facet)
    return found


@pytest.mark.parametrize("facet", FACETS)
@pytest.mark.parametrize("chosen", [Filter(), Filter(label="happy"), Filter(where="customer exists and not voice = A")])
def test_counts_are_those_of_counting_by_hand(filled: Store, calls: Collection, facet: str, chosen: Filter) -> None:
    with filled.read() as unit:
        rows = unit.utterances.rows(calls, unit.utterances.ids(calls, chosen).tolist()).values()
        count = unit.facets.count(calls, chosen)
        found = unit.facets.by(calls, facet, chosen, 100)
        first = unit.facets.by(calls, facet, chosen, 1)
    assert count == Count(len(rows), len({one.recording_id for one in rows}))
    utterances = Counter(value_of(facet, one) for one in rows)
    recordings: dict[str | None, set[int]] = defaultdict(set)
    for one in rows:
        recordings[value_of(facet, one)].add(one.recording_id)
    assert {one.value: one.count for one in found} == {
        value: Count(many, len(recordings[value])) for value, many in utterances.items()
    }
    assert [one.count.utterances for one in found] == sorted(utterances.values(), reverse=True)
    assert first == found[:1]


def test_what_cannot_be_counted_by_is_told(filled: Store, calls: Collection) -> None:
    with filled.read() as unit:
        with pytest.raises(QueryError, match="counts can't be told by 'colour': expected one of label, customer"):
            unit.facets.by(calls, "colour", Filter(), 5)
        with pytest.raises(QueryError, match="0 values are asked for: expected 1 to 1000"):
            unit.facets.by(calls, "label", Filter(), 0)
