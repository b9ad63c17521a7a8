"""`emovec ingest`: take recordings into a collection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emovec_db.cli import exit_codes
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, comma_list, examples, group, key_values, time_option
from emovec_db.cli.output import console, print_json
from emovec_db.cli.progress import Meter, meter
from emovec_db.cli.session import opened
from emovec_db.cli.text import count
from emovec_db.errors import EncoderMismatchError, QueryError

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.ingest import IngestProgress, Progress

app = group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of the recordings besides their sound."""

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
            "customer_from": self.customer_from,
            "customer": self.customer,
            "speaker": self.speaker,
            "role": self.role,
            "recorded_at": time_option(self.recorded_at, zone),
            "metadata": key_values("--metadata", self.metadata or ()),
            "channels": ("mix",) if self.channels is None else comma_list("--channels", self.channels),
            "roles": None if self.roles is None else key_values("--roles", comma_list("--roles", self.roles)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for the collection."""

    forbid_role: Annotated[
        list[str] | None,
        typer.Option(
            "--forbid-role", metavar="ROLE", help="First forbid this role in the collection, for good; see policy."
        ),
    ] = None
    encoder: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoder of a new collection: a name or a directory.")
    ] = None
    precision: Annotated[
        str | None, typer.Option(metavar="NAME", help="Precision of a new collection: fp32, bf16 or int8.")
    ] = None


@app.command(
    epilog=examples(
        'emovec ingest recordings/ --customer-from "{customer}/{recorded_at:%Y-%m-%d}_*.wav"',
        "emovec ingest calls/*.flac --collection calls --roles left=agent,right=customer --forbid-role agent",
        "emovec ingest --retry-failed --json",
    )
)
@with_options(told=Told, terms=Terms)
def ingest(
    told: Told,
    terms: Terms,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Folders, files or quoted globs.")] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again only what failed before; no PATH is needed.")
    ] = False,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Take recordings into a collection.

    What is there already stays as it is, and a bad file never stops the rest. Stopped or killed, it goes on where it
    was when the same command runs again.

    PATTERN matches the path below the folder that was given, with {customer}, {speaker}, {role} and
    {recorded_at:%Y-%m-%d}; any other {name} becomes metadata, * and ** match anything.
    """
    if not paths and not retry_failed:
        raise QueryError("nothing to ingest: give a folder, files or a glob, or --retry-failed")
    with opened(terms.encoder, terms.precision) as database, meter("Ingesting", "recordings") as show:
        known = told.as_arguments(database.settings.zone)
        progress = _shown_by(show)
        target = database.collection(collection)
        _require_precision(target, terms.precision)
        for role in terms.forbid_role or ():
            target.forbid_role(role, reason="emovec ingest --forbid-role")
        report = target.ingest(*paths or (), **known, retry_failed=retry_failed, progress=progress)
    if as_json:
        from emovec_db.documents import ingest_document

        print_json(ingest_document(report))
    else:
        from emovec_db.cli.ingest_view import ingest_view

        console().print(ingest_view(report, collection))
    if report.failed:
        raise typer.Exit(exit_codes.SOME_RECORDINGS_FAILED)


def _require_precision(target: Collection, precision: str | None) -> None:
    """A collection keeps its precision, so asking for another one by name is a mistake."""
    if precision is None or not target.exists():
        return
    own = target.summary().collection.generation.encoder
    if own.precision != precision:
        raise EncoderMismatchError(
            f"collection {target.name!r} holds embeddings of {own.encoder_id}, and {precision} is asked for: leave "
            "--precision away, or ingest into another collection"
        )


def _shown_by(show: Meter) -> Progress:
    started = monotonic()

    def progress(state: IngestProgress) -> None:
        elapsed_s = monotonic() - started
        speed = f"{state.duration_s / elapsed_s:.0f} × real time" if state.duration_s and elapsed_s > 0 else ""
        failed = f"{count(state.failed, 'failure')}" if state.failed else ""
        show(state.done, state.total, ", ".join(part for part in (speed, failed) if part))

    return progress
