"""`emovec ingest`: take recordings into a collection."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from emovec_db.cli import exit_codes
from emovec_db.cli.interrupts import stopped_by_ctrl_c
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, comma_list, examples, group
from emovec_db.cli.output import console, print_json
from emovec_db.cli.progress import meter, shown_by
from emovec_db.cli.session import opened
from emovec_db.cli.told import Told
from emovec_db.errors import EncoderMismatchError, QueryError

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.ingest import IngestReport

app = group()


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
    segmentation: Annotated[
        Literal["pauses", "windows"] | None,
        typer.Option(help="How a new collection cuts recordings: at pauses (else), or into equal windows."),
    ] = None
    clean: Annotated[
        list[str] | None,
        typer.Option(
            "--clean",
            metavar="NAMES",
            help="How a new collection cleans sound: separate, high-pass, denoise, normalise; else not at all.",
        ),
    ] = None
    diarize: Annotated[
        Literal["campplus", "pyannote"] | None,
        typer.Option(help="Who tells a new collection's voices apart; else each recording is taken for one voice."),
    ] = None
    voices: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="How many voices each recording has, where known.")
    ] = None

    @property
    def wishes(self) -> dict[str, Any]:
        """As arguments of `Collection.create` and `Collection.ingest`."""
        clean = [name for names in self.clean or () for name in comma_list("--clean", names)]
        return {
            "segmentation": self.segmentation,
            "clean": clean or None,
            "diarize": self.diarize,
            "voices": self.voices,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How they are taken in."""

    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again only what failed before; no PATH is needed.")
    ] = False
    allow_again: Annotated[
        bool, typer.Option("--allow-again", help="Take in what was deleted before, too; else it stays out.")
    ] = False
    engine: Annotated[
        Literal["celery"] | None,
        typer.Option(help="Share the work out to emovec worker --engine celery; else it is done here."),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False
    watch: Annotated[
        bool, typer.Option("--watch", help="Then wait for what comes into the folders, until Ctrl-C or SIGTERM.")
    ] = False

    def check(self, terms: Terms, *, anything_named: bool) -> None:
        """Raise QueryError for what can't be done together."""
        if not anything_named and not self.retry_failed:
            raise QueryError("nothing to ingest: give a folder, files, a glob or a --manifest, or --retry-failed")
        if self.dry_run and self.retry_failed:
            raise QueryError("--dry-run says what becomes of PATH or --manifest: it can't be given with --retry-failed")
        if self.allow_again and self.retry_failed:
            raise QueryError("--allow-again is about what PATH or --manifest names: give it without --retry-failed")
        if self.engine and (self.dry_run or self.retry_failed):
            raise QueryError("--engine shares out PATH or --manifest: leave --dry-run and --retry-failed away")
        if self.watch and (self.dry_run or self.retry_failed or self.engine):
            raise QueryError("--watch waits for recordings: leave --dry-run, --retry-failed and --engine away")
        if self.dry_run and terms.forbid_role:
            raise QueryError("--dry-run changes no policy: give --forbid-role without it")


@app.command(
    epilog=examples(
        'emovec ingest recordings/ --customer-from "{customer}/{recorded_at:%Y-%m-%d}_*.wav"',
        "emovec ingest calls/*.flac --collection calls --roles left=agent,right=customer --forbid-role agent",
        "emovec ingest --manifest calls.csv --column customer=caller --dry-run",
        'emovec ingest s3://calls/2026/ --customer-from "{customer}/*.wav"',
        "emovec ingest drop/ --watch",
        "emovec ingest --retry-failed --json",
    )
)
@with_options(told=Told, way=Way, terms=Terms)
def ingest(
    told: Told,
    way: Way,
    terms: Terms,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Folders, files, quoted globs, addresses.")
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Take recordings into a collection.

    What is there already stays as it is, and a bad file never stops the rest. Stopped or killed, it goes on where it
    was when the same command runs again.

    PATTERN matches the path below the folder that was given, with {customer}, {speaker}, {role} and
    {recorded_at:%Y-%m-%d}; any other {name} becomes metadata, * and ** match anything.

    Addresses are s3://bucket/folder/, gs://bucket/**/*.wav, https://host/call.wav.

    A table has a column uri (or path, file, filename, url: relative to the table's folder), and may have customer,
    speaker, role, channel and recorded_at; all other columns become metadata.
    """
    way.check(terms, anything_named=bool(paths or told.manifest))
    with opened(terms.encoder, terms.precision) as database:
        target = database.collection(collection)
        known = told.as_arguments(database.settings.zone)
        if way.engine:
            from emovec_db.worker.cluster.broker import celery_app, messages_waiting

            messages_waiting(celery_app(database.settings))  # now, not when everything is queued
        if way.dry_run:
            from emovec_db.cli.forecasts import print_forecasts

            failed = print_forecasts(target.dry_run(*paths or (), **known), as_json=as_json)
        else:
            _require_precision(target, terms.precision)
            if terms.forbid_role:
                target.create(**terms.wishes)
            for role in terms.forbid_role or ():
                target.forbid_role(role, reason="emovec ingest --forbid-role")
            if way.watch:
                _watch(target, paths or [], {**known, "allow_again": way.allow_again}, terms, as_json=as_json)
                return
            known |= {**terms.wishes, "allow_again": way.allow_again}
            if way.engine:
                from emovec_db.cli.sharing import share_out

                with meter("Ingesting", "recordings") as show:
                    report = share_out(database, target, paths or (), known, show)
            else:
                with stopped_by_ctrl_c() as stop, meter("Ingesting", "recordings") as show:
                    report = target.ingest(
                        *paths or (), **known, retry_failed=way.retry_failed, progress=shown_by(show), stop=stop
                    )
            failed = report.failed
            _print(report, collection, as_json=as_json)
    if failed:
        raise typer.Exit(exit_codes.SOME_RECORDINGS_FAILED)


def _print(report: IngestReport, collection: str, *, as_json: bool) -> None:
    if as_json:
        from emovec_db.documents import ingest_document

        print_json(ingest_document(report))
    else:
        from emovec_db.cli.ingest_view import ingest_view

        console().print(ingest_view(report, collection))


def _watch(target: Collection, folders: list[str], known: dict[str, Any], terms: Terms, *, as_json: bool) -> None:
    from emovec_db.cli.watching import BatchProgress, WaitingLine, print_reports, say
    from emovec_db.services.watching import Watched

    target.create(**terms.wishes)
    watched = Watched(remark=say, idle=WaitingLine(folders))
    with stopped_by_ctrl_c(signal.SIGTERM) as stop:
        reports = target.watch(*folders, **known, stop=stop, watched=watched, progress=BatchProgress())
        print_reports(reports, as_json=as_json)


def _require_precision(target: Collection, precision: str | None) -> None:
    """A collection keeps its precision, so asking for another one by name is a mistake."""
    if precision is None or not target.exists():
        return
    own = target.encoder()
    if own.precision != precision:
        raise EncoderMismatchError(
            f"collection {target.name!r} holds embeddings of {own.encoder_id}, and {precision} is asked for: leave "
            f"--precision away, ingest into another collection, or `emovec reencode --precision {precision}`"
        )
