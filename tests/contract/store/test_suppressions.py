from __future__ import annotations

import pytest
from sqlalchemy import select

from emovec_db.domain.collection import Collection
from emovec_db.errors import SuppressedError
from emovec_db.store.engine import Engines, parse_url
from emovec_db.store.store import Store
from emovec_db.store.tables import SuppressionRow
from tests.stored import PROVENANCE, RECIPE, recording, sha256

CHANNELS = ("mix", "left", "ch0", "right", "ch1", "ch2")

#: by the channel that was deleted: those of the same file in which it would be heard again
HEARD_IN = {
    "mix": {*CHANNELS},
    "left": {"mix", "left", "ch0"},
    "ch0": {"mix", "left", "ch0"},
    "right": {"mix", "right", "ch1"},
    "ch1": {"mix", "right", "ch1"},
    "ch2": {"mix", "ch2"},
}


def delete(store: Store, calls: Collection, name: str, channel: str = "mix") -> None:
    with store.write() as unit:
        added = unit.recordings.add(calls, recording(name, channel=channel), PROVENANCE)
        unit.suppressions.suppress(calls.collection_id, [added, 99])
        unit.recordings.delete(calls, [added])


@pytest.mark.parametrize("deleted", CHANNELS)
def test_what_was_deleted_is_kept_out_of_every_channel_it_is_heard_in(
    store: Store, calls: Collection, deleted: str
) -> None:
    delete(store, calls, "a", deleted)
    kept_out = set()
    for channel in CHANNELS:
        with store.write() as unit:
            try:
                unit.recordings.add(calls, recording("a", channel=channel), PROVENANCE)
            except SuppressedError:
                kept_out.add(channel)
    assert kept_out == HEARD_IN[deleted]
    with store.read() as unit:
        asked = {one for one in CHANNELS if unit.suppressions.of(calls.collection_id, sha256("a"), one)}
    assert asked == HEARD_IN[deleted]


def test_the_same_sound_is_kept_out_in_another_file(store: Store, calls: Collection) -> None:
    delete(store, calls, "a")
    same = sha256("a decoded, mix")
    with pytest.raises(SuppressedError, match="it was deleted before"), store.write() as unit:
        unit.recordings.add(calls, recording("b", channel="left", pcm_sha256=same), PROVENANCE)
    with store.write() as unit:
        unit.recordings.add(calls, recording("b", channel="left"), PROVENANCE)
        assert len(unit.suppressions.of(calls.collection_id, sha256("b"), "mix", same)) == 1
        assert unit.suppressions.of(calls.collection_id, sha256("b"), "mix") == ()


def test_it_holds_in_one_collection_only(store: Store, calls: Collection) -> None:
    delete(store, calls, "a")
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        unit.recordings.add(other, recording("a"), PROVENANCE)
        assert (unit.collections.summary(calls).suppressions, unit.collections.summary(other).suppressions) == (1, 0)


def test_what_is_lifted_comes_in_and_a_later_deletion_is_newer(store: Store, calls: Collection) -> None:
    with store.read() as unit:
        assert unit.suppressions.newest(calls.collection_id) == 0
    delete(store, calls, "a")
    with store.write() as unit:
        first = unit.suppressions.newest(calls.collection_id)
        unit.suppressions.lift(unit.suppressions.of(calls.collection_id, sha256("a"), "mix"))
    delete(store, calls, "a")
    with store.write() as unit:
        second = unit.suppressions.newest(calls.collection_id)
        # the same again, as when another file of the same sound is met
        unit.suppressions.add(calls.collection_id, sha256("a"), "mix", sha256("a decoded, mix"))
        assert first < second < unit.suppressions.newest(calls.collection_id)
        assert unit.collections.summary(calls).suppressions == 1


def test_it_names_nobody(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        named = recording("anna", customer="anna", speaker="anna", metadata={"topic": "anna"})
        added = unit.recordings.add(calls, named, PROVENANCE)
        unit.suppressions.suppress(calls.collection_id, [added])
        unit.recordings.delete(calls, [added])
    engines = Engines.at(parse_url(store.url))
    with engines.read.connect() as connection:
        (row,) = connection.execute(select(SuppressionRow.__table__)).mappings()
    engines.plain.dispose()
    assert dict(row) == {
        "suppression_id": row["suppression_id"],
        "collection_id": calls.collection_id,
        "sha256": sha256("anna"),
        "channel": "mix",
        "pcm_sha256": sha256("anna decoded, mix"),
    }
