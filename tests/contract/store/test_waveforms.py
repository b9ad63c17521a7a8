from __future__ import annotations

import numpy as np

from emovec_db.domain.collection import Collection
from emovec_db.domain.peaks import Peaks
from emovec_db.store.store import Store
from tests.stored import PROVENANCE, QUALITY, peaks, recording


def test_peaks_come_back_level_by_level_and_go_with_their_recording(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        one = unit.recordings.add(calls, recording("a"), PROVENANCE)
        two = unit.recordings.add(calls, recording("bb"), PROVENANCE)
    with store.read() as unit:
        found = unit.waveforms.find(two)
    assert found is not None
    assert found.duration_s == QUALITY.duration_s
    np.testing.assert_array_equal(found.levels, peaks(2).levels)
    with store.write() as unit:
        unit.recordings.delete(calls, [one])
    with store.read() as unit:
        assert unit.waveforms.find(one) is None
        assert unit.waveforms.find(two) is not None


def test_the_first_peaks_stay(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        one = unit.recordings.add(calls, recording("a"), PROVENANCE)
        unit.waveforms.keep(one, Peaks(2.5, np.zeros(250, np.uint8)))
    with store.read() as unit:
        found = unit.waveforms.find(one)
    assert found is not None
    np.testing.assert_array_equal(found.levels, peaks(1).levels)
