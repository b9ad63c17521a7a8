"""Matches by customer and by recording, against a walk through everything in order of similarity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection
from emovec_db.domain.answer import Answer
from emovec_db.errors import QueryError
from emovec_db.index import choice
from emovec_db.spaces.registry import SPACES

from .test_queries import DIM, everything, fill

QUERY = np.random.default_rng(6).standard_normal(DIM).astype(np.float32)


@pytest.fixture(scope="module", params=[20_000, 100], ids=["exact", "layered"])
def calls(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Collection]:
    """60 recordings of 1 to 3 utterances, by 7 customers and people without any, below either kind of index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "EXACT_LIMIT", request.param)
        with emovec_db.open(tmp_path_factory.mktemp("groups") / "data", encoder="fake") as database:
            fill(database)
            yield database.collection("calls")


def walked(calls: Collection, by: str, k: int, per_group: int, since_s: float = 0.0) -> dict[object, list[int]]:
    """By definition: ids of the best of each group, the group of the nearest first."""
    vectors, rows = everything(calls)
    similarities = SPACES["embedding"].project(vectors) @ (QUERY / np.linalg.norm(QUERY))
    groups: dict[object, list[int]] = {}
    for at in np.lexsort((vectors.ids, -similarities)):
        one = rows[int(vectors.ids[at])]
        if one.end_s - one.start_s < since_s:
            continue
        key = one.customer if by == "customer" and one.customer else one.recording_id
        groups.setdefault(key, []).append(one.utterance_id)
    return {key: ids[:per_group] for key, ids in list(groups.items())[:k]}


def grouped(answer: Answer) -> dict[object, list[int]]:
    assert answer.groups is not None
    return {
        group.recording_id or group.customer: [match.utterance.utterance_id for match in group.matches]
        for group in answer.groups
    }


@pytest.mark.parametrize("by", ["customer", "recording"])
@pytest.mark.parametrize(("k", "per_group"), [(1, 3), (4, 1), (8, 5), (100, 100)])
@pytest.mark.parametrize("min_duration_s", [0.0, 2.0])
def test_groups_hold_the_best_of_each(
    calls: Collection, by: Any, k: int, per_group: int, min_duration_s: float
) -> None:
    asked: dict[str, Any] = {"k": k, "per_group": per_group, "min_duration_s": min_duration_s or None}
    answer = calls.similar_to_vector(QUERY, group_by=by, **asked)
    wanted = walked(calls, by, k, per_group, min_duration_s)
    assert grouped(answer) == wanted
    assert list(grouped(answer)) == list(wanted)
    assert [match for group in answer.groups or () for match in group.matches] == list(answer)
    for group in answer.groups or ():
        assert group.similarity == max(match.similarity for match in group.matches)


def test_what_may_be_found_holds_within_groups(calls: Collection) -> None:
    answer = calls.similar_to_vector(QUERY, group_by="customer", per_group=4, per_recording=1, k=8)
    assert answer.groups is not None
    for group in answer.groups:
        recordings = [match.utterance.recording_id for match in group.matches]
        assert len(recordings) == len(set(recordings))
    others = calls.similar_to_customer("c2", group_by="customer", exclude_same="customer", k=100)
    assert "c2" not in grouped(others)
    assert len(grouped(others)) == 14
    near = calls.similar_to_vector(QUERY, group_by="customer", min_similarity=0.3, k=100)
    assert all(match.similarity >= 0.3 for match in near)


def test_nothing_near_gives_no_groups(calls: Collection) -> None:
    assert calls.similar_to_vector(QUERY, group_by="customer", customer="nobody").groups == ()
    assert calls.similar_to_vector(QUERY, customer="nobody").groups is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"group_by": "speaker"}, "group_by is 'speaker': expected one of customer, recording"),
        ({"group_by": "customer", "per_group": 0}, "groups of 0 matches each"),
        ({"group_by": "customer", "k": 5_000}, "10000 matches at most"),
        ({"group_by": "recording", "per_recording": 1}, "per_recording makes no sense in groups by recording"),
    ],
)
def test_what_makes_no_sense_is_refused(calls: Collection, asked: Any, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        calls.similar_to_vector(QUERY, **asked)
