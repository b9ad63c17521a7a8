"""Maps, column by column: as short as JSON gets, for a hundred thousand points."""

from __future__ import annotations

from emovec_db.documents.values import Document
from emovec_db.domain.space_map import GREATEST_POSITION, SpaceMap
from emovec_db.emotions import LABELS


def map_document(made: SpaceMap) -> Document:
    """What the map is of, then a list for each column; what a number names is told once (`labels`, `customers`)."""
    points, positions = made.points, made.positions
    return {
        "method": made.method,
        "space": made.space,
        "version": made.version,
        "seed": made.seed,
        "of": made.of,
        "points": len(points.ids),
        "explained": None if made.explained is None else list(made.explained),
        "greatest": GREATEST_POSITION,
        "labels": list(LABELS),
        "customers": list(points.customers.words),
        "clustering_id": made.clustering_id,
        "utterance_id": points.ids.tolist(),
        "recording_id": points.recording_ids.tolist(),
        "x": positions[:, 0].tolist(),
        "y": positions[:, 1].tolist(),
        "label": points.labels.tolist(),
        "customer": points.customers.codes.tolist(),
        "cluster": None if made.clusters is None else made.clusters.tolist(),
    }
