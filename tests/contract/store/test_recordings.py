from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Details, NewRecording, Recording, Source
from emovec_db.errors import ConflictError, EncoderMismatchError, NotFoundError, QueryError
from emovec_db.store.store import Store
from tests.stored import JUNE, PROVENANCE, QUALITY, RECIPE, embedding, prediction, recording, sha256, utterance

DETAILS: dict[str, Any] = {
    "customer": "Grüße & Söhne 客户",
    "speaker": "s'1",
    "role": "customer",
    "recorded_at": JUNE,
    "metadata": {"line": 7, "topic": "退款", "nested": {"list": [1, None, 0.5, True]}},
}


def add(store: Store, collection: Collection, *new: NewRecording) -> list[int]:
    with store.write() as unit:
        return [unit.recordings.add(collection, each, PROVENANCE) for each in new]


def test_a_recording_comes_back_as_it_was_stored(store: Store, calls: Collection) -> None:
    new = recording("a", summary=prediction("sad", 0.7), blob_key="ab/cd", **DETAILS)
    (recording_id,) = add(store, calls, new)
    with store.read() as unit:
        found = unit.recordings.get(calls.collection_id, recording_id)
        assert unit.recordings.by_bytes(calls.collection_id, new.sha256) == (found,)
    assert (found.sha256, found.pcm_sha256, found.channel, found.blob_key) == (
        new.sha256,
        new.pcm_sha256,
        "mix",
        "ab/cd",
    )
    assert (found.details, found.quality, found.summary) == (new.details, QUALITY, new.summary)
    assert found.uris == (new.source.uri,)
    assert found.summary.label == "sad"


def test_times_come_back_in_utc_whatever_their_zone(store: Store, calls: Collection) -> None:
    local = JUNE.astimezone(timezone(timedelta(hours=-7)))
    (recording_id,) = add(store, calls, recording("a", recorded_at=local))
    with store.read() as unit:
        stored = unit.recordings.get(calls.collection_id, recording_id).details.recorded_at
    assert stored == JUNE
    assert stored is not None
    assert stored.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_refused(store: Store, calls: Collection) -> None:
    with pytest.raises(QueryError, match="has no zone"):
        add(store, calls, recording("a", recorded_at=JUNE.replace(tzinfo=None)))


@pytest.mark.parametrize(
    "details", [{"metadata": {"x": float("nan")}}, {"metadata": {"x": b""}}, {"speaker": "\udcff"}]
)
def test_values_that_databases_lack_are_refused(store: Store, calls: Collection, details: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match="can't store this value"):
        add(store, calls, recording("a", **details))


def test_the_same_bytes_and_channel_are_stored_once(store: Store, calls: Collection) -> None:
    add(store, calls, recording("a"), recording("a", channel="left"))
    with pytest.raises(ConflictError):
        add(store, calls, recording("b"), recording("a"))
    with store.read() as unit:
        assert unit.collections.summary(calls).recordings == 2


