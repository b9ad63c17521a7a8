"""Annotations: what people say is felt in recordings, from tables into the store and from there into fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from emovec_db.domain.annotation import Annotated, TableRead
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Vectors
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.services.labels import LabelRow, read_labels, recordings_of
from emovec_db.store.store import Unit

#: annotated utterances that are learned from; more of them tell no more
MOST = 50_000
DRAWN_BY = 1


def annotations_in(labels: Path) -> list[LabelRow]:
    """The rows of a table of labels, see `services.labels`.

    Raises QueryError where a label is none of the nine, naming its place.
    """
    rows = list(read_labels(labels))
    for row in rows:
        if row.label and row.label not in LABELS:
            raise QueryError(
                f"{labels.name}, {row.place}: label {row.label!r} is none of the nine: expected {', '.join(LABELS)}"
            )
    return rows


def annotate(unit: Unit, collection: Collection, rows: Sequence[LabelRow]) -> TableRead:
    """Note what a table says of recordings that are stored; where it says several things of one, the last holds."""
    labelled = [row for row in rows if row.uri and row.label]
    recordings = recordings_of(unit, collection.collection_id, labelled)
    found = {one: row.label for row in labelled for one in recordings.get(row.uri, ())}
    unit.annotations.put(found)
    return TableRead(
        recordings=len(found),
        unlabelled=len(rows) - len(labelled),
        not_stored=sum(row.uri not in recordings for row in labelled),
    )


def annotated(unit: Unit, collection: Collection, keep: Callable[[Vectors], Vectors]) -> Annotated | None:
    """The utterances whose recordings are annotated, as far as `keep` keeps them; None where there are none."""
    ids, labels = unit.annotations.of_utterances(collection)
    if len(ids) > MOST:
        drawn = np.sort(np.random.default_rng(DRAWN_BY).choice(len(ids), MOST, replace=False))
        ids, labels = ids[drawn], labels[drawn]
    kept = keep(unit.utterances.vectors(collection, ids))
    if not len(kept.ids):
        return None
    return Annotated(heard=kept, labels=labels[np.searchsorted(ids, kept.ids)])
