"""How labels would change: a sample of stored recordings, encoded another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import monotonic

import numpy as np

from emovec_db.domain.encoding import Prediction
from emovec_db.domain.recording import Recording
from emovec_db.domain.reencoding import LabelChange, LabelChanges
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError
from emovec_db.services.encoding import EncodedSound
from emovec_db.services.ingest.pipeline import Pipeline
from emovec_db.services.reencoding.rereading import Reread, Rereader, uri_of

#: recordings whose label changes that are shown
EXAMPLES = 5


def label_changes(rereader: Rereader, sample: int, seed: int) -> LabelChanges:
    """Compare what the serving generation says of at most `sample` recordings with what the rereader's method says.

    Raises:
        QueryError: the sample is empty.
        NotFoundError: the collection is.
    """
    if sample < 1:
        raise QueryError(f"sample is {sample}: expected at least 1")
    with rereader.store.read() as unit:
        ids = unit.recordings.ids(rereader.collection.collection_id)
        total_duration_s = unit.collections.summary(rereader.collection).duration_s
    if not ids:
        raise NotFoundError(f"collection {rereader.collection.name!r} has no recordings to compare by")
    drawn = np.sort(np.random.default_rng(seed).permutation(np.array(ids))[:sample]).tolist()
    compared: list[tuple[Recording, Prediction]] = []
    lost: list[Reread] = []

    def keep(batch: Sequence[tuple[Reread, EncodedSound | None]]) -> None:
        lost.extend(reread for reread, encoded in batch if encoded is None)
        compared.extend((reread.recording, encoded.summary) for reread, encoded in batch if encoded is not None)

    began_s = monotonic()
    Pipeline(
        read=rereader.read,
        readers=rereader.readers,
        encode=lambda batch: list(zip(batch, rereader.encode(batch), strict=True)),
        write=keep,
    ).run(rereader.located([drawn]))
    changes = [
        LabelChange(
            recording_id=recording.recording_id, uri=uri_of(recording), before=recording.summary, after=prediction
        )
        for recording, prediction in compared
    ]
    score_changes = np.array([np.subtract(one.after.scores, one.before.scores) for one in changes] or [[0.0] * 9])
    return LabelChanges(
        before=rereader.collection.generation.encoder.encoder_id,
        after=rereader.method.encoder.identity.encoder_id,
        recordings=len(changes),
        moves=dict(Counter((one.before.label, one.after.label) for one in changes).most_common()),
        score_changes=dict(zip(LABELS, score_changes.mean(axis=0).tolist(), strict=True)),
        mean_score_change=float(np.abs(score_changes).mean()),
        examples=_surest(changes),
        lost=tuple(reread.lost for reread in lost if reread.lost is not None),
        duration_s=sum(recording.quality.duration_s for recording, _ in compared),
        seconds=monotonic() - began_s,
        total_duration_s=total_duration_s,
    )


def _surest(changes: Sequence[LabelChange]) -> tuple[LabelChange, ...]:
    moved = [one for one in changes if one.before.label != one.after.label]
    return tuple(sorted(moved, key=lambda one: -one.after.confidence)[:EXAMPLES])
