from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.query import Filter
from emovec_db.errors import NotFoundError
from emovec_db.store.store import Store
from tests.stored import DIM, JUNE, PROVENANCE, RECIPE, embedding, recording, utterance


@pytest.fixture
def five(store: Store, calls: Collection) -> list[int]:
    """Five utterances with embeddings of seeds 10..14, in two recordings."""
    first = [utterance(10, 10.0, 20.0, label="sad"), utterance(11, 0.0, 10.0), utterance(12, 20.0, 24.5)]
    with store.write() as unit:
        one = unit.recordings.add(calls, recording("a", customer="c1", recorded_at=JUNE, utterances=first), PROVENANCE)
        two = [utterance(13), utterance(14)]
        other = unit.recordings.add(calls, recording("b", utterances=two), Provenance("other-2", "none/1"))
        return [each.utterance_id for key in (one, other) for each in unit.utterances.of_recording(calls, key)]


def test_utterances_come_back_by_start_with_what_a_match_shows(
    store: Store, calls: Collection, five: list[int]
) -> None:
    with store.read() as unit:
        found = [unit.utterances.get(calls, key) for key in five]
        assert unit.utterances.rows(calls, [*five, 99]) == dict(zip(five, found, strict=True))
        assert unit.utterances.count(calls) == 5
        one, other = (found[place].recording_id for place in (0, 3))
        counted = [unit.utterances.count_of(calls, some) for some in ([], [one], [other], [other, one, 99])]
        assert counted == [0, 3, 2, 5]
    assert [each.start_s for each in found] == [0.0, 10.0, 20.0, 0.0, 0.0]
    sad = found[1]
    assert (sad.prediction, sad.end_s) == (utterance(10, label="sad").prediction, 20.0)
    assert (sad.uri, sad.channel, sad.customer, sad.recorded_at) == ("file:///calls/a.wav", "mix", "c1", JUNE)
    assert (found[3].uri, found[3].customer) == ("file:///calls/b.wav", None)


def test_vectors_are_exactly_what_was_stored_in_the_order_asked(
    store: Store, calls: Collection, five: list[int]
) -> None:
    by_start = [11, 10, 12, 13, 14]
    with store.read() as unit:
        asked = [five[4], 99, five[0], five[2], five[0]]
        vectors = unit.utterances.vectors(calls, np.array(asked, dtype=np.int64))
        (everything,) = unit.utterances.all_vectors(calls)
        batches = list(unit.utterances.all_vectors(calls, batch=2))
        nothing = unit.utterances.vectors(calls, [])
        scores = unit.utterances.get(calls, five[0]).prediction.scores
    assert vectors.ids.tolist() == [five[4], five[0], five[2], five[0]]
    expected = np.stack([embedding(by_start[row]) for row in (4, 0, 2, 0)])
    np.testing.assert_array_equal(vectors.embeddings, expected)
    np.testing.assert_array_equal(vectors.scores[1], np.array(scores, np.float32))
    assert everything.ids.tolist() == sorted(five)
    assert [len(batch.ids) for batch in batches] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([batch.embeddings for batch in batches]), everything.embeddings)
    for each in (vectors, everything, nothing):
        assert (each.ids.dtype, each.embeddings.dtype, each.scores.dtype) == (np.int64, np.float32, np.float32)
    assert (nothing.embeddings.shape, nothing.scores.shape) == ((0, DIM), (0, 9))


@pytest.mark.parametrize(
    ("details", "voice", "person"),
    [
        ({"speaker": "anna", "customer": "c1"}, None, "speaker:anna"),
        ({"customer": "c1"}, None, "customer:c1"),
        ({"customer": "c1", "role": "customer"}, None, "customer:c1"),
        ({"customer": "c1", "role": "agent"}, None, None),
        ({}, None, None),
        ({"speaker": "anna"}, "A", None),
    ],
)
def test_who_speaks_is_the_speaker_or_else_the_customer(
    store: Store, calls: Collection, details: dict[str, str], voice: str | None, person: str | None
) -> None:
    spoken = replace(utterance(1), voice=voice)
    with store.write() as unit:
        unit.recordings.add(calls, recording("a", utterances=[spoken], **details), PROVENANCE)
    with store.read() as unit:
        (found,) = unit.utterances.all_vectors(calls)
    assert found.people.tolist() == [person]


def test_more_ids_than_a_statement_takes(store: Store, calls: Collection, five: list[int]) -> None:
    asked = np.arange(40_000)
    with store.read() as unit:
        assert unit.utterances.vectors(calls, asked).ids.tolist() == sorted(five)
        assert sorted(unit.utterances.rows(calls, asked.tolist())) == sorted(five)


def test_another_generation_sees_none_of_it(store: Store, calls: Collection, five: list[int]) -> None:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        elsewhere = replace(calls, generation=other.generation)
        assert unit.utterances.count(elsewhere) == 0
        assert unit.utterances.count_of(elsewhere, list(range(1, 9))) == 0
        assert unit.utterances.rows(elsewhere, five) == {}
        assert len(unit.utterances.vectors(elsewhere, five).ids) == 0
        assert len(unit.utterances.ids(elsewhere, Filter())) == 0
        assert unit.changes.since(elsewhere, 0) == ()
        with pytest.raises(NotFoundError, match=f"no utterance {five[0]} in collection 'calls'"):
            unit.utterances.get(elsewhere, five[0])


def test_where_numbers_came_from_is_kept(store: Store, calls: Collection, five: list[int]) -> None:
    with store.read() as unit:
        first, last = unit.utterances.get(calls, five[0]), unit.utterances.get(calls, five[4])
    assert (first.provenance, last.provenance) == (PROVENANCE, Provenance("other-2", "none/1"))
    assert first.encoder == last.encoder == calls.generation.encoder


def test_owners_are_those_with_a_customer(store: Store, calls: Collection, five: list[int]) -> None:
    with store.read() as unit:
        owners = unit.utterances.owners(calls)
        recording_id = unit.utterances.get(calls, five[0]).recording_id
        assert unit.recordings.count_encoded(calls) == 2
    assert owners == dict.fromkeys(five[:3], ("c1", recording_id))


def test_the_change_log_lists_what_came_in_order(store: Store, calls: Collection, five: list[int]) -> None:
    with store.read() as unit:
        assert unit.changes.head(calls.collection_id) == 5
        changes = unit.changes.since(calls, 0)
        assert unit.changes.since(calls, 3) == changes[3:]
        assert unit.changes.since(calls, 1, limit=2) == changes[1:3]
        assert unit.changes.since(calls, 5) == ()
        assert list(unit.integrity.problems(calls)) == []
        with pytest.raises(NotFoundError):
            unit.changes.head(99)
    assert [(each.seq, each.utterance_id, each.added) for each in changes] == [
        (seq, key, True) for seq, key in enumerate(sorted(five), 1)
    ]


def test_a_failed_write_leaves_nothing(store: Store, calls: Collection) -> None:
    def add_and_fail() -> None:
        with store.write() as unit:
            unit.recordings.add(calls, recording("a"), PROVENANCE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with store.read() as unit:
        assert unit.changes.head(calls.collection_id) == 0
        assert unit.utterances.count(calls) == 0
