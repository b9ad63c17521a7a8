"""How well a collection's spaces find the same emotion, by labels that people gave to its recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.evaluation import Evaluation
from emovec_db.domain.fitted_space import EMOTION
from emovec_db.domain.query import Filter, Vectors
from emovec_db.errors import QueryError
from emovec_db.services.labels import LabelRow, read_labels, recordings_of
from emovec_db.services.spaces import fitted_to
from emovec_db.spaces.emotion import EmotionSpace
from emovec_db.spaces.measures import Labelled, judged, measures
from emovec_db.spaces.protocol import Space
from emovec_db.spaces.registry import SPACES
from emovec_db.store.store import Store, Unit

#: groups of speakers, fewer where there are fewer than two speakers for each
FOLDS = 5


@dataclass(frozen=True, slots=True)
class _Heard:
    """The utterances of the table's recordings, and what it says of each, in the same order."""

    vectors: Vectors
    rows: Sequence[LabelRow]

    def column(self, name: str) -> NDArray[np.str_]:
        """Where no sentence is told, each recording is one of its own."""
        values = [getattr(row, name) for row in self.rows]
        if name == "sentence":
            values = [value or f"sentence of {row.uri}" for value, row in zip(values, self.rows, strict=True)]
        return np.array(values, dtype=np.str_)


def evaluate(store: Store, collection: Collection, labels: Path) -> Evaluation:
    """Measure every space by a table with the columns path (relative to the table), label, speaker and sentence.

    Speakers are parted into groups, and each is searched for among its own group only. `emotion` is fitted anew for
    each group to everything in the collection that is not by a speaker of that group.

    Raises:
        QueryError: the table lacks a column, or too few of its speakers are in the collection.
    """
    rows, unlabelled = _read(labels)
    with store.read() as unit:
        heard, not_stored = _heard(unit, collection, rows)
        folds = _folds(heard, collection)
        ids = unit.utterances.ids(collection, Filter())
        fitted = [_fitted_without(unit, collection, ids, heard, speakers) for speakers in folds]
    labelled = heard.column("label") != ""
    chosen = [np.flatnonzero(labelled & np.isin(heard.column("speaker"), speakers)) for speakers in folds]
    spaces: dict[str, Sequence[Space]] = {name: [space] * len(folds) for name, space in SPACES.items()}
    spaces[EMOTION] = fitted
    return Evaluation(
        spaces={
            name: measures([judged(_labelled(heard, space, at)) for space, at in zip(of_folds, chosen, strict=True)])
            for name, of_folds in spaces.items()
        },
        folds=len(folds),
        utterances=sum(len(at) for at in chosen),
        unlabelled=unlabelled,
        not_stored=not_stored,
    )


def _read(labels: Path) -> tuple[list[LabelRow], int]:
    """Rows that name a recording and its speaker, and how many of all have no label or no speaker."""
    rows = list(read_labels(labels))
    unlabelled = sum(not (row.label and row.speaker) for row in rows)
    return [row for row in rows if row.uri and row.speaker], unlabelled


def _heard(unit: Unit, collection: Collection, rows: Sequence[LabelRow]) -> tuple[_Heard, int]:
    """The stored utterances of these recordings, and how many labelled rows have none."""
    recordings = recordings_of(unit, collection.collection_id, rows)
    not_stored = sum(bool(row.label) and row.uri not in recordings for row in rows)
    of_utterance: dict[int, LabelRow] = {}
    # where a recording stands twice, the row with a label holds
    for row in sorted(rows, key=lambda row: bool(row.label)):
        for recording_id in recordings.get(row.uri, []):
            heard = unit.utterances.of_recording(collection, recording_id)
            of_utterance.update((utterance.utterance_id, row) for utterance in heard)
    vectors = unit.utterances.vectors(collection, sorted(of_utterance))
    return _Heard(vectors, [of_utterance[one] for one in vectors.ids.tolist()]), not_stored


def _folds(heard: _Heard, collection: Collection) -> list[list[str]]:
    """Groups of at least two speakers, those with many recordings spread over the groups."""
    counts = Counter(row.speaker for row in heard.rows if row.label)
    speakers = sorted(counts, key=lambda speaker: (-counts[speaker], speaker))
    if len(speakers) < 4:
        raise QueryError(
            f"too few speakers have labelled recordings in collection {collection.name!r}: {len(speakers)}, expected "
            "4 or more, since what is fitted on some is measured on others"
        )
    folds = min(FOLDS, len(speakers) // 2)
    return [speakers[fold::folds] for fold in range(folds)]


def _fitted_without(
    unit: Unit, collection: Collection, ids: NDArray[np.int64], heard: _Heard, speakers: Sequence[str]
) -> EmotionSpace:
    """`emotion` as it is learned from everything that is not by these speakers."""
    of_speakers = np.isin(heard.column("speaker"), speakers)
    ids_left_out = heard.vectors.ids[of_speakers]
    people_left_out = {person for person in heard.vectors.people[of_speakers] if person is not None}

    def others(vectors: Vectors) -> Vectors:
        by_others = np.array([person not in people_left_out for person in vectors.people], dtype=bool)
        return vectors.rows(by_others & ~np.isin(vectors.ids, ids_left_out))

    if np.isin(ids, ids_left_out).all():
        raise QueryError(
            f"all of collection {collection.name!r} is by {', '.join(speakers)}: nothing is left to fit on"
        )
    return EmotionSpace(1, fitted_to(unit, collection, ids, others))


def _labelled(heard: _Heard, space: Space, at: NDArray[np.intp]) -> Labelled:
    labels, speakers, sentences = (_numbers(heard.column(name)[at]) for name in ("label", "speaker", "sentence"))
    vectors = space.project(heard.vectors.rows(at))
    return Labelled(vectors=vectors, labels=labels, speakers=speakers, sentences=sentences)


def _numbers(names: NDArray[np.str_]) -> NDArray[np.int64]:
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
