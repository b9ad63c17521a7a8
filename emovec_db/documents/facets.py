"""How much there is, and of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emovec_db.documents.values import Document
from emovec_db.domain.facets import Count, FacetValue


def count_document(count: Count, facets: Mapping[str, Sequence[FacetValue]]) -> Document:
    """``{utterances, recordings, facets: {field: [{value, utterances, recordings}]}}``."""
    return {
        "utterances": count.utterances,
        "recordings": count.recordings,
        "facets": {field: [_value(value) for value in values] for field, values in facets.items()},
    }


def _value(value: FacetValue) -> Document:
    return {"value": value.value, "utterances": value.count.utterances, "recordings": value.count.recordings}
