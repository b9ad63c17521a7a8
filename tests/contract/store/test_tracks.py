from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emovec_db.domain.collection import Collection
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


def test_tracks_of_some_recordings_by_id(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        elsewhere = unit.recordings.add(other, recording("elsewhere"), PROVENANCE)
        ids = [
            unit.recordings.add(calls, recording(name, track=track(seed)), PROVENANCE)
            for seed, name in enumerate(["a", "b", "c", "d"])
        ]
        unit.recordings.delete(calls, [ids[2]])
    with store.read() as unit:
        found = unit.tracks.some(calls, [*reversed(ids), elsewhere, 999, *range(2_000, 4_000)])
        assert unit.tracks.some(calls, []) == ()
    assert [recording_id for recording_id, _ in found] == [ids[0], ids[1], ids[3]]
    for recording_id, one in found:
        assert one.hz == 2.0
        np.testing.assert_array_equal(one.levels, track(ids.index(recording_id)).levels)
