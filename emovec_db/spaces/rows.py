"""What the spaces share: checked input, unit rows out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError


def check_shapes(heard: Heard) -> None:
    """Raise QueryError unless these are (n, d) embeddings and (n, 9) scores of the same n utterances."""
    embeddings, scores = heard.embeddings, heard.scores
    if embeddings.ndim != 2 or scores.shape != (len(embeddings), len(LABELS)) or heard.people.shape != scores.shape[:1]:
        raise QueryError(
            f"got embeddings of shape {embeddings.shape}, scores of shape {scores.shape} and people of shape "
            f"{heard.people.shape}; expected (n, dim), (n, {len(LABELS)}) and (n,) with the same n"
        )


def unit_rows(rows: NDArray[np.float64], what: str) -> NDArray[np.float32]:
    """Rows of length 1, C-contiguous; `what` names them where one of them has no direction (QueryError)."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    usable = np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)
    if not usable.all():
        first = int(np.flatnonzero(~usable)[0])
        raise QueryError(
            f"the {what} of {int((~usable).sum())} of {len(rows)} utterances (first: row {first}) are all zero or not "
            "finite, so they have no direction; expected finite numbers, not all zero"
        )
    return np.ascontiguousarray(rows / lengths, dtype=np.float32)
