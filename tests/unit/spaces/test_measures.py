"""Measures of retrieval against what their definitions say, written out triplet by triplet."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.spaces.measures import Labelled, judged, measures


def drawn(seed: int, count: int) -> Labelled:
    rng = np.random.default_rng(seed)
    # few distinct vectors: ties too
    vectors = rng.integers(-1, 2, (count, 2)) + np.array([0.5, 0.25])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    labels, speakers, sentences = (rng.integers(0, high, count) for high in (3, 4, 3))
    return Labelled(vectors=vectors.astype(np.float32), labels=labels, speakers=speakers, sentences=sentences)


def triplets(group: Labelled) -> list[tuple[float, bool, bool]]:
    """Of every triplet whether it is right, and whether its negative is the speaker's or in the sentence."""
    label, speaker, sentence = group.labels, group.speakers, group.sentences
    similarities = np.stack([group.vectors @ one for one in group.vectors])
    found = []
    for anchor, positive, negative in product(range(len(label)), repeat=3):
        same_voice, same_sentence = speaker[negative] == speaker[anchor], sentence[negative] == sentence[anchor]
        if (
            label[positive] == label[anchor]
            and speaker[positive] != speaker[anchor]
            and sentence[positive] != sentence[anchor]
            and label[negative] != label[anchor]
            and (same_voice or same_sentence)
        ):
            near, far = similarities[anchor, positive], similarities[anchor, negative]
            found.append((0.5 if near == far else float(near > far), same_voice, same_sentence and not same_voice))
    return found


@given(seed=st.integers(0, 2**32), count=st.integers(2, 14))
def test_triplets_are_all_that_there_are(seed: int, count: int) -> None:
    group = drawn(seed, count)
    expected = triplets(group)
    found = measures([judged(group)])
    assert found.triplets == len(expected)
    kinds = [
        (found.triplet_accuracy, [right for right, _, _ in expected]),
        (found.speaker_triplet_accuracy, [right for right, voice, _ in expected if voice]),
        (found.sentence_triplet_accuracy, [right for right, _, sentence in expected if sentence]),
    ]
    for accuracy, right in kinds:
        assert accuracy == pytest.approx(np.mean(right) if right else np.nan, nan_ok=True)


@given(seed=st.integers(0, 2**32), count=st.integers(2, 40))
def test_precisions_are_those_of_the_definition(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    group = drawn(seed, count)
    vectors = rng.standard_normal((count, 5))  # no ties: one order
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    group = Labelled(
        vectors=vectors.astype(np.float32), labels=group.labels, speakers=group.speakers, sentences=group.sentences
    )
    expected = []
    for query in range(count):
        others = [row for row in range(count) if group.speakers[row] != group.speakers[query]]
        similarities = group.vectors @ group.vectors[query]
        others.sort(key=lambda row: -similarities[row])
        relevant = [group.labels[row] == group.labels[query] for row in others]
        if any(relevant):
            first = relevant[:10]
            precision = [sum(first[: place + 1]) / (place + 1) for place in range(len(first)) if first[place]]
            expected.append((sum(precision) / min(10, sum(relevant)), sum(first) / len(first)))
    found = measures([judged(group)])
    assert found.queries == len(expected)
    mean = np.mean(expected, axis=0) if expected else (np.nan, np.nan)
    assert (found.map_at_10, found.precision_at_10) == pytest.approx(tuple(mean), nan_ok=True)


def test_groups_are_searched_apart_and_counted_together() -> None:
    first, second = drawn(1, 12), drawn(2, 9)
    both = measures([judged(first), judged(second)])
    apart = [measures([judged(group)]) for group in (first, second)]
    assert both.queries == sum(one.queries for one in apart)
    assert both.triplets == sum(one.triplets for one in apart)
    weighted = sum(one.map_at_10 * one.queries for one in apart) / both.queries
    assert both.map_at_10 == pytest.approx(weighted)
