"""Every engine finds what exact search finds, under any filter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from emovec_db.database import Database
from emovec_db.domain.conditions import Condition
from emovec_db.domain.query import Filter
from emovec_db.index.protocol import NO_ID
from emovec_db.spaces.registry import space_named
from tests.contract.engines.engines import Faiss
from tests.contract.engines.made_up import COUNT, FILTERS, NAME, add, exactly, fill, queries
from tests.drawn_conditions import CONDITIONS
from tests.unit_vectors import unit

EMBEDDING = space_named("embedding")


def test_filters_let_through_what_their_names_say(filled: Database) -> None:
    shares = {name: filled.collection(NAME).count(**chosen).utterances / COUNT for name, chosen in FILTERS.items()}
    for name, share in shares.items():
        said = {"all": 1.0, "none": 0.0}.get(name.partition(",")[0])
        assert share == pytest.approx(int(name.split()[0]) / 100 if said is None else said, rel=0.5), name


def test_the_nearest_are_found_under_any_filter(filled: Database) -> None:
    calls = filled.collection(NAME)._stored()
    for space in (EMBEDDING, space_named("scores")):
        for name, chosen in FILTERS.items():
            with filled._parts.indexes.level(calls, space) as level:
                found = level.nearest(queries_in(space.name), 20, Filter(**chosen))
            for query, ids, similarities in zip(queries_in(space.name), found.ids, found.similarities, strict=True):
                right, exact = exactly(filled, calls, space, query, 20, **chosen)
                assert (ids >= 0).sum() == len(right), name
                # other roundings may put neighbours in another order that are equally near
                np.testing.assert_allclose(similarities[: len(right)], exact, atol=1e-5, err_msg=name)
                assert (ids[len(right) :] == NO_ID).all()


@given(condition=CONDITIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_condition_lets_through_what_the_database_says(filled: Database, condition: Condition) -> None:
    calls = filled.collection(NAME)._stored()
    with filled._parts.indexes.level(calls, EMBEDDING) as level:
        found = level.nearest(queries(1), COUNT, Filter(where=condition)).ids[0]
        assert sorted(found[found >= 0]) == level.unit.utterances.ids(calls, Filter(where=condition)).tolist()


def test_a_long_condition_is_no_error(filled: Database) -> None:
    customers = " or ".join(f"customer = c{number}" for number in range(90))
    nested = "not " * 38 + "customer = c1"
    calls = filled.collection(NAME)
    for where in (customers, nested):
        assert len(calls.similar_to_vector(queries()[0], where=where, k=400)) == calls.count(where=where).utterances


def queries_in(space: str) -> np.ndarray:
    return queries(5) if space == "embedding" else unit(np.abs(np.random.default_rng(4).standard_normal((5, 9))))


def test_more_than_there_are_gives_all(filled: Database) -> None:
    matches = filled.collection(NAME).similar_to_vector(queries()[0], k=COUNT + 50)
    assert len({match.utterance.utterance_id for match in matches}) == COUNT


def test_an_empty_collection_has_nothing_near(database: Database) -> None:
    fill(database, count=0)
    assert database.collection(NAME).similar_to_vector(queries()[0]).matches == ()


def test_equal_vectors_come_in_the_order_of_their_ids(database: Database) -> None:
    calls = fill(database, 8)
    with database._parts.store.write() as unit:
        ids = [add(unit, calls, 100 + number, queries()[0]) for number in range(30)]
    matches = database.collection(NAME).similar_to_vector(queries()[0], k=12)
    assert [match.utterance.recording_id for match in matches] == ids[:12]


ASKED: list[dict[str, Any]] = [
    {},
    {"k": 37},
    {"customer": "c7", "k": 3},
    {"where": "role = agent and not label in (happy, sad)", "k": 20},
    {"metadata": {"tens": "3"}},
    {"min_similarity": 0.5, "k": 100},
    {"per_customer": 1, "k": 20},
    {"space": "scores"},
]


def test_whole_searches_give_what_faiss_gives(filled: Database, tmp_path: Path) -> None:
    calls = filled.collection(NAME)
    with Faiss(tmp_path, filled.settings.resolved_database_url).open() as other:
        for asked in ASKED:
            for utterance_id in (1, 2, 3):
                found = calls.similar_by_id(utterance_id, **asked)
                right = other.collection(NAME).similar_by_id(utterance_id, **asked)
                assert [match.similarity for match in found] == pytest.approx([match.similarity for match in right])
                near = {match.utterance.utterance_id for match in right}
                # of those that are as near as the last, any may be the last
                others = [match for match in found if match.utterance.utterance_id not in near]
                assert all(match.similarity == pytest.approx(right[-1].similarity) for match in others)


def test_an_index_says_what_it_holds(filled: Database) -> None:
    calls = filled.collection(NAME)._stored()
    assert filled._parts.indexes.rebuild(calls, EMBEDDING) == COUNT
    state = filled._parts.indexes.states(calls, [EMBEDDING])["embedding"]
    assert state is not None
    assert (state.size, state.seq) == (COUNT, COUNT)
    assert state.recall > 0.9
