"""What people say is felt in recordings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """n utterances of annotated recordings: what was heard in them, and what people say."""

    heard: Heard
    #: int64 (n,), places in `LABELS`
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRead:
    """What became of the rows of a table of labels."""

    #: recordings that were annotated by it
    recordings: int
    #: rows without a label
    unlabelled: int
    #: rows whose recording the collection lacks
    not_stored: int
