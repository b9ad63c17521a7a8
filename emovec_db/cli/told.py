"""Options of `emovec ingest` that say what is known of recordings besides their sound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated, Any

import typer

from emovec_db.cli.options import comma_list, key_values, time_option


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of the recordings besides their sound."""

    manifest: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Take the recordings that this table lists: .csv, .tsv, .jsonl or .parquet."),
    ] = None
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=NAME", help="Which column of the table tells what; may be given again."),
    ] = None
    customer_from: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Customer, time and more from the path below the folder; see above."),
    ] = None
    customer: Annotated[str | None, typer.Option(metavar="NAME", help="Whose emotion it is.")] = None
    speaker: Annotated[str | None, typer.Option(metavar="NAME", help="Whose voice it is.")] = None
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Who speaks: customer, agent or other.")] = None
    recorded_at: Annotated[str | None, typer.Option(metavar="TIME", help="When, ISO 8601.")] = None
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Anything else; may be given again.")
    ] = None
    channels: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Make each channel a recording of its own: left,right. Else they are mixed."
        ),
    ] = None
    roles: Annotated[
        str | None, typer.Option(metavar="CHANNEL=ROLE,…", help="Who speaks on which channel; makes each a recording.")
    ] = None

    def as_arguments(self, zone: tzinfo) -> dict[str, Any]:
        """Keyword arguments of `Collection.ingest`.

        Raises:
            QueryError: a time, list or pair that is none.
        """
        return {
            "manifest": self.manifest,
            "columns": key_values("--column", self.column or ()),
            "customer_from": self.customer_from,
            "customer": self.customer,
            "speaker": self.speaker,
            "role": self.role,
            "recorded_at": time_option(self.recorded_at, zone),
            "metadata": key_values("--metadata", self.metadata or ()),
            "channels": ("mix",) if self.channels is None else comma_list("--channels", self.channels),
            "roles": None if self.roles is None else key_values("--roles", comma_list("--roles", self.roles)),
        }
