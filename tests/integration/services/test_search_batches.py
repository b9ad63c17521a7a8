"""Many queries at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection
from emovec_db.domain.answer import Answer
from emovec_db.domain.similar import Examples
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.index.exact import ExactIndex
from emovec_db.services import search

from .test_queries import DIM, fill

VECTORS = np.random.default_rng(12).standard_normal((3, DIM)).astype(np.float32)
EXAMPLES = (Examples(like=(3,)), Examples(like=(5, 8), unlike=(9,)), Examples(recording_id=4), Examples(customer="c2"))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with emovec_db.open(tmp_path_factory.mktemp("batches") / "data", encoder="fake") as database:
        fill(database)
        yield database.collection("calls")


def one_by_one(calls: Collection, **asked: Any) -> list[Answer]:
    return [
        calls.similar_by_id(3, **asked),
        calls.similar_to_examples([5, 8], [9], **asked),
        calls.similar_to_recording(4, **asked),
        calls.similar_to_customer("c2", **asked),
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"space": "embedding", "k": 30, "customer": "c3"},
        {"exclude_same": "customer", "per_customer": 1, "k": 20},
        {"group_by": "customer", "diversify": 0.9},
        {"space": "embedding", "exact": True, "where": "duration_s > 1"},
    ],
)
def test_each_is_answered_as_alone(calls: Collection, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(calls.similar_many(EXAMPLES, **asked)) == one_by_one(calls, **asked)
    monkeypatch.setattr(search, "QUERIES", 3)
    assert list(calls.similar_many(EXAMPLES, **asked)) == one_by_one(calls, **asked)


def test_each_is_searched_in_the_space_that_it_has(calls: Collection) -> None:
    answers = calls.similar_many([VECTORS[0], {"angry": 1}, EXAMPLES[0]])
    assert answers == (
        calls.similar_to_vector(VECTORS[0]),
        calls.similar_to_scores({"angry": 1}),
        calls.similar_by_id(3),
    )
    assert [answer.space for answer in answers if isinstance(answer, Answer)] == ["embedding", "scores", "scores"]


def test_the_index_is_asked_once(calls: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    ask = ExactIndex.search

    def noted(self: ExactIndex, queries: Any, k: int, allowed: Any = None) -> Any:
        asked.append(len(queries))
        return ask(self, queries, k, allowed)

    monkeypatch.setattr(ExactIndex, "search", noted)
    calls.similar_many(list(VECTORS), k=7)
    assert asked == [3]


def test_an_error_is_the_answer_of_its_query_only(calls: Collection) -> None:
    queries = [Examples(like=(9_999,)), VECTORS[0], np.ones(3, np.float32), {"cross": 1.0}, VECTORS[1] * np.nan]
    answers = calls.similar_many(queries)
    assert [type(answer) for answer in answers] == [NotFoundError, Answer, QueryError, QueryError, QueryError]
    assert answers[1] == calls.similar_to_vector(VECTORS[0])
    assert calls.similar_many([]) == ()


def test_what_all_are_asked_has_to_make_sense(calls: Collection) -> None:
    with pytest.raises(QueryError, match="k is 0"):
        calls.similar_many([VECTORS[0]], k=0)
