"""The options that choose utterances or recordings, the same in every command that filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.options import key_values, time_option
from emovec_db.emotions import LABELS

if TYPE_CHECKING:
    from emovec_db.domain.query import FilterFields


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the filter options said, as text; each field is an option."""

    customer: Annotated[str | None, typer.Option(metavar="NAME", help="Only this customer's.")] = None
    speaker: Annotated[str | None, typer.Option(metavar="NAME", help="Only this speaker's.")] = None
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only customer, agent or other.")] = None
    label: Annotated[str | None, typer.Option(metavar="LABEL", help=f"Only this label: {', '.join(LABELS)}.")] = None
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Recorded at or after, ISO 8601.")] = None
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Recorded before, ISO 8601.")] = None
    min_confidence: Annotated[
        float | None, typer.Option(metavar="SHARE", min=0, max=1, help="Only labels at least this sure, 0 to 1.")
    ] = None
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only with this metadata; may be given again.")
    ] = None

    where: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="Any of it and more: 'angry >= 0.6 and not role = agent'.")
    ] = None

    def as_filter(self, zone: tzinfo) -> FilterFields:
        """The fields of `Filter`; times without a zone are `zone`'s.

        Raises:
            QueryError: a time that is none, or metadata without ``=``.
        """
        conditions: FilterFields = {
            "customer": self.customer,
            "speaker": self.speaker,
            "role": self.role,
            "label": self.label,
            "since": time_option(self.since, zone),
            "until": time_option(self.until, zone),
            "min_confidence": self.min_confidence,
        }
        if self.where is not None:
            from emovec_db.domain.condition_text import parse_condition

            conditions["where"] = parse_condition(self.where, zone)
        if self.metadata:
            conditions["metadata"] = key_values("--metadata", self.metadata)
        return conditions