def test_another_collection_may_store_the_same_bytes(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
    (first,), (second,) = (
        add(store, calls, recording("a", customer="c")),
        add(store, other, recording("a", customer="c")),
    )
    with store.read() as unit:
        assert unit.recordings.get(other.collection_id, second).sha256 == sha256("a")
        with pytest.raises(NotFoundError, match=f"no recording {first}"):
            unit.recordings.get(other.collection_id, first)
        assert unit.recordings.ids_of_customer(other.collection_id, "c") == (second,)


def test_an_embedding_of_another_dimension_never_enters(store: Store, calls: Collection) -> None:
    wrong = utterance(1)
    object.__setattr__(wrong, "embedding", embedding(1, dim=9))
    with pytest.raises(EncoderMismatchError, match=r"shape \(9,\).*\(8,\) is expected from fake@1"):
        add(store, calls, recording("a", utterances=[wrong]))
    with store.read() as unit:
        assert unit.recordings.by_bytes(calls.collection_id, sha256("a")) == ()


def test_a_renamed_copy_adds_a_source(store: Store, calls: Collection) -> None:
    (recording_id,) = add(store, calls, recording("a"))
    copy = Source(uri="file:///calls/0 before all others.wav", size_bytes=2**40, mtime_ns=2**62)
    with store.write() as unit:
        unit.recordings.add_source(calls.collection_id, recording_id, "mix", copy)
        unit.recordings.add_source(calls.collection_id, recording_id, "mix", copy)
    with store.read() as unit:
        assert unit.recordings.get(calls.collection_id, recording_id).uris == ("file:///calls/a.wav", copy.uri)
        known = unit.recordings.sources(calls.collection_id, [copy.uri, "file:///unknown"] * 700)
        assert known == {(copy.uri, "mix"): (recording_id, copy)}


def test_a_uri_whose_bytes_were_replaced_moves(store: Store, calls: Collection) -> None:
    old = recording("a")
    replaced = Source(uri=old.source.uri, size_bytes=99, mtime_ns=5)
    first, second = add(store, calls, old, recording("b", source=replaced))
    with store.read() as unit:
        assert unit.recordings.sources(calls.collection_id, [old.source.uri]) == {
            (old.source.uri, "mix"): (second, replaced)
        }
        assert unit.recordings.get(calls.collection_id, first).uris == ()
        (of_first,) = unit.utterances.of_recording(calls, first)
        assert of_first.uri == f"sha256:{old.sha256}"


def test_later_details_replace_earlier_ones(store: Store, calls: Collection) -> None:
    (recording_id,) = add(store, calls, recording("a", **DETAILS))
    given = Details(**DETAILS)
    later = Details(customer="c2", metadata={"topic": "x"})
    with store.write() as unit:
        assert not unit.recordings.update_details(recording_id, given)
        assert unit.recordings.update_details(recording_id, later)
        assert not unit.recordings.update_details(recording_id, later)
    with store.read() as unit:
        assert unit.recordings.get(calls.collection_id, recording_id).details == later
        assert unit.recordings.details_of([recording_id, 99]) == {recording_id: later}
        assert unit.collections.customers(calls.collection_id) == ("c2",)
    with pytest.raises(NotFoundError), store.write() as unit:
        unit.recordings.update_details(99, later)


def test_later_details_are_logged_since_indexes_hold_them_too(store: Store, calls: Collection) -> None:
    two = [utterance(1), utterance(2, 2.5, 5.0)]
    (recording_id,) = add(store, calls, recording("a", customer="c1", utterances=two))
    with store.write() as unit:
        head = unit.changes.head(calls.collection_id)
        unit.recordings.update_details(recording_id, Details(customer="c1"))
        assert unit.changes.head(calls.collection_id) == head
        unit.recordings.update_details(recording_id, Details(customer="c2"))
    with store.read() as unit:
        ids = [each.utterance_id for each in unit.utterances.of_recording(calls, recording_id)]
        logged = unit.changes.since(calls, head)
        assert [(change.utterance_id, change.added) for change in logged] == [(one, True) for one in ids]
        assert not list(unit.integrity.problems(calls))


def test_the_same_sound_is_found_by_its_pcm(store: Store, calls: Collection) -> None:
    first, _ = add(store, calls, recording("a", pcm_sha256="5" * 64), recording("b", pcm_sha256="5" * 64))
    add(store, calls, recording("c", pcm_sha256="6" * 64, utterances=[]))
    with store.read() as unit:
        found = unit.recordings.by_pcm(calls, "5" * 64)
        assert found is not None
        assert found.recording_id == first
        assert unit.recordings.by_pcm(calls, "6" * 64) is None, "it has no utterance in this generation"
        assert unit.recordings.by_pcm(calls, "7" * 64) is None


def test_pages_give_every_recording_once_newest_first(store: Store, calls: Collection) -> None:
    ids = add(store, calls, *(recording(f"r{number}") for number in range(7)))
    seen: list[int] = []
    cursor = None
    with store.read() as unit:
        while True:
            page = unit.recordings.page(calls.collection_id, Filter(), cursor, 3)
            seen += [each.recording_id for each in page.items]
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert unit.recordings.page(calls.collection_id, Filter(), None, 7).next_cursor is None
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "am9iczox", "cmVjb3JkaW5nczo", "cmVjb3JkaW5nczotMQ", "é", "=", "a" * 500]
)
def test_a_cursor_that_is_none_is_refused(store: Store, calls: Collection, cursor: str) -> None:
    with store.read() as unit, pytest.raises(QueryError, match="is no cursor of recordings"):
        unit.recordings.page(calls.collection_id, Filter(), cursor, 3)


def test_a_page_without_rows_is_refused(store: Store, calls: Collection) -> None:
    with store.read() as unit, pytest.raises(QueryError, match="page of 0 rows"):
        unit.recordings.page(calls.collection_id, Filter(), None, 0)


