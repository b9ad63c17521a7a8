"""What matches should not be like, beside each kind of thing that they should be like, against numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import emovec_db
from emovec_db.audio.decode import decode
from emovec_db.database import Collection
from emovec_db.domain.answer import Answer
from emovec_db.domain.query import Heard
from emovec_db.domain.similar import MAX_EXAMPLES, But, Examples
from emovec_db.domain.sound import SoundLimits
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services.explaining import differences
from emovec_db.spaces.registry import SPACES
from tests.sounds import tone, write

from .test_queries import DIM, everything, fill, ids_of, unit_mean

VECTOR = np.random.default_rng(21).standard_normal(DIM).astype(np.float32)
MIXTURE = {"angry": 3.0, "sad": 1.0}
UNLIKE = [7, 31, 80]
HALF = 16_000


class World(NamedTuple):
    """A collection, a recording that is not in it, its second half alone, and it as a draft."""

    calls: Collection
    file: Path
    half: Path
    token: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("unlike")
    with emovec_db.open(folder / "data", encoder="fake") as database:
        fill(database)
        calls = database.collection("calls")
        sound = np.concatenate([tone(200, 1), tone(1000, 1)])
        file = write(folder / "new.wav", sound, subtype="FLOAT")
        half = write(folder / "half.wav", sound[HALF:], subtype="FLOAT")
        yield World(calls, file, half, calls.drafts.make(file).token)


def of_file(world: World, space: str, file: Path) -> np.ndarray:
    heard = world.calls.classify(file)
    return SPACES[space].project(Heard.alone(heard.embedding, np.array(heard.prediction.scores, np.float32)))[0]


def of_stored(world: World, space: str, ids: list[int]) -> np.ndarray:
    _, rows = everything(world.calls)
    return unit_mean(world.calls, space, ids, [rows[one].end_s - rows[one].start_s for one in ids])


def ids_where(world: World, holds: Callable[[Any], bool]) -> list[int]:
    _, rows = everything(world.calls)
    return [one for one in rows if holds(rows[one])]


def shares() -> np.ndarray:
    wished = np.zeros(9)
    wished[LABELS.index("angry")], wished[LABELS.index("sad")] = 0.75, 0.25
    return np.sqrt(wished)


class Kind(NamedTuple):
    """A way to search, what it searches by in a space, and which utterances it leaves out by itself."""

    ask: Callable[..., Answer]
    vector: Callable[[World, str], np.ndarray]
    own: Callable[[World], list[int]] = lambda _: []
    spaces: tuple[str, ...] = ("embedding", "scores")


KINDS = {
    "file": Kind(lambda w, **asked: w.calls.similar(w.file, **asked), lambda w, space: of_file(w, space, w.file)),
    "sound": Kind(
        lambda w, **asked: w.calls.similar(decode(w.file, limits=SoundLimits(10**7, 60))[0], **asked),
        lambda w, space: of_file(w, space, w.file),
    ),
    "draft": Kind(
        lambda w, **asked: w.calls.drafts.similar(w.token, **asked), lambda w, space: of_file(w, space, w.file)
    ),
    "stretch": Kind(
        lambda w, **asked: w.calls.drafts.similar(w.token, start_s=1, end_s=2, **asked),
        lambda w, space: of_file(w, space, w.half),
    ),
    "vector": Kind(
        lambda w, **asked: w.calls.similar_to_vector(VECTOR, **asked), lambda *_: VECTOR, spaces=("embedding",)
    ),
    "mixture": Kind(
        lambda w, **asked: w.calls.similar_to_scores(MIXTURE, **asked), lambda *_: shares(), spaces=("scores",)
    ),
    "utterance": Kind(
        lambda w, **asked: w.calls.similar_by_id(5, **asked),
        lambda w, space: of_stored(w, space, [5]),
        lambda _: [5],
    ),
    "recording": Kind(
        lambda w, **asked: w.calls.similar_to_recording(3, **asked),
        lambda w, space: of_stored(w, space, ids_where(w, lambda one: one.recording_id == 3)),
        lambda w: ids_where(w, lambda one: one.recording_id == 3),
    ),
    "customer": Kind(
        lambda w, **asked: w.calls.similar_to_customer("c2", **asked),
        lambda w, space: of_stored(w, space, ids_where(w, lambda one: one.customer == "c2")),
    ),
    "examples": Kind(
        lambda w, **asked: w.calls.similar_to_examples([5, 8, 60], **asked),
        lambda w, space: of_stored(w, space, [5, 8, 60]),
        lambda _: [5, 8, 60],
    ),
}
CASES = [(name, space) for name, kind in KINDS.items() for space in kind.spaces]


@pytest.mark.parametrize(("name", "space"), CASES)
def test_half_of_what_it_should_not_be_like_is_taken_off(world: World, name: str, space: str) -> None:
    kind = KINDS[name]
    query = kind.vector(world, space).astype(np.float64)
    query = query / np.linalg.norm(query) - 0.5 * of_stored(world, space, UNLIKE)
    query /= np.linalg.norm(query)
    vectors, _ = everything(world.calls)
    left_out = {*UNLIKE, *kind.own(world)}
    wanted = {
        int(one): similarity
        for one, similarity in zip(vectors.ids, SPACES[space].project(vectors).astype(np.float64) @ query, strict=True)
        if int(one) not in left_out
    }

    answer = kind.ask(world, space=space, unlike=UNLIKE, k=200)

    assert set(ids_of(answer.matches)) == set(wanted)
    assert [match.similarity for match in answer] == pytest.approx(
        [wanted[match.utterance.utterance_id] for match in answer], abs=1e-5
    )
    similarities = [match.similarity for match in answer]
    assert similarities == sorted(similarities, reverse=True)
    plain = kind.ask(world, space=space, k=200)
    assert similarities != [match.similarity for match in plain]
    # what is told of scores and people is of what is searched by
    assert answer.scores == plain.scores
    for match in answer:
        assert match.explanation is not None
        if answer.scores is not None:
            assert match.explanation.differences == differences(answer.scores, match.utterance.prediction)
    assert kind.ask(world, space=space, unlike=[], k=200) == plain


@pytest.mark.parametrize("name", KINDS)
def test_what_makes_no_sense_is_refused(world: World, name: str) -> None:
    ask = KINDS[name].ask
    with pytest.raises(NotFoundError, match="has no utterance 9999"):
        ask(world, unlike=[7, 9_999])
    with pytest.raises(QueryError, match=f"expected at most {MAX_EXAMPLES}"):
        ask(world, unlike=range(1, MAX_EXAMPLES + 2))


@pytest.mark.parametrize("name", KINDS)
def test_a_cursor_belongs_to_what_matches_should_not_be_like(world: World, name: str) -> None:
    ask = KINDS[name].ask
    whole = ask(world, unlike=UNLIKE, k=200)
    first = ask(world, unlike=UNLIKE, k=9)
    assert [*first, *ask(world, unlike=UNLIKE, k=200, cursor=first.next_cursor)] == list(whole)
    for unlike in ([], UNLIKE[:2]):
        with pytest.raises(QueryError, match="the cursor is of another question"):
            ask(world, unlike=unlike, cursor=first.next_cursor)


def test_it_goes_with_groups_and_exact_scans(world: World) -> None:
    grouped = world.calls.similar_to_scores(MIXTURE, unlike=UNLIKE, group_by="customer", k=20, per_group=200)
    flat = world.calls.similar_to_scores(MIXTURE, unlike=UNLIKE, k=200, exact=True)
    found = {match.utterance.utterance_id: match.similarity for match in grouped.matches}
    assert found == pytest.approx({match.utterance.utterance_id: match.similarity for match in flat}, abs=1e-6)


def test_of_many_each_may_have_its_own_and_all_the_same(world: World) -> None:
    calls = world.calls
    queries = [
        But(VECTOR, unlike=[7]),
        But(MIXTURE, unlike=[31]),
        But(Examples(like=(5, 8), unlike=(31,)), unlike=[7]),
        Examples(customer="c2"),
        But(Examples(recording_id=3), unlike=[9_999]),
        Examples(like=(80,)),
        But(VECTOR, unlike=[80, 7, 7]),
    ]
    one, two, three, four, missing, both, twice = calls.similar_many(queries, unlike=[80])
    assert one == calls.similar_to_vector(VECTOR, unlike=[7, 80])
    assert twice.matches == one.matches
    assert two == calls.similar_to_scores(MIXTURE, unlike=[31, 80])
    assert three == calls.similar_to_examples([5, 8], [31, 7, 80])
    assert four == calls.similar_to_customer("c2", unlike=[80])
    assert isinstance(missing, NotFoundError)
    assert isinstance(both, QueryError)
    assert "utterance 80 is both" in both.message
