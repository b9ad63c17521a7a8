"""Fields of filters in the addresses of pages: the same conditions that the API takes, empty fields left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson
from werkzeug.datastructures import MultiDict

from emovec_db.api.filters import TextFilter, checked, conditions
from emovec_db.documents.search import filter_document
from emovec_db.domain.query import Filter, FilterFields

#: in the order of the form
FILTERS = ("customer", "speaker", "role", "label", "since", "until", "min_confidence", "where")


@dataclass(frozen=True, slots=True)
class FilterForm:
    """What a reader filtered by, as it was typed."""

    values: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        return not self.values

    def conditions(self) -> FilterFields:
        """For the facade. Raises InvalidRequestError, QueryError."""
        return conditions(checked(TextFilter, dict(self.values)))


def filter_form(given: MultiDict[str, str], names: Iterable[str] = FILTERS) -> FilterForm:
    """Of an address's query."""
    return FilterForm({name: given[name] for name in names if given.get(name)})


def filter_form_of(chosen: Filter) -> FilterForm:
    """As one would have typed a filter that is stored."""
    texts = filter_document(chosen)
    return FilterForm(
        {name: orjson.dumps(one).decode() if isinstance(one, dict) else str(one) for name, one in texts.items()}
    )
