"""`emovec reencode`: give a collection another encoder while it goes on serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from emovec_db.cli import exit_codes
from emovec_db.cli.interrupts import stopped_by_ctrl_c
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.progress import meter, shown_by
from emovec_db.cli.session import opened
from emovec_db.errors import QueryError

if TYPE_CHECKING:
    from emovec_db.database.generations import Generations

app = group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the collection should be made of."""

    to: Annotated[
        str | None, typer.Option("--to", metavar="ENCODER", help="A name or a directory; else it stays as it is.")
    ] = None
    precision: Annotated[str | None, typer.Option(metavar="NAME", help="fp32, bf16 or int8.")] = None
    segmentation: Annotated[
        Literal["pauses", "windows"] | None,
        typer.Option(help="Cut recordings at pauses, or into equal windows; else it stays as it is."),
    ] = None

    def __post_init__(self) -> None:
        if self.to is self.precision is self.segmentation is None:
            raise QueryError("nothing would change: give --to, --precision or --segmentation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Seeing first what it would do."""

    sample: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", min=1, help="Only say how labels would change, by this many recordings."),
    ] = None
    seed: Annotated[int, typer.Option(metavar="NUMBER", min=0, help="Which ones: the same seed, the same sample.")] = 0


@app.command(
    epilog=examples(
        "emovec reencode --to emotion2vec_plus_large --sample 200",
        "emovec reencode --to emotion2vec_plus_large --precision bf16 --collection calls",
        "emovec reencode --to compact --delete-lost 3 --json",
    )
)
@with_options(goal=Goal, trial=Trial)
def reencode(
    goal: Goal,
    trial: Trial,
    delete_lost: Annotated[
        int,
        typer.Option(
            "--delete-lost",
            metavar="NUMBER",
            min=0,
            help="Delete recordings that can't be encoded any more, if they are no more than this.",
        ),
    ] = 0,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Encode a collection anew by another encoder, then serve from that.

    Until everything is encoded, the collection serves as before, and ingests go on. Stopped or killed, it goes on where
    it was when the same command runs again.
    """
    with opened() as database:
        generations = database.collection(collection).generations
        if trial.sample is not None:
            _print_sample(generations, goal, trial.sample, trial.seed, as_json=as_json)
            return
        with stopped_by_ctrl_c() as stop, meter("Encoding", "recordings") as show:
            report = generations.reencode(
                goal.to,
                precision=goal.precision,
                segmentation=goal.segmentation,
                delete_lost=delete_lost,
                progress=shown_by(show),
                stop=stop,
            )
        pinned = database.settings.encoder
    if as_json:
        from emovec_db.documents import reencode_document

        print_json(reencode_document(report))
    else:
        from emovec_db.cli.reencode_view import reencode_view

        console().print(reencode_view(report, collection, pinned))
    if report.held_back:
        raise typer.Exit(exit_codes.SOME_RECORDINGS_FAILED)


def _print_sample(generations: Generations, goal: Goal, sample: int, seed: int, *, as_json: bool) -> None:
    with working("Encoding a sample"):
        changes = generations.sample(
            goal.to, precision=goal.precision, segmentation=goal.segmentation, recordings=sample, seed=seed
        )
    if as_json:
        from emovec_db.documents import label_changes_document

        print_json(label_changes_document(changes))
    else:
        from emovec_db.cli.reencode_view import label_changes_view

        console().print(label_changes_view(changes))