CUSTOMERS = (None, "c1", "c2")
FILTERS = st.builds(
    Filter,
    customer=st.sampled_from((None, None, "c1", "c9")),
    speaker=st.sampled_from((None, None, "s1")),
    role=st.sampled_from((None, None, "agent")),
    label=st.sampled_from((None, None, "happy", "sad")),
    since=st.sampled_from((None, JUNE, JUNE + timedelta(days=1))),
    until=st.sampled_from((None, JUNE + timedelta(days=2))),
    min_confidence=st.sampled_from((None, 0.5)),
    min_duration_s=st.sampled_from((None, 2.0)),
    max_duration_s=st.sampled_from((None, 2.0, 4.0)),
    metadata=st.sampled_from(({}, {}, {"topic": "x"}, {"line": "7"}, {"new": "true"}, {"q\"'k": "x", "topic": "x"})),
)


def variety() -> list[NewRecording]:
    random = np.random.default_rng(3)

    def pick(*values: Any) -> Any:
        return values[random.integers(len(values))]

    found = []
    for number in range(40):
        duration_s = float(pick(1.0, 2.0, 5.0))
        mood = prediction(pick("happy", "sad"), pick(0.4, 0.8))
        spoken = utterance(number, 0.5, 0.5 + duration_s, label=mood.label, confidence=max(mood.scores))
        quality = type(QUALITY)(**{**QUALITY_VALUES, "duration_s": duration_s})
        metadata = pick({}, {"topic": "x"}, {"topic": "x", "q\"'k": "x"}, {"line": 7}, {"new": True, "line": "7"})
        found.append(
            recording(
                f"v{number}",
                customer=pick(*CUSTOMERS),
                speaker=pick(None, "s1"),
                role=pick("agent", "customer"),
                recorded_at=pick(None, *(JUNE + timedelta(days=day) for day in range(3))),
                metadata=metadata,
                summary=mood,
                quality=quality,
                utterances=[spoken],
            )
        )
    return found


QUALITY_VALUES = {name: getattr(QUALITY, name) for name in QUALITY.__dataclass_fields__}


def fulfils(stored: Recording, wanted: Filter) -> bool:
    """The oracle: the filter read by a person."""
    details = stored.details
    written = {key: value if isinstance(value, str) else json.dumps(value) for key, value in details.metadata.items()}
    at = details.recorded_at
    return all(
        (
            wanted.customer in {None, details.customer},
            wanted.speaker in {None, details.speaker},
            wanted.role in {None, details.role},
            wanted.label in {None, stored.summary.label},
            wanted.since is None or (at is not None and at >= wanted.since),
            wanted.until is None or (at is not None and at < wanted.until),
            wanted.min_confidence is None or stored.summary.confidence >= wanted.min_confidence,
            wanted.min_duration_s is None or stored.quality.duration_s >= wanted.min_duration_s,
            wanted.max_duration_s is None or stored.quality.duration_s <= wanted.max_duration_s,
            all(written.get(key) == text for key, text in wanted.metadata.items()),
        )
    )


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_filters_agree_with_reading_every_recording(store: Store, calls: Collection, data: st.DataObject) -> None:
    with store.read() as unit:
        filled = unit.utterances.count(calls)
    if not filled:
        add(store, calls, *variety())
    wanted = data.draw(FILTERS)
    with store.read() as unit:
        everything = unit.recordings.page(calls.collection_id, Filter(), None, 100).items
        page = unit.recordings.page(calls.collection_id, wanted, None, 100)
        chosen = unit.recordings.chosen(calls.collection_id, wanted)
        count = unit.recordings.count(calls.collection_id, wanted)
        ids = unit.utterances.ids(calls, wanted)
        owners = {each.utterance_id: each.recording_id for each in unit.utterances.rows(calls, ids.tolist()).values()}
    expected = [each.recording_id for each in everything if fulfils(each, wanted)]
    assert len(everything) == 40
    assert [each.recording_id for each in page.items] == expected
    assert chosen.dtype == np.int64
    assert chosen.tolist() == sorted(expected)
    assert count == len(expected)
    assert ids.dtype == np.int64
    assert sorted(ids.tolist()) == ids.tolist()
    assert [owners[key] for key in ids.tolist()] == expected[::-1], "each recording has one utterance with its summary"
