"""The table of two runs as a page shows it: utterances that are in both clusters, and their share of the row."""

from __future__ import annotations

from dataclasses import dataclass

from emovec_db.domain.agreement import Agreement

#: clusters of either run; larger tables can't be read
MOST = 30
#: steps of shading: `.shade-0` to `.shade-10`
STEPS = 10


@dataclass(frozen=True, slots=True)
class TableCell:
    """Utterances in a cluster of the first run and one of the second."""

    utterances: int
    #: of the first's cluster, 0 to 1
    share: float

    @property
    def shade(self) -> int:
        return round(self.share * STEPS)


def cluster_table(agreement: Agreement) -> list[list[TableCell]] | None:
    """A row for each cluster of the first run; None where there are too many to show."""
    counts = agreement.contingency
    if max(counts.shape) > MOST:
        return None
    return [[TableCell(count, count / (sum(row) or 1)) for count in row] for row in counts.tolist()]
