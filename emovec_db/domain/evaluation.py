"""How well a space finds the same emotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Of one space, against labels by people."""

    #: mean over queries of the average precision among the first ten; see `spaces.measures`
    map_at_10: float
    #: share of the same emotion among the first ten
    precision_at_10: float
    #: share of triplets in which the same emotion is nearer than the other one
    triplet_accuracy: float
    #: the same, of triplets whose other emotion is by the anchor's speaker
    speaker_triplet_accuracy: float
    #: the same, of triplets whose other emotion is in the anchor's sentence
    sentence_triplet_accuracy: float
    queries: int
    triplets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Of all spaces of a collection."""

    #: by space
    spaces: Mapping[str, Measures]
    #: groups of speakers; whoever is searched among one group was not in what the space was fitted on
    folds: int
    #: labelled utterances that were compared
    utterances: int
    #: rows of the table without a label
    unlabelled: int
    #: rows whose recording the collection lacks
    not_stored: int
