"""The database's tables; migrations/versions brings a database to exactly this.

A row class is named after its domain dataclass with `Row`. Ids come from AUTOINCREMENT or identity columns and are
never reused. What belongs to a recording goes with it (ON DELETE CASCADE); only the change log, which holds nothing
but ids, and the suppressions, which hold nothing but digests, remember that it was there.
"""

from emovec_db.store.tables.base import SCORE_COLUMNS, Base
from emovec_db.store.tables.content import (
    ChangeRow,
    CollectionRow,
    CustomerRow,
    EmbeddingRow,
    GenerationRow,
    PredictionRow,
    ProvenanceRow,
    RecordingRow,
    SourceRow,
    SummaryRow,
    TrackRow,
    UtteranceRow,
    WaveformRow,
)
from emovec_db.store.tables.policy import PolicyChangeRow, RefusalRow, SuppressionRow
from emovec_db.store.tables.spaces import AnnotationRow, FittedSpacePersonRow, FittedSpaceRow
from emovec_db.store.tables.work import (
    ClusteringMemberRow,
    ClusteringRow,
    ClusterNameRow,
    FailureRow,
    JobItemRow,
    JobRow,
)

__all__ = [
    "SCORE_COLUMNS",
    "AnnotationRow",
    "Base",
    "ChangeRow",
    "ClusterNameRow",
    "ClusteringMemberRow",
    "ClusteringRow",
    "CollectionRow",
    "CustomerRow",
    "EmbeddingRow",
    "FailureRow",
    "FittedSpacePersonRow",
    "FittedSpaceRow",
    "GenerationRow",
    "JobItemRow",
    "JobRow",
    "PolicyChangeRow",
    "PredictionRow",
    "ProvenanceRow",
    "RecordingRow",
    "RefusalRow",
    "SourceRow",
    "SummaryRow",
    "SuppressionRow",
    "TrackRow",
    "UtteranceRow",
    "WaveformRow",
]
