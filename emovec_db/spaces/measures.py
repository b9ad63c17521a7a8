"""How well vectors tell emotions apart, whoever speaks and whatever is said.

Retrieval is speaker-disjoint: an utterance is searched for among those of other speakers. AP@10 is the sum, over the
first ten found, of the precision up to each one of the same label, divided by the number of those that could be among
the first ten (as trec_eval's map_cut_10 does). A triplet is an anchor; a positive of the same label by another speaker
in another sentence; and a negative of another label by the same speaker or in the same sentence, so that whoever goes
by voice or wording takes the negative. All triplets count; equal similarities count a half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.evaluation import Measures

FIRST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """n utterances and what people say of them, as numbers: equal numbers, equal labels, speakers, sentences."""

    #: float32 (n, d) unit vectors
    vectors: NDArray[np.float32]
    #: int64 (n,) each
    labels: NDArray[np.int64]
    speakers: NDArray[np.int64]
    sentences: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of each of n utterances as query and as anchor."""

    #: float64 (n, 2), AP@10 and precision@10; NaN where no other speaker has its label
    precisions: NDArray[np.float64]
    #: float64 (n, 3, 2), right triplets and all: with either negative, the speaker's, the sentence's
    triplets: NDArray[np.float64]

    def rows(self, at: NDArray[np.intp]) -> Judged:
        """Those utterances, as often as they are named."""
        return Judged(self.precisions[at], self.triplets[at])


def judged(group: Labelled) -> Judged:
    """Each utterance of a group, searched for in that group only."""
    count = len(group.labels)
    found = Judged(np.full((count, 2), np.nan), np.zeros((count, 3, 2)))
    for anchor in range(count):
        similarities = group.vectors @ group.vectors[anchor]
        found.precisions[anchor] = _precision(group, anchor, similarities)
        found.triplets[anchor] = _triplets(group, anchor, similarities)
    return found


def measures(groups: Sequence[Judged]) -> Measures:
    """Over all utterances of all groups; NaN where nothing can be measured."""
    precisions = np.concatenate([group.precisions for group in groups])
    queries = precisions[~np.isnan(precisions[:, 0])]
    right, all_ = np.concatenate([group.triplets for group in groups]).sum(axis=0).T
    with np.errstate(invalid="ignore"):
        accuracy = right / all_
    mean_ap, mean_precision = queries.mean(axis=0) if len(queries) else (np.nan, np.nan)
    return Measures(
        map_at_10=float(mean_ap),
        precision_at_10=float(mean_precision),
        triplet_accuracy=float(accuracy[0]),
        speaker_triplet_accuracy=float(accuracy[1]),
        sentence_triplet_accuracy=float(accuracy[2]),
        queries=len(queries),
        triplets=int(all_[0]),
    )


def _precision(group: Labelled, anchor: int, similarities: NDArray[np.float32]) -> tuple[float, float]:
    """AP@10 and precision@10 of one query."""
    others = np.flatnonzero(group.speakers != group.speakers[anchor])
    relevant = group.labels[others] == group.labels[anchor]
    if not relevant.any():
        return np.nan, np.nan
    order = np.argsort(-similarities[others], kind="stable")[:FIRST]
    hits = relevant[order]
    so_far = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((so_far * hits).sum() / min(FIRST, relevant.sum())), float(hits.mean())


def _triplets(group: Labelled, anchor: int, similarities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Float64 (3, 2): right ones and all, with either kind of negative, the speaker's and the sentence's."""
    same_label = group.labels == group.labels[anchor]
    same_speaker = group.speakers == group.speakers[anchor]
    same_sentence = group.sentences == group.sentences[anchor]
    positives = similarities[same_label & ~same_speaker & ~same_sentence]
    return np.array(
        [
            _compared(positives, similarities[~same_label & distractor])
            for distractor in (same_speaker | same_sentence, same_speaker, same_sentence & ~same_speaker)
        ]
    )


def _compared(positives: NDArray[np.float32], negatives: NDArray[np.float32]) -> tuple[float, float]:
    """How many pairs have the positive nearer, and how many pairs there are."""
    ranked = np.sort(negatives)
    below = np.searchsorted(ranked, positives, side="left") + np.searchsorted(ranked, positives, side="right")
    return float(below.sum()) / 2, float(len(positives) * len(negatives))
