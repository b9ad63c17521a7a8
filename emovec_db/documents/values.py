"""How single values and pages are written in every document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Page

#: what becomes one JSON object
Document = dict[str, Any]
Row = TypeVar("Row")


@overload
def time_text(moment: datetime) -> str: ...
@overload
def time_text(moment: None) -> None: ...
@overload
def time_text(moment: datetime | None) -> str | None: ...
def time_text(moment: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC with Z, for example ``2026-03-01T14:30:00Z``; a naive time is UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def prediction_fields(prediction: Prediction) -> Document:
    """``{label, confidence, scores: {nine}}``."""
    return {"label": prediction.label, "confidence": prediction.confidence, "scores": prediction.by_label()}


def page_document(page: Page[Row], document_of: Callable[[Row], Document]) -> Document:
    """The one shape of every list that has pages: ``{items, next_cursor}``."""
    return {"items": [document_of(row) for row in page.items], "next_cursor": page.next_cursor}
