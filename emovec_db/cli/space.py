"""`emovec space list | fit | evaluate`: what similar means in a collection."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, table, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, moment, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from emovec_db.domain.evaluation import Evaluation
    from emovec_db.domain.fitted_space import FittedSpace
    from emovec_db.domain.index_state import IndexState

HELP = "List what similar can mean, learn it from the collection, or measure it."

app = group()


@app.callback(invoke_without_command=True, epilog=examples("emovec space list"))
def space(context: typer.Context) -> None:
    """List what similar can mean, learn it from the collection, or measure it."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", epilog=examples("emovec space list", "emovec space list --collection calls --json"))
def list_spaces(collection: CollectionOption = "default", as_json: JsonOption = False) -> None:
    """List spaces: which one searches use, and what emotion was learned from."""
    with opened() as database:
        spaces = database.collection(collection).spaces
        fits, indexes, default = spaces.all(), spaces.indexes(), spaces.default()
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import spaces_document

        print_json(spaces_document(fits, indexes, default))
    else:
        console().print(_spaces_table(fits, indexes, default, zone))


@app.command(epilog=examples("emovec space fit", "emovec space fit --labels labels.csv --collection calls --json"))
def fit(
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="Annotations: columns path (relative to the table), label, speaker and sentence. They are stored.",
            show_default=False,
        ),
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Learn anew what emotion means, from all that is stored; the new version takes over when it is whole."""
    with opened() as database, working("Fitting"):
        fitted = database.collection(collection).spaces.fit(labels)
    if as_json:
        from emovec_db.documents import fitted_space_document

        print_json(fitted_space_document(fitted))
        return
    console().print(
        f"Version {fitted.version} of {fitted.name} was learned from {count(fitted.utterances, 'utterance')} "
        f"and knows {fitted.people:,} {'person' if fitted.people == 1 else 'people'}."
    )
    if fitted.annotated:
        console().print(f"Of them, {count(fitted.annotated, 'utterance')} had annotations.")
    if fitted.table:
        console().print(f"The table annotated {count(fitted.table.recordings, 'recording')}.")
        _say_left_out(fitted.table.unlabelled, fitted.table.not_stored)
    if not fitted.people:
        console().print(
            "It can take nobody's way of speaking out: say who speaks (--speaker, --customer, a manifest). "
            "Until then searches use scores."
        )


@app.command(
    epilog=examples(
        "emovec space evaluate --labels labels.csv",
        "emovec space evaluate --labels labels.csv --collection calls --json",
    )
)
def evaluate(
    labels: Annotated[
        Path,
        typer.Option(
            metavar="TABLE",
            help="Columns path (relative to the table), label, speaker and sentence.",
            show_default=False,
        ),
    ],
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Measure how well each space finds the same emotion, by labels that people gave."""
    with opened() as database, working("Evaluating"):
        found = database.collection(collection).spaces.evaluate(labels)
    if as_json:
        from emovec_db.documents import evaluation_document

        print_json(evaluation_document(found))
        return
    screen = console()
    screen.print(_measures_table(found))
    screen.print(
        f"{count(found.utterances, 'labelled utterance')}, searched for among other speakers of the same of "
        f"{found.folds} groups; no space was fitted on whom it is measured by."
    )
    _say_left_out(found.unlabelled, found.not_stored)


def _say_left_out(unlabelled: int, not_stored: int) -> None:
    reasons = ((unlabelled, "without label"), (not_stored, "not stored"))
    left_out = [f"{left:,} {what}" for left, what in reasons if left]
    if left_out:
        console().print(f"Rows left out: {', '.join(left_out)}.")


def _spaces_table(
    fits: Mapping[str, FittedSpace | None], indexes: Mapping[str, IndexState | None], default: str, zone: tzinfo
) -> Table:
    right = ("version", "utterances", "annotated", "people", "recall")
    columns = ("space", "", "version", "fitted", "utterances", "annotated", "people", "index", "recall")
    rows = table(*columns, right=right)
    for name, fitted in fits.items():
        learned = ("",) * 5
        if fitted:
            learned = (
                str(fitted.version), moment(fitted.fitted_at, zone), f"{fitted.utterances:,}",
                f"{fitted.annotated:,}", f"{fitted.people:,}",
            )  # fmt: skip
        state = indexes[name]
        recall = "" if state is None or state.recall is None else f"{state.recall:.3f}"
        index = (state.kind, recall) if state else ("in memory", "")
        rows.add_row(printable(name), "default" if name == default else "", *learned, *index)
    return rows


def _measures_table(found: Evaluation) -> Table:
    names = ("mAP@10", "precision@10", "triplets", "same voice", "same sentence")
    rows = table("space", *names, right=names)
    for name, measures in found.spaces.items():
        figures = (
            measures.map_at_10,
            measures.precision_at_10,
            measures.triplet_accuracy,
            measures.speaker_triplet_accuracy,
            measures.sentence_triplet_accuracy,
        )
        rows.add_row(name, *(f"{figure:.3f}" for figure in figures))
    return rows
