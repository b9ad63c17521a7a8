"""Answers that go on where the one before ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emovec_db
from emovec_db.database import Collection
from emovec_db.domain.answer import Answer
from emovec_db.domain.search_cursor import SearchCursor
from emovec_db.domain.similar import MAX_K
from emovec_db.errors import QueryError
from emovec_db.index import choice
from tests import stored

from .test_queries import DIM, fill

QUERY = np.random.default_rng(6).standard_normal(DIM).astype(np.float32)


@pytest.fixture(scope="module", params=[20_000, 100], ids=["exact", "layered"])
def calls(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Collection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "EXACT_LIMIT", request.param)
        with emovec_db.open(tmp_path_factory.mktemp("cursors") / "data", encoder="fake") as database:
            fill(database)
            yield database.collection("calls")


def pages(calls: Collection, k: int, **asked: Any) -> Iterator[Answer]:
    cursor = None
    while True:
        answer = calls.similar_to_vector(QUERY, k=k, cursor=cursor, **asked)
        yield answer
        cursor = answer.next_cursor
        if cursor is None:
            return


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"customer": "c3"},
        {"min_similarity": 0.1},
        {"per_customer": 2},
        {"per_recording": 1, "exact": True},
        {"diversify": 0.4},
        {"customer": "nobody"},
    ],
)
@pytest.mark.parametrize("k", [1, 7, 119])
def test_pages_laid_end_to_end_are_the_whole_answer(calls: Collection, asked: dict[str, Any], k: int) -> None:
    whole = calls.similar_to_vector(QUERY, k=1_000, **asked)
    assert whole.next_cursor is None
    parts = list(pages(calls, k, **asked))
    assert [match for part in parts for match in part] == list(whole)
    assert all(len(part) == k for part in parts[:-1])
    if "per_customer" not in asked and "diversify" not in asked and len(whole):
        assert parts[-1]


def test_equal_similarities_go_by_id(calls: Collection) -> None:
    def ids(answers: Any) -> list[int]:
        return [match.utterance.utterance_id for answer in answers for match in answer]

    whole = calls.similar_to_scores({"angry": 1}, k=200, exact=True)
    parts = [first := calls.similar_to_scores({"angry": 1}, k=9, exact=True)]
    while (cursor := parts[-1].next_cursor) is not None:
        parts.append(calls.similar_to_scores({"angry": 1}, k=9, exact=True, cursor=cursor))
    assert len({match.similarity for match in first}) < 9
    assert ids(parts) == ids([whole]) == [
        match.utterance.utterance_id
        for match in sorted(whole, key=lambda match: (-match.similarity, match.utterance.utterance_id))
    ]  # fmt: skip


def test_groups_go_on_too(calls: Collection) -> None:
    whole = calls.similar_to_vector(QUERY, group_by="customer", k=100)
    parts = list(pages(calls, 4, group_by="customer"))
    assert [group for part in parts for group in part.groups or ()] == list(whole.groups or ())


def test_what_comes_in_meanwhile_moves_nothing(calls: Collection) -> None:
    whole = calls.similar_to_vector(QUERY, k=200, where="not speaker = new")
    first = calls.similar_to_vector(QUERY, k=20, where="not speaker = new")
    with calls._parts.store.write() as unit:
        heard = [replace(stored.utterance(0), embedding=QUERY) for _ in range(3)]
        new = stored.recording("new", utterances=heard, customer="new")
        added = unit.recordings.add(unit.collections.get("calls"), new, stored.PROVENANCE)
    second = calls.similar_to_vector(QUERY, k=20, where="not speaker = new", cursor=first.next_cursor)
    third = calls.similar_to_vector(QUERY, k=200, where="not speaker = new", cursor=second.next_cursor)
    assert [*first, *second, *third] == list(whole)
    calls.delete(added)


def test_a_cursor_belongs_to_its_question(calls: Collection) -> None:
    cursor = calls.similar_to_vector(QUERY, k=3).next_cursor
    for asked in ({"customer": "c3"}, {"exact": True}, {"per_customer": 1}):
        with pytest.raises(QueryError, match="the cursor is of another question"):
            calls.similar_to_vector(QUERY, cursor=cursor, **asked)  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="the cursor is of another question"):
        calls.similar_to_vector(-QUERY, cursor=cursor)
    with pytest.raises(QueryError, match="the cursor is of another question"):
        calls.similar_by_id(1, space="embedding", cursor=cursor)


def test_how_deep_one_can_look_is_bounded(calls: Collection) -> None:
    cursor = calls.similar_to_vector(QUERY, k=3).next_cursor
    assert cursor is not None
    deep = str(replace(SearchCursor.parse(cursor), given=MAX_K - 5))
    assert len(calls.similar_to_vector(QUERY, k=5, cursor=deep)) == 5
    with pytest.raises(QueryError, match=r"looked through to the 10,000th: 9,995 were given"):
        calls.similar_to_vector(QUERY, k=6, cursor=deep)


@pytest.mark.parametrize("text", ["", "abc", "c2VhcmNoOmE", "😠", "x" * 1_000])
def test_what_is_no_cursor_is_refused(calls: Collection, text: str) -> None:
    with pytest.raises(QueryError, match="is no cursor of a search"):
        calls.similar_to_vector(QUERY, cursor=text)


@settings(max_examples=50)
@given(similarity=st.floats(-1, 1, width=32), utterance_id=st.integers(1, 10**18 - 1), given_=st.integers(0, 999_999))
def test_a_cursor_is_read_as_it_was_written(similarity: float, utterance_id: int, given_: int) -> None:
    cursor = SearchCursor(digest="0123456789abcdef", given=given_, similarity=similarity, utterance_id=utterance_id)
    assert SearchCursor.parse(str(cursor)) == cursor
