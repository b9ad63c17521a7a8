"""Searches by what is stored and by mixtures, and what may be found, against a full sort in numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.query import Vectors
from emovec_db.domain.recording import Details, Utterance
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.spaces.registry import SPACES
from tests import stored

DIM = 16


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """60 recordings of 1 to 3 utterances, by 7 customers and people without any, and 9 speakers."""
    with emovec_db.open(tmp_path_factory.mktemp("queries") / "data", encoder="fake") as database:
        fill(database)
        yield database.collection("calls")


def fill(database: Database) -> None:
    rng = np.random.default_rng(1)
    with database._parts.store.write() as unit:
        collection = unit.collections.create("calls", database._parts.encoders.configured().identity, stored.RECIPE)
        for number in range(60):
            heard = [
                replace(
                    stored.utterance(0, 4.0 * place, 4.0 * place + 1 + place, label=LABELS[rng.integers(0, 9)]),
                    embedding=rng.standard_normal(DIM).astype(np.float32),
                )
                for place in range(1 + number % 3)
            ]
            said = Details(customer=f"c{number % 8}" if number % 8 else None, speaker=f"s{number % 9}", role="customer")
            new = replace(stored.recording(str(number), utterances=heard), details=said)
            unit.recordings.add(collection, new, stored.PROVENANCE)


def everything(calls: Collection) -> tuple[Vectors, dict[int, Utterance]]:
    with calls._parts.store.read() as unit:
        collection = unit.collections.get("calls")
        (vectors,) = unit.utterances.all_vectors(collection)
        return vectors, unit.utterances.rows(collection, vectors.ids.tolist())


def expected(
    calls: Collection,
    space: str,
    query: np.ndarray,
    *,
    own: set[int],
    like: list[Utterance],
    k: int,
    exclude_same: str | None = None,
    per_customer: int | None = None,
    per_recording: int | None = None,
) -> list[int]:
    """By definition: everything in order of similarity, one after the other taken or passed over."""
    vectors, rows = everything(calls)
    similarities = SPACES[space].project(vectors).astype(np.float64) @ query.astype(np.float64)
    taken: list[int] = []
    counts: Counter[Any] = Counter()
    for at in np.lexsort((vectors.ids, -similarities.astype(np.float32))):
        one = rows[int(vectors.ids[at])]
        customer = one.customer or f"nobody's {one.recording_id}"
        same = {
            "recording": {other.recording_id for other in like},
            "customer": {other.customer for other in like} - {None},
            "speaker": {other.speaker for other in like} - {None},
        }
        value = {"recording": one.recording_id, "customer": one.customer, "speaker": one.speaker}
        if one.utterance_id in own or (exclude_same and value[exclude_same] in same[exclude_same]):
            continue
        if per_customer and counts["c", customer] >= per_customer:
            continue
        if per_recording and counts["r", one.recording_id] >= per_recording:
            continue
        counts.update([("c", customer), ("r", one.recording_id)])
        taken.append(one.utterance_id)
    return taken[:k]


def ids_of(matches: tuple[Any, ...]) -> list[int]:
    return [match.utterance.utterance_id for match in matches]


def unit_mean(calls: Collection, space: str, ids: list[int], weights: list[float]) -> np.ndarray:
    vectors, _ = everything(calls)
    at = [int(np.flatnonzero(vectors.ids == one)[0]) for one in ids]
    return np.average(SPACES[space].project(vectors.rows(np.array(at))).astype(np.float64), axis=0, weights=weights)


OPTIONS = st.fixed_dictionaries(
    {
        "k": st.integers(1, 130),
        "exclude_same": st.sampled_from([None, "recording", "customer", "speaker"]),
        "per_customer": st.sampled_from([None, 1, 2, 5]),
        "per_recording": st.sampled_from([None, 1, 2]),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data(), options=OPTIONS, space=st.sampled_from(["embedding", "scores"]))
def test_examples_and_options_give_what_their_definition_says(
    calls: Collection, data: st.DataObject, options: dict[str, Any], space: str
) -> None:
    drawn = data.draw(st.lists(st.integers(1, 119), min_size=1, max_size=6, unique=True))
    split = data.draw(st.integers(1, len(drawn)))
    like, unlike = drawn[:split], drawn[split:]
    _, rows = everything(calls)
    durations = {one: rows[one].end_s - rows[one].start_s for one in drawn}
    vector = unit_mean(calls, space, like, [durations[one] for one in like])
    vector = vector / np.linalg.norm(vector)
    if unlike:
        vector = vector - 0.5 * unit_mean(calls, space, unlike, [durations[one] for one in unlike])
    vector = vector / np.linalg.norm(vector)
    found = calls.similar_to_examples(like, unlike, space=space, **options)
    wanted = expected(calls, space, vector, own=set(drawn), like=[rows[one] for one in like], **options)
    assert [round(match.similarity, 4) for match in found] == sorted(
        (round(match.similarity, 4) for match in found), reverse=True
    )
    if space == "embedding":  # scores of equal labels tie: which comes first is a matter of the last bit
        assert ids_of(found) == wanted
    assert len(found) == len(wanted)


def test_a_recording_and_a_customer_stand_for_their_mean(calls: Collection) -> None:
    _, rows = everything(calls)
    wanted: dict[str, Any] = {"space": "embedding", "k": 20}
    for of, found in (
        ([one for one in rows.values() if one.recording_id == 3], calls.similar_to_recording(3, **wanted)),
        ([one for one in rows.values() if one.customer == "c2"], calls.similar_to_customer("c2", **wanted)),
    ):
        vector = unit_mean(calls, "embedding", [o.utterance_id for o in of], [o.end_s - o.start_s for o in of])
        own = {one.utterance_id for one in of} if len({one.recording_id for one in of}) == 1 else set()
        assert ids_of(found) == expected(calls, "embedding", vector / np.linalg.norm(vector), own=own, like=of, k=20)
    others = calls.similar_to_customer("c2", exclude_same="customer", k=200)
    assert {match.utterance.customer for match in others} == {"c1", "c3", "c4", "c5", "c6", "c7", None}


def test_a_mixture_of_scores_finds_what_is_scored_alike(calls: Collection) -> None:
    vectors, _ = everything(calls)
    wished = np.zeros(9, np.float32)
    wished[LABELS.index("angry")], wished[LABELS.index("sad")] = 0.75, 0.25
    closeness = np.sqrt(vectors.scores.astype(float)) @ np.sqrt(wished.astype(float))
    best = np.sort(closeness)[::-1][:12]
    found = calls.similar_to_scores({"angry": 3, "sad": 1}, k=12)
    assert [match.similarity for match in found] == pytest.approx(best, abs=1e-5)
    assert found[0].utterance.prediction.label == "angry"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda calls: calls.similar_to_scores({"cross": 1}), "unknown label 'cross': expected some of angry"),
        (lambda calls: calls.similar_to_scores({"angry": -1}), "expected numbers from 0 up, not all of them 0"),
        (lambda calls: calls.similar_to_scores({"angry": 0}), "expected numbers from 0 up, not all of them 0"),
        (lambda calls: calls.similar_to_scores({"angry": 1}, space="embedding"), "in space 'scores' only"),
        (lambda calls: calls.similar_to_examples([1], [1]), "utterance 1 is both"),
        (lambda calls: calls.similar_to_examples([]), "expected one thing to search for"),
        (lambda calls: calls.similar_to_examples([1], exclude_same="voice"), "expected one of recording, customer"),
        (lambda calls: calls.similar_by_id(1, unlike=[1]), "utterance 1 is both"),
        (lambda calls: calls.similar_by_id(1, per_customer=0), "per_customer is 0: expected at least 1"),
        (lambda calls: calls.similar_to_scores({"angry": 1}, exclude_same="customer"), "needs a query that is stored"),
    ],
)
def test_what_makes_no_sense_is_refused(calls: Collection, ask: Any, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        ask(calls)


@pytest.mark.parametrize(
    "ask",
    [
        lambda calls: calls.similar_to_examples([1, 9_999]),
        lambda calls: calls.similar_to_recording(9_999),
        lambda calls: calls.similar_to_customer("nobody"),
    ],
)
def test_what_is_not_there_is_said(calls: Collection, ask: Any) -> None:
    with pytest.raises(NotFoundError, match="no "):
        ask(calls)


def test_examples_that_cancel_out_are_refused(database_of_two: Collection) -> None:
    with pytest.raises(QueryError, match="cancel each other out"):
        database_of_two.similar_to_examples([1, 2], space="embedding")


@pytest.fixture
def database_of_two(tmp_path: Path) -> Iterator[Collection]:
    with emovec_db.open(tmp_path / "data", encoder="fake") as database:
        with database._parts.store.write() as unit:
            identity = database._parts.encoders.configured().identity
            collection = unit.collections.create("two", identity, stored.RECIPE)
            for number, sign in enumerate((1, -1)):
                heard = replace(stored.utterance(0), embedding=np.full(DIM, sign, np.float32))
                new = stored.recording(str(number), utterances=[heard])
                unit.recordings.add(collection, new, stored.PROVENANCE)
        yield database.collection("two")
