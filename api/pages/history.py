"""Which part of customers' history a page shows, and how it is cut: fields of its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from emovec_db.api.filters import checked
from emovec_db.api.histories import history
from emovec_db.api.schemas.requests import HistoryQuery
from emovec_db.emotions import LABELS

#: in the order of the form
FIELDS = ("period", "since", "until", "recent_since")
#: emotions that a trend shows where the reader chose none
STRONGEST = 3


@dataclass(frozen=True, slots=True)
class HistoryForm:
    """What a reader asked for, as it was typed."""

    values: Mapping[str, str]
    #: labels of the trend; empty: none was chosen
    show: tuple[str, ...]

    @property
    def period(self) -> str:
        return self.values.get("period", "week")

    @property
    def query(self) -> dict[str, Any]:
        """For addresses of the same history."""
        return {**self.values, "show": list(self.show)}

    def asked(self) -> dict[str, Any]:
        """For the facade. Raises InvalidRequestError, QueryError."""
        return history(checked(HistoryQuery, dict(self.values)))

    def shown(self, *scores: Mapping[str, float]) -> Sequence[str]:
        """Labels whose trend is drawn: those that were chosen, else those of the greatest mean scores."""
        if self.show:
            return self.show
        return sorted(LABELS, key=lambda label: -sum(means[label] for means in scores))[:STRONGEST]


def history_form(given: MultiDict[str, str]) -> HistoryForm:
    """Of an address's query; empty fields are left out, and labels that there are not."""
    chosen = given.getlist("show")
    return HistoryForm(
        {name: given[name] for name in FIELDS if given.get(name)}, tuple(label for label in LABELS if label in chosen)
    )
