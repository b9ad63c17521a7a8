"""A generation beside the one that serves: unseen until it is activated, gone without a trace when it is dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emovec_db.domain.collection import Collection, GenerationState, Recipe
from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.domain.query import Filter
from emovec_db.errors import EncoderMismatchError, GenerationReplacedError, NotFoundError, RefusedError
from emovec_db.store.store import Store, Unit
from tests.stored import DIM, IDENTITY, PROVENANCE, RECIPE, policy_change, prediction, recording, track, utterance

OTHER = EncoderIdentity("other", "2", "cd" * 32, "int8", DIM)
OTHER_RECIPE = Recipe(encoder_source="./other", segmentation="pauses-1")


@pytest.fixture
def three(store: Store, calls: Collection) -> list[int]:
    with store.write() as unit:
        return [unit.recordings.add(calls, recording(name, customer=name), PROVENANCE) for name in ("a", "b", "c")]


@pytest.fixture
def target(store: Store, calls: Collection, three: list[int]) -> Collection:
    with store.write() as unit:
        return unit.generations.create(calls, OTHER, OTHER_RECIPE)


def encode(unit: Unit, target: Collection, recording_id: int, seed: int = 9) -> int:
    """What a re-encoding writes of a recording; the id of its utterance."""
    (utterance_id,) = unit.utterances.add(target, recording_id, [utterance(seed, label="sad")], PROVENANCE)
    unit.summaries.add(target, recording_id, prediction("sad"), recording("x").left_out)
    unit.tracks.add(target, recording_id, track(seed))
    return utterance_id


def test_it_is_told_by_its_identity_and_recipe(store: Store, calls: Collection, target: Collection) -> None:
    assert (target.generation.encoder, target.generation.recipe) == (OTHER, OTHER_RECIPE)
    assert target == replace(calls, generation=target.generation)
    with store.read() as unit:
        assert unit.generations.get(calls, target.generation.generation_id) == target
        with pytest.raises(NotFoundError, match=r"'calls' has no generation 99: expected one of 1, 2"):
            unit.generations.get(calls, 99)


@pytest.mark.parametrize(
    ("encoder", "recipe", "same"),
    [
        (OTHER, OTHER_RECIPE, True),
        (OTHER, replace(OTHER_RECIPE, encoder_source="/elsewhere"), True),
        (replace(OTHER, name="renamed", revision="9"), OTHER_RECIPE, True),
        (replace(OTHER, precision="fp32"), OTHER_RECIPE, False),
        (replace(OTHER, weights_sha256="ef" * 32), OTHER_RECIPE, False),
        (OTHER, replace(OTHER_RECIPE, segmentation="windows-1"), False),
    ],
)
def test_weights_precision_and_segmentation_make_it_another(
    target: Collection, encoder: EncoderIdentity, recipe: Recipe, same: bool
) -> None:
    assert target.generation.is_made_by(encoder, recipe) is same


def test_nobody_sees_one_that_is_being_built(
    store: Store, calls: Collection, three: list[int], target: Collection
) -> None:
    with store.read() as unit:
        before = unit.recordings.page(calls.collection_id, Filter(), None, 9)
    with store.write() as unit:
        for recording_id in three[:2]:
            encode(unit, target, recording_id)
    with store.read() as unit:
        assert unit.collections.get("calls") == calls
        summary = unit.collections.summary(calls)
        assert (summary.recordings, summary.utterances) == (3, 3)
        assert unit.recordings.page(calls.collection_id, Filter(), None, 9) == before
        assert unit.recordings.page(calls.collection_id, Filter(label="sad"), None, 9).items == ()
        assert unit.recordings.get(calls.collection_id, three[0]).summary.label == "happy"
        assert unit.recordings.by_pcm(calls, recording("a").pcm_sha256) == before.items[2]
        assert len(unit.utterances.of_recording(calls, three[0])) == 1
        assert unit.utterances.count(calls) == len(unit.utterances.ids(calls, Filter())) == 3
        assert len(unit.changes.since(calls, 0)) == 3
        assert len(unit.utterances.owners(calls)) == 3
        assert list(unit.integrity.problems(calls)) == []


def test_a_sound_is_found_as_its_generation_has_it(
    store: Store, calls: Collection, three: list[int], target: Collection
) -> None:
    with store.read() as unit:
        assert unit.recordings.by_pcm(target, recording("a").pcm_sha256) is None
    with store.write() as unit:
        encode(unit, target, three[0])
    with store.read() as unit:
        there, here = (unit.recordings.by_pcm(one, recording("a").pcm_sha256) for one in (target, calls))
    assert there is not None
    assert here is not None
    assert (there.recording_id, there.summary.label) == (three[0], "sad")
    assert (here.recording_id, here.summary.label) == (three[0], "happy")


def test_what_is_missing_is_told(store: Store, calls: Collection, three: list[int], target: Collection) -> None:
    first, second, third = three
    with store.write() as unit:
        encode(unit, target, second)
    with store.read() as unit:
        assert unit.generations.missing(target) == (first, third)
        assert unit.generations.missing(target, after=first) == (third,)
        assert unit.generations.missing(target, limit=1) == (first,)
        assert unit.generations.missing_among(target, [second, third, 99]) == {third}
        assert unit.generations.count_missing(target) == 2
        assert unit.generations.missing(calls) == ()
        old, new = unit.generations.summaries(calls.collection_id)
    assert (old.state, old.recordings, old.missing) == (GenerationState.ACTIVE, 3, 0)
    assert (new.state, new.recordings, new.missing) == (GenerationState.BUILDING, 1, 2)
    assert old.activated_at is not None
    assert new.activated_at is None


def test_activated_it_serves(store: Store, calls: Collection, three: list[int], target: Collection) -> None:
    with store.write() as unit:
        ids = [encode(unit, target, recording_id) for recording_id in three]
        unit.generations.activate(target)
    with store.read() as unit:
        assert unit.collections.get("calls") == target
        assert unit.collections.is_serving(target)
        assert not unit.collections.is_serving(calls)
        assert {one.summary.label for one in unit.recordings.page(calls.collection_id, Filter(), None, 9).items} == {
            "sad"
        }
        assert unit.utterances.ids(target, Filter()).tolist() == ids
        assert [change.utterance_id for change in unit.changes.since(target, 0)] == ids
        assert list(unit.integrity.problems(target)) == []
        states = [one.state for one in unit.generations.summaries(calls.collection_id)]
    assert states == [GenerationState.PREVIOUS, GenerationState.ACTIVE]


def test_nothing_new_enters_a_generation_that_was_replaced(store: Store, calls: Collection, target: Collection) -> None:
    with store.write() as unit:
        unit.generations.activate(target)
    replaced = pytest.raises(GenerationReplacedError, match=r"serves from generation 2 by now, not from 1")
    with replaced, store.write() as unit:
        unit.recordings.add(calls, recording("late"), PROVENANCE)
    with store.write() as unit:
        unit.recordings.add(target, recording("late"), PROVENANCE)
    with store.read() as unit:
        (late,) = unit.recordings.by_bytes(calls.collection_id, recording("late").sha256)
        assert unit.generations.missing_among(calls, [late.recording_id]) == {late.recording_id}


def test_its_own_dimension_and_the_policy_hold(
    store: Store, calls: Collection, three: list[int], target: Collection
) -> None:
    with store.write() as unit:
        wide = unit.generations.create(calls, replace(OTHER, dim=DIM + 1), OTHER_RECIPE)
    with pytest.raises(EncoderMismatchError), store.write() as unit:
        encode(unit, wide, three[0])
    with store.write() as unit:
        unit.policies.log(calls.collection_id, policy_change("agent", forbidden=True))
    with pytest.raises(RefusedError), store.write() as unit:
        encode(unit, target, three[0])


def test_deleted_from_every_generation(store: Store, calls: Collection, three: list[int], target: Collection) -> None:
    with store.write() as unit:
        ids = [encode(unit, target, recording_id) for recording_id in three]
        unit.recordings.delete(calls, three[:2])
    with store.read() as unit:
        assert unit.utterances.ids(target, Filter()).tolist() == ids[2:]
        gone = [change.utterance_id for change in unit.changes.since(target, 0) if not change.added]
        assert sorted(gone) == ids[:2]
        assert [one.recordings for one in unit.generations.summaries(calls.collection_id)] == [1, 1]


def test_dropped_it_leaves_nothing_and_the_others_stay(
    store: Store, calls: Collection, three: list[int], target: Collection
) -> None:
    with store.write() as unit:
        for recording_id in three:
            encode(unit, target, recording_id)
    forgotten = []
    for _ in range(3):
        with store.write() as unit:
            forgotten.append(unit.generations.forget(target, 2))
        with store.read() as unit:
            # whole or not at all, also between two steps
            assert unit.utterances.count(target) == 3 - sum(forgotten)
    assert forgotten == [2, 1, 0]
    with store.write() as unit:
        unit.generations.remove(target)
    with store.read() as unit:
        assert unit.collections.get("calls") == calls
        assert unit.utterances.count(calls) == 3
        assert list(unit.integrity.problems(calls)) == []
        assert len(unit.generations.summaries(calls.collection_id)) == 1
        with pytest.raises(NotFoundError):
            unit.tracks.get(target, three[0])


def test_an_encoder_that_was_moved_is_loaded_from_there(store: Store, calls: Collection, target: Collection) -> None:
    with store.write() as unit:
        moved = unit.generations.load_from(target, "/models/other")
    assert moved.generation.recipe == replace(OTHER_RECIPE, encoder_source="/models/other")
    with store.read() as unit:
        assert unit.generations.get(calls, target.generation.generation_id) == moved
        assert unit.collections.get("calls").generation.recipe == RECIPE
    assert calls.generation.encoder == IDENTITY
