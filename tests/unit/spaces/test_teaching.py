"""Annotations teach an emotion space what embedding and scores tell of labels, and little where there are few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emovec_db.domain.annotation import Annotated
from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.query import Heard
from emovec_db.spaces.emotion import EmotionSpace
from emovec_db.spaces.fitting import learn
from emovec_db.spaces.measures import Labelled, judged, measures
from emovec_db.spaces.teaching import FEW, WEIGHT

DIM, COUNT, PEOPLE = 24, 400, 8
LABEL = np.random.default_rng(1).integers(0, 3, COUNT)
PERSON = np.random.default_rng(2).integers(0, PEOPLE, COUNT)


def heard(seed: int = 3) -> Heard:
    """Utterances whose label shows in small differences of the embedding, below voices and what else is said."""
    rng = np.random.default_rng(seed)
    emotions, voices = rng.standard_normal((3, DIM)), 3 * rng.standard_normal((PEOPLE, DIM))
    words = rng.standard_normal((COUNT, 6)) @ (2 * rng.standard_normal((6, DIM)))
    return Heard(
        embeddings=(emotions[LABEL] + voices[PERSON] + words).astype(np.float32),
        scores=rng.dirichlet(np.full(9, 0.5), COUNT).astype(np.float32),
        people=np.array([f"speaker:{one}" for one in PERSON], dtype=object),
    )


def rows_of(heard_: Heard, at: np.ndarray) -> Heard:
    return Heard(embeddings=heard_.embeddings[at], scores=heard_.scores[at], people=heard_.people[at])


def annotated(heard_: Heard, at: np.ndarray) -> Annotated:
    return Annotated(heard=rows_of(heard_, at), labels=LABEL[at])


def accuracy(map_: EmotionMap, heard_: Heard, at: np.ndarray) -> float:
    """Triplets of these utterances that are right."""
    vectors = EmotionSpace(1, map_).project(rows_of(heard_, at))
    count = int(at.sum())
    return measures(
        [judged(Labelled(vectors=vectors, labels=LABEL[at], speakers=PERSON[at], sentences=np.arange(count)))]
    ).triplet_accuracy


def test_annotations_of_some_people_help_to_find_the_same_label_among_others() -> None:
    everything, of_some = heard(), PERSON < PEOPLE // 2
    without = learn(everything, [everything])
    taught = learn(everything, [everything], annotated(everything, of_some))
    assert accuracy(taught, everything, ~of_some) > accuracy(without, everything, ~of_some) + 0.1


def test_people_who_are_annotated_as_one_thing_only_teach_it_all_the_same() -> None:
    everything = heard()
    one_sided = LABEL == PERSON % 3
    taught = learn(everything, [everything], annotated(everything, one_sided))
    without = learn(everything, [everything])
    assert accuracy(taught, everything, ~one_sided) > accuracy(without, everything, ~one_sided) + 0.03


def test_rows_stay_unit_vectors_that_depend_on_their_utterance_and_person_only() -> None:
    everything = heard()
    space = EmotionSpace(1, learn(everything, [everything], annotated(everything, PERSON < 2)))
    vectors = space.project(everything)
    assert vectors.shape == (COUNT, space.dim(DIM)) == (COUNT, DIM + 9 + 9 + 3)
    assert (vectors.dtype, vectors.flags.c_contiguous) == (np.float32, True)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(COUNT), abs=1e-6)
    for row in (0, 7):
        alone = Heard.alone(everything.embeddings[row], everything.scores[row], everything.people[row])
        assert space.project(alone)[0] == pytest.approx(vectors[row], abs=1e-6)


def test_few_annotations_weigh_little() -> None:
    everything = heard()
    weights = [
        learn(everything, [everything], annotated(everything, np.arange(COUNT) < count)).taught_weight
        for count in (5, FEW, COUNT)
    ]
    assert weights == pytest.approx([WEIGHT * 5 / (5 + FEW), WEIGHT / 2, WEIGHT * COUNT / (COUNT + FEW)])


def test_annotations_that_tell_nothing_apart_change_nothing() -> None:
    everything = heard()
    without = learn(everything, [everything])
    same = Heard(embeddings=np.ones((4, DIM), np.float32), scores=np.full((4, 9), 1 / 9, np.float32),
                 people=np.full(4, None, dtype=object))  # fmt: skip
    assert learn(everything, [everything], annotated(everything, LABEL == 1)).taught is None
    learned = learn(same, [same], Annotated(heard=same, labels=np.array([0, 1, 0, 1])))
    assert learned.taught is None
    vectors = EmotionSpace(1, without).project(everything)
    np.testing.assert_array_equal(
        EmotionSpace(1, learn(everything, [everything], annotated(everything, LABEL == 1))).project(everything), vectors
    )


def test_a_version_gives_the_numbers_it_always_gave() -> None:
    """A change here would mix two maps in one index: versions that are stored have to give what they gave."""
    taught = np.zeros((12, 9), np.float32)
    taught[0, 0], taught[3, 4] = 2.0, -1.0
    map_ = EmotionMap(
        embedding_mean=np.array([0.1, 0.2, 0.0], np.float32),
        basis=np.array([[1, 0], [0, 1], [0, 0]], np.float32),
        score_mean=np.full(9, 0.25, np.float32),
        embedding_baseline=0.5,
        score_baseline=0.5,
        offsets={"speaker:anna": np.array([*[0.0] * 11, 0.2, *[0.0] * 8], np.float32)},
        taught=taught,
        taught_baseline=0.25,
        taught_weight=0.3,
    )
    scores = np.array([0.36, 0, 0, 0, 0.64, 0, 0, 0, 0], np.float32)
    one = Heard.alone(np.array([3, 4, 0], np.float32), scores, "speaker:anna")
    told = np.array([2 * (0.6 - 0.1) - 0.2, 0, 0, 0, -(0.6 - 0.25), 0, 0, 0, 0, 0.25])
    plain = EmotionSpace(1, replace(map_, taught=None, taught_weight=0.0, offsets={})).project(one)[0]
    expected = np.concatenate([np.sqrt(0.7) * plain, np.sqrt(0.3) * told / np.linalg.norm(told)])
    assert EmotionSpace(1, map_).project(one)[0] == pytest.approx(expected, abs=1e-6)
