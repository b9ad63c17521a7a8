"""Searches without near-duplicates, against a walk through everything in order of similarity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import emovec_db
from emovec_db.database import Collection
from emovec_db.domain.recording import Details
from emovec_db.errors import QueryError
from emovec_db.services import search
from emovec_db.spaces.registry import SPACES
from tests import stored

DIM = 16
QUERY = np.ones(DIM, np.float32)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """12 utterances of which there are 5 slightly changed copies each, and one sound that is stored as two files."""
    rng = np.random.default_rng(4)
    with emovec_db.open(tmp_path_factory.mktemp("diversify") / "data", encoder="fake") as database:
        with database._parts.store.write() as unit:
            collection = unit.collections.create("calls", database._parts.encoders.configured().identity, stored.RECIPE)
            originals = rng.standard_normal((12, DIM))
            for number in range(60):
                embedding = originals[number % 12] + 0.04 * rng.standard_normal(DIM)
                heard = replace(stored.utterance(0), embedding=embedding.astype(np.float32))
                new = stored.recording(f"{number}", utterances=[heard], customer=f"c{number % 3}")
                unit.recordings.add(collection, new, stored.PROVENANCE)
            for name, sign in (("once", 1), ("again", -1)):
                heard = replace(stored.utterance(0, 3.0, 5.0), embedding=(QUERY + sign * np.eye(DIM)[0]).astype("f4"))
                new = stored.recording(name, utterances=[heard], pcm_sha256=stored.sha256("the same sound"))
                unit.recordings.add(collection, replace(new, details=Details(speaker=name)), stored.PROVENANCE)
        yield database.collection("calls")


def walked(calls: Collection, at_least: float, *, k: int) -> list[int]:
    """By definition, in space `embedding`."""
    with calls._parts.store.read() as unit:
        (vectors,) = unit.utterances.all_vectors(unit.collections.get("calls"))
    units = SPACES["embedding"].project(vectors).astype(np.float64)
    similarities = units @ (QUERY / np.linalg.norm(QUERY))
    taken: list[int] = []
    for at in np.lexsort((vectors.ids, -similarities)):
        same_sound = (vectors.ids[at] == 62 and 60 in taken) or (vectors.ids[at] == 61 and 61 in taken)
        if not same_sound and all(units[at] @ units[other] < at_least for other in taken):
            taken.append(int(at))
    return [int(vectors.ids[at]) for at in taken][:k]


@pytest.mark.parametrize("at_least", [0.5, 0.9, 0.98, 1.0])
@pytest.mark.parametrize("block", [3, 1_000])
def test_what_is_nearly_the_same_is_left_out(
    calls: Collection, monkeypatch: pytest.MonkeyPatch, at_least: float, block: int
) -> None:
    monkeypatch.setattr(search, "ROWS", block)
    found = calls.similar_to_vector(QUERY, k=9, diversify=at_least)
    assert [match.utterance.utterance_id for match in found] == walked(calls, at_least, k=9)


def test_the_same_moment_of_the_same_sound_is_shown_once(calls: Collection) -> None:
    def speakers(**asked: Any) -> list[str | None]:
        found = calls.similar_to_vector(QUERY, k=62, where="speaker in (once, again)", **asked)
        return [match.utterance.speaker for match in found]

    assert sorted(filter(None, speakers())) == ["again", "once"]
    assert len(speakers(diversify=1.0)) == 1


def test_true_is_a_threshold_of_its_own_and_false_none(calls: Collection) -> None:
    assert calls.similar_to_vector(QUERY, diversify=True) == calls.similar_to_vector(QUERY, diversify=0.98)
    assert calls.similar_to_vector(QUERY, diversify=False) == calls.similar_to_vector(QUERY)
    assert len(calls.similar_to_vector(QUERY, k=100, diversify=True)) == 13


def test_a_threshold_that_is_no_similarity_is_refused(calls: Collection) -> None:
    with pytest.raises(QueryError, match="diversify is 98: expected a similarity, -1 to 1"):
        calls.similar_to_vector(QUERY, diversify=98)
