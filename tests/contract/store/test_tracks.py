from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.errors import NotFoundError
from emovec_db.store.store import Store
from tests.stored import PROVENANCE, RECIPE, recording, track


def test_a_track_comes_back_byte_by_byte_in_its_generation_only(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        one = unit.recordings.add(calls, recording("a"), PROVENANCE)
        two = unit.recordings.add(calls, recording("bb"), PROVENANCE)
    with store.read() as unit:
        for key, expected in ((one, track(1)), (two, track(2))):
            found = unit.tracks.get(calls, key)
            assert found.hz == expected.hz
            np.testing.assert_array_equal(found.levels, expected.levels)
            with pytest.raises(NotFoundError, match=f"no track of recording {key} in collection 'calls'"):
                unit.tracks.get(replace(calls, generation=other.generation), key)


def test_pages_of_tracks_go_by_id_through_what_the_filter_lets_through(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        elsewhere = unit.recordings.add(other, recording("elsewhere", customer="c1"), PROVENANCE)
        ids = [
            unit.recordings.add(calls, recording(name, customer=customer, track=track(seed)), PROVENANCE)
            for seed, (name, customer) in enumerate([("a", "c1"), ("b", "c2"), ("c", "c1"), ("d", "c1")])
        ]
        unit.recordings.delete(calls, [ids[2]])

    def pages(filter: Filter, limit: int) -> list[list[int]]:
        found: list[list[int]] = []
        after = 0
        with store.read() as unit:
            while page := unit.tracks.page(calls, filter, after, limit):
                for recording_id, one in page:
                    np.testing.assert_array_equal(one.levels, track(ids.index(recording_id)).levels)
                found.append([recording_id for recording_id, _ in page])
                after = found[-1][-1]
        return found

    assert pages(Filter(), 2) == [[ids[0], ids[1]], [ids[3]]]
    assert pages(Filter(customer="c1"), 10) == [[ids[0], ids[3]]]
    assert pages(Filter(label="happy", min_duration_s=2.5), 10) == [[ids[0], ids[1], ids[3]]]
    assert pages(Filter(label="sad"), 10) == pages(Filter(min_duration_s=2.6), 10) == []
    with store.read() as unit:
        assert [key for key, _ in unit.tracks.page(other, Filter(), 0, 10)] == [elsewhere]
