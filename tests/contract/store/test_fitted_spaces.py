"""What spaces learned is kept as it was, is replaced whole, and forgets people who have no recording left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.recording import Details
from emovec_db.errors import ConflictError
from emovec_db.store.store import Store
from tests.stored import PROVENANCE, emotion_map, recording, taught_map


@pytest.mark.parametrize("fitted", [emotion_map, taught_map])
def test_it_comes_back_as_it_was(store: Store, calls: Collection, fitted: Callable[..., EmotionMap]) -> None:
    map_ = fitted("speaker:Grüße 客户", "customer:c1")
    with store.write() as unit:
        assert unit.fitted_spaces.find(calls) is None
        assert unit.fitted_spaces.state(calls) is None
        unit.fitted_spaces.replace(
            calls, unit.fitted_spaces.draw_version(calls), map_, utterances=7, annotated=3, seq=9
        )
    with store.read() as unit:
        found, read = unit.fitted_spaces.find(calls), unit.fitted_spaces.read(calls)
        assert unit.fitted_spaces.state(calls) == (1, 0)
    assert found is not None
    assert (found.name, found.version, found.utterances, found.seq, found.people) == ("emotion", 1, 7, 9, 2)
    assert found.annotated == 3
    assert (read.embedding_baseline, read.score_baseline) == (0.25, 0.125)
    assert (read.taught_baseline, read.taught_weight) == (map_.taught_baseline, map_.taught_weight)
    assert (read.taught is None) == (map_.taught is None)
    for name in ("embedding_mean", "basis", "score_mean", *(() if map_.taught is None else ("taught",))):
        np.testing.assert_array_equal(getattr(read, name), getattr(map_, name))
        assert getattr(read, name).dtype == np.float32
    assert set(read.offsets) == set(map_.offsets)
    for person, offsets in map_.offsets.items():
        np.testing.assert_array_equal(read.offsets[person], offsets)


def test_of_two_fits_at_once_the_later_holds_and_no_version_is_drawn_twice(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        earlier, later = (unit.fitted_spaces.draw_version(calls) for _ in range(2))
        assert (earlier, later) == (1, 2)
        assert unit.fitted_spaces.state(calls) is None
        unit.fitted_spaces.replace(calls, later, emotion_map("customer:c1"), utterances=7, seq=9)
    with pytest.raises(ConflictError, match="fitted by another process meanwhile"), store.write() as unit:
        unit.fitted_spaces.replace(calls, earlier, emotion_map("customer:c2"), utterances=8, seq=9)
    with store.write() as unit:
        assert set(unit.fitted_spaces.read(calls).offsets) == {"customer:c1"}
        assert unit.fitted_spaces.draw_version(calls) == 3
        unit.fitted_spaces.replace(calls, 3, emotion_map(), utterances=8, seq=10)
        assert unit.fitted_spaces.state(calls) == (3, 0)
        assert not unit.fitted_spaces.read(calls).offsets


def test_people_are_forgotten_with_their_last_recording(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        first = unit.recordings.add(calls, recording("a", customer="c1", speaker="anna"), PROVENANCE)
        second = unit.recordings.add(calls, recording("b", customer="c1", speaker="ben"), PROVENANCE)
        unit.recordings.add(calls, recording("c", customer="c2"), PROVENANCE)
        known = emotion_map("speaker:anna", "speaker:ben", "customer:c1", "customer:c2")
        unit.fitted_spaces.replace(calls, unit.fitted_spaces.draw_version(calls), known, utterances=3, seq=3)
        unit.recordings.delete(calls, [first])
        assert set(unit.fitted_spaces.read(calls).offsets) == {"speaker:ben", "customer:c1", "customer:c2"}
        unit.recordings.update_details(second, Details(customer="c3"))
        assert set(unit.fitted_spaces.read(calls).offsets) == {"customer:c2"}
        assert unit.fitted_spaces.state(calls) == (1, 2)
