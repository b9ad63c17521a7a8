"""Spaces, their fits and what they measure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.evaluation import Evaluation, Measures
from emovec_db.domain.fitted_space import FittedSpace
from emovec_db.domain.index_state import IndexState


def spaces_document(
    fits: Mapping[str, FittedSpace | None], indexes: Mapping[str, IndexState | None], default: str
) -> Document:
    """``{default, spaces: [{space, version, fitted_at, utterances, annotated, people, index}]}``.

    Null where there is nothing.
    """
    spaces = [{**_space_document(name, fitted), "index": _index(indexes.get(name))} for name, fitted in fits.items()]
    return {"default": default, "spaces": spaces}


def fitted_space_document(fitted: FittedSpace) -> Document:
    """``{space, version, fitted_at, utterances, annotated, people}``, and ``table`` where one was read for it."""
    document: Document = {
        "space": fitted.name,
        "version": fitted.version,
        "fitted_at": time_text(fitted.fitted_at),
        "utterances": fitted.utterances,
        "annotated": fitted.annotated,
        "people": fitted.people,
    }
    return document if fitted.table is None else {**document, "table": asdict(fitted.table)}


def evaluation_document(evaluation: Evaluation) -> Document:
    """``{spaces: {space: {map_at_10, precision_at_10, triplet_accuracy, …, queries, triplets}}, folds, …}``."""
    return {
        "spaces": {name: _measures_document(measures) for name, measures in evaluation.spaces.items()},
        "folds": evaluation.folds,
        "utterances": evaluation.utterances,
        "unlabelled": evaluation.unlabelled,
        "not_stored": evaluation.not_stored,
    }


def _index(state: IndexState | None) -> Document | None:
    return None if state is None else asdict(state)


def _space_document(name: str, fitted: FittedSpace | None) -> Document:
    if fitted is not None:
        return fitted_space_document(fitted)
    return {"space": name, "version": 1, "fitted_at": None, "utterances": None, "annotated": None, "people": None}


def _measures_document(measures: Measures) -> Document:
    figures = {
        "map_at_10": measures.map_at_10,
        "precision_at_10": measures.precision_at_10,
        "triplet_accuracy": measures.triplet_accuracy,
        "speaker_triplet_accuracy": measures.speaker_triplet_accuracy,
        "sentence_triplet_accuracy": measures.sentence_triplet_accuracy,
    }
    # JSON knows no NaN: there was nothing to measure by
    shown = {name: None if math.isnan(figure) else figure for name, figure in figures.items()}
    return {**shown, "queries": measures.queries, "triplets": measures.triplets}
