"""Spaces give unit vectors whose inner product is the similarity that they are named for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.domain.query import Heard
from emovec_db.errors import QueryError
from emovec_db.spaces.embedding import EmbeddingSpace
from emovec_db.spaces.mixture import Mixture
from emovec_db.spaces.registry import SPACES, space_named
from emovec_db.spaces.scores import ScoresSpace

DIM = 16


def utterances(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Embeddings of any length and scores, some of them 0, that sum to 1."""
    rng = np.random.default_rng(seed)
    embeddings = rng.standard_normal((count, DIM)) * rng.uniform(0.01, 100, (count, 1))
    scores = rng.dirichlet(np.full(9, 0.3), count) * (rng.random((count, 9)) < 0.7)
    scores[:, 4] += 1e-3
    return embeddings.astype(np.float32), (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.dot(a.astype(float), b) / (np.linalg.norm(a.astype(float)) * np.linalg.norm(b.astype(float))))


def bhattacharyya(p: NDArray[np.float32], q: NDArray[np.float32]) -> float:
    return float(np.sqrt(p.astype(float) * q).sum())


@pytest.mark.parametrize("name", SPACES)
@given(count=st.integers(0, 20), seed=st.integers(0, 2**32))
def test_rows_are_unit_vectors_and_depend_on_their_utterance_only(name: str, count: int, seed: int) -> None:
    embeddings, scores = utterances(count, seed)
    space = SPACES[name]
    vectors = space.project(Heard.by_nobody_known(embeddings, scores))
    assert vectors.shape == (count, space.dim(DIM))
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(count), abs=1e-6)
    for row in range(count):
        alone = space.project(Heard.alone(embeddings[row], scores[row]))
        assert alone[0] == pytest.approx(vectors[row], abs=1e-7)


@given(seed=st.integers(0, 2**32), weight=st.floats(0.01, 0.99))
def test_similarities(seed: int, weight: float) -> None:
    embeddings, scores = utterances(2, seed)
    by_embedding = cosine(embeddings[0], embeddings[1])
    by_scores = bhattacharyya(scores[0], scores[1])
    mixture = Mixture(((EmbeddingSpace(), weight), (ScoresSpace(), 1 - weight)))
    for space, similarity in [
        (EmbeddingSpace(), by_embedding),
        (ScoresSpace(), by_scores),
        (mixture, weight * by_embedding + (1 - weight) * by_scores),
    ]:
        first, second = space.project(Heard.by_nobody_known(embeddings, scores)).astype(float)
        assert first @ second == pytest.approx(similarity, abs=1e-6)


def test_scores_in_figures() -> None:
    scores = np.zeros((3, 9), np.float32)
    scores[0, 0] = 1
    scores[1, :2] = 0.36, 0.64
    scores[2, 2] = 1
    vectors = ScoresSpace().project(Heard.by_nobody_known(np.ones((3, DIM), np.float32), scores))
    assert vectors @ vectors.T == pytest.approx(np.array([[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1]]), abs=1e-6)


def test_huge_and_tiny_embeddings_keep_their_direction() -> None:
    embeddings = np.zeros((2, DIM), np.float32)
    embeddings[:, :2] = np.array([[3e38, 3e38], [1e-40, 1e-40]])
    _, scores = utterances(2, 0)
    vectors = EmbeddingSpace().project(Heard.by_nobody_known(embeddings, scores))
    assert vectors[:, :2] == pytest.approx(np.full((2, 2), 0.5**0.5), abs=1e-4)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("name", ["embedding", "embedding-scores"])
def test_an_embedding_without_direction_is_refused(name: str, bad: float) -> None:
    embeddings, scores = utterances(3, 0)
    embeddings[1] = bad
    with pytest.raises(QueryError, match=r"the embeddings of 1 of 3 utterances \(first: row 1\)"):
        SPACES[name].project(Heard.by_nobody_known(embeddings, scores))


@pytest.mark.parametrize(
    ("bad", "message"),
    [(0.0, "first: row 2"), (np.nan, "first: row 2"), (-0.5, "got a score of -0.5; expected nine scores from 0 to 1")],
)
@pytest.mark.parametrize("name", ["scores", "embedding-scores"])
def test_scores_without_direction_are_refused(name: str, bad: float, message: str) -> None:
    embeddings, scores = utterances(3, 0)
    scores[2] = bad
    with pytest.raises(QueryError, match=message):
        SPACES[name].project(Heard.by_nobody_known(embeddings, scores))


@pytest.mark.parametrize("name", SPACES)
def test_shapes_that_do_not_fit_are_refused(name: str) -> None:
    embeddings, scores = utterances(3, 0)
    for wrong in [(embeddings[:2], scores), (embeddings, scores[:, :8]), (embeddings[0], scores[:1])]:
        with pytest.raises(QueryError, match=r"expected \(n, dim\), \(n, 9\) and \(n,\)"):
            SPACES[name].project(Heard.by_nobody_known(*wrong))


@pytest.mark.parametrize("weights", [(0.5, 0.6), (1.5, -0.5), (1.0, 0.0), (float("nan"), 0.5)])
def test_weights_that_are_no_mean_are_refused(weights: tuple[float, float]) -> None:
    with pytest.raises(QueryError, match="expected positive ones that sum to 1"):
        Mixture(((EmbeddingSpace(), weights[0]), (ScoresSpace(), weights[1])))


def test_spaces_by_name() -> None:
    for name, space in SPACES.items():
        assert space_named(name) is space
        assert space.name == name
        assert space.version == 1
    with pytest.raises(
        QueryError, match="unknown space 'emotion'; expected one of: embedding, embedding-scores, scores"
    ):
        space_named("emotion")


def test_version_1_gives_the_numbers_it_always_gave() -> None:
    """A change here would mix two maps in one index: raise the space's version instead."""
    embeddings = np.array([[3.0, 4.0]], np.float32)
    scores = np.array([[0.25, 0.25, 0, 0, 0.5, 0, 0, 0, 0]], np.float32)
    rooted = [0.5, 0.5, 0, 0, 0.5**0.5, 0, 0, 0, 0]
    half = 0.5**0.5
    expected = {
        "embedding": [0.6, 0.8],
        "scores": rooted,
        "embedding-scores": [0.6 * half, 0.8 * half, *(half * value for value in rooted)],
    }
    assert {name: space.version for name, space in SPACES.items()} == dict.fromkeys(expected, 1)
    for name, vector in expected.items():
        assert SPACES[name].project(Heard.by_nobody_known(embeddings, scores))[0] == pytest.approx(vector, abs=1e-7)
