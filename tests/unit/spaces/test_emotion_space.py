"""The emotion space takes speakers out, and is learned from what is stored alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.query import Heard
from emovec_db.spaces.emotion import EmotionSpace
from emovec_db.spaces.fitting import BASELINE, learn
from emovec_db.spaces.measures import Labelled, judged, measures
from emovec_db.spaces.people import SHRINKAGE

DIM = 24


def spoken(count: int, seed: int, people: int = 4, known: float = 0.9) -> Heard:
    """Utterances of which some people are known; voices differ more than what is felt."""
    rng = np.random.default_rng(seed)
    voices = 2 * rng.standard_normal((people, DIM))
    person = rng.integers(0, people, count)
    names = np.array([f"speaker:{one}" if rng.random() < known else None for one in person], dtype=object)
    scores = rng.dirichlet(np.full(9, 0.4), count).astype(np.float32)
    return Heard(
        embeddings=(voices[person] + rng.standard_normal((count, DIM))).astype(np.float32), scores=scores, people=names
    )


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(count=st.integers(2, 40), seed=st.integers(0, 2**32))
def test_rows_are_unit_vectors_that_depend_on_their_utterance_and_person_only(count: int, seed: int) -> None:
    heard = spoken(count, seed)
    space = EmotionSpace(1, learn(heard, [heard]))
    vectors = space.project(heard)
    assert vectors.shape == (count, space.dim(DIM)) == (count, DIM + 9 + 2)
    assert (vectors.dtype, vectors.flags.c_contiguous) == (np.float32, True)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(count), abs=1e-6)
    for row in range(count):
        alone = Heard.alone(heard.embeddings[row], heard.scores[row], heard.people[row])
        assert space.project(alone)[0] == pytest.approx(vectors[row], abs=1e-6)


def test_similarities_are_those_of_the_formula() -> None:
    """Centred by shrunken means, a constant appended, cosines weighted: written out with all directions kept."""
    heard = spoken(60, 1)
    space = EmotionSpace(1, learn(heard, [heard]), score_weight=0.25)
    parts = []
    for rows in (unit(heard.embeddings.astype(float)), np.sqrt(heard.scores.astype(float))):
        centred = rows - rows.mean(axis=0)
        for person in {one for one in heard.people if one}:
            own = heard.people == person
            centred[own] -= centred[own].sum(axis=0) / (own.sum() + SHRINKAGE)
        constant = BASELINE * np.median(np.linalg.norm(centred, axis=1))
        parts.append(unit(np.concatenate([centred, np.full((60, 1), constant)], axis=1)))
    expected = 0.75 * parts[0] @ parts[0].T + 0.25 * parts[1] @ parts[1].T
    vectors = space.project(heard).astype(float)
    assert vectors @ vectors.T == pytest.approx(expected, abs=1e-5)


def test_offsets_come_from_all_utterances_batch_by_batch() -> None:
    heard = spoken(90, 2)
    at_once = learn(heard, [heard])
    rows = [np.arange(start, start + 30) for start in (0, 30, 60)]
    parts = [Heard(embeddings=heard.embeddings[at], scores=heard.scores[at], people=heard.people[at]) for at in rows]
    in_parts = learn(heard, iter(parts))
    assert set(in_parts.offsets) == set(at_once.offsets) == {person for person in heard.people if person}
    for person, offsets in at_once.offsets.items():
        assert in_parts.offsets[person] == pytest.approx(offsets, abs=1e-6)


def test_whom_it_does_not_know_is_taken_for_average() -> None:
    heard = spoken(50, 3)
    space = EmotionSpace(1, learn(heard, [heard]))
    embedding, scores = heard.embeddings[0], heard.scores[0]
    stranger = space.project(Heard.alone(embedding, scores, "speaker:stranger"))
    assert np.array_equal(stranger, space.project(Heard.alone(embedding, scores)))
    assert not np.array_equal(stranger, space.project(Heard.alone(embedding, scores, "speaker:1")))


def test_utterances_that_are_all_the_same_are_alike() -> None:
    heard = spoken(1, 4)
    rows = np.zeros(5, dtype=int)
    same = Heard(embeddings=heard.embeddings[rows], scores=heard.scores[rows], people=heard.people[rows])
    vectors = EmotionSpace(1, learn(same, [same])).project(same)
    assert vectors @ vectors.T == pytest.approx(np.ones((5, 5)), abs=1e-6)


def test_it_finds_the_same_emotion_where_the_embedding_finds_the_same_voice() -> None:
    rng = np.random.default_rng(5)
    emotion, person = rng.integers(0, 3, 240), rng.integers(0, 6, 240)
    emotions, voices = rng.standard_normal((3, DIM)), 3 * rng.standard_normal((6, DIM))
    noise = 0.5 * rng.standard_normal((240, DIM))
    scores = np.full((240, 9), 0.05)
    scores[np.arange(240), np.where(rng.random(240) < 0.7, emotion, rng.integers(0, 3, 240))] = 0.6
    heard = Heard(
        embeddings=(emotions[emotion] + voices[person] + noise).astype(np.float32),
        scores=scores.astype(np.float32),
        people=np.array([f"speaker:{one}" for one in person], dtype=object),
    )
    vectors = EmotionSpace(1, learn(heard, [heard])).project(heard)

    def accuracy(rows: np.ndarray) -> float:
        labelled = Labelled(vectors=rows, labels=emotion, speakers=person, sentences=np.arange(240))
        return measures([judged(labelled)]).speaker_triplet_accuracy

    assert accuracy(unit(heard.embeddings)) < 0.2
    assert accuracy(vectors) > 0.75


def test_a_version_gives_the_numbers_it_always_gave() -> None:
    """A change here would mix two maps in one index: versions that are stored have to give what they gave."""
    map_ = EmotionMap(
        embedding_mean=np.array([0.1, 0.2, 0.0], np.float32),
        basis=np.array([[1, 0], [0, 1], [0, 0]], np.float32),
        score_mean=np.full(9, 0.25, np.float32),
        embedding_baseline=0.5,
        score_baseline=0.5,
        offsets={"speaker:anna": np.array([0.2, -0.1, *[0.05] * 9], np.float32)},
    )
    scores = np.array([0.36, 0, 0, 0, 0.64, 0, 0, 0, 0], np.float32)
    vector = EmotionSpace(1, map_).project(Heard.alone(np.array([3, 4, 0], np.float32), scores, "speaker:anna"))[0]
    by_embedding = np.array([0.6 - 0.1 - 0.2, 0.8 - 0.2 + 0.1, 0.5])
    by_scores = np.array([0.6 - 0.3, -0.3, -0.3, -0.3, 0.8 - 0.3, -0.3, -0.3, -0.3, -0.3, 0.5])
    parts = [
        np.sqrt(0.4) * by_embedding / np.linalg.norm(by_embedding),
        np.sqrt(0.6) * by_scores / np.linalg.norm(by_scores),
    ]
    assert vector == pytest.approx(np.concatenate(parts), abs=1e-6)
