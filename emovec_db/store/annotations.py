"""What people say is felt in recordings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from emovec_db.domain.collection import Collection
from emovec_db.emotions import LABELS
from emovec_db.store.statements import chunks, upsert
from emovec_db.store.tables import AnnotationRow, UtteranceRow


class Annotations:
    """The annotations of one database, within one transaction; each goes with its recording."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, labels: Mapping[int, str]) -> None:
        """Note what people say of recordings, label by recording id; what was said of them before is replaced."""
        statement = upsert(self._connection.dialect.name, AnnotationRow, ("recording_id",), ("label",))
        for some in chunks(sorted(labels.items())):
            self._connection.execute(statement, [{"recording_id": one, "label": label} for one, label in some])

    def of_utterances(self, collection: Collection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of the generation's utterances of annotated recordings, ascending, and their places in `LABELS`.

        Both int64 (n,).
        """
        found = self._connection.execute(
            select(UtteranceRow.utterance_id, AnnotationRow.label)
            .join(AnnotationRow, AnnotationRow.recording_id == UtteranceRow.recording_id)
            .where(UtteranceRow.generation_id == collection.generation.generation_id)
        ).fetchall()
        places = {label: place for place, label in enumerate(LABELS)}
        ids = np.array([row[0] for row in found], dtype=np.int64)
        labels = np.array([places[row[1]] for row in found], dtype=np.int64)
        order = np.argsort(ids)
        return ids[order], labels[order]
