"""`emovec trajectories`: recordings whose emotion runs through a pattern, or as in another recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.search import Given
from emovec_db.cli.session import opened
from emovec_db.errors import QueryError

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.trajectory import SimilarCourses

app = group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many recordings, and how clear or how like they must be."""

    k: Annotated[int, typer.Option("-k", metavar="NUMBER", min=1, help="How many recordings.")] = 10
    min_clarity: Annotated[
        float | None,
        typer.Option(metavar="SHARE", min=0, max=1, help="How clearly PATTERN must hold; 0.3 unless given."),
    ] = None
    stretch: Annotated[
        float | None,
        typer.Option(metavar="TIMES", min=1, help="With --like: how many times longer or shorter; 2 unless given."),
    ] = None


@app.command(
    epilog=examples(
        "emovec trajectories 'neutral > angry 5s > calm'",
        "emovec trajectories 'angry|disgusted 10s > any > not angry' --customer c7 --json",
        "emovec trajectories --like 17 -k 5",
        "emovec trajectories --like call.wav --stretch 3",
    )
)
@with_options(wanted=Wanted, given=Given, conditions=Conditions)
def trajectories(
    wanted: Wanted,
    given: Given,
    conditions: Conditions,
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="PATTERN", help="Parts with > between them; in quotes, since > is the shell's too."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="ID|FILE", help="Recordings that run like this stored one, or like FILE, instead."),
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Find recordings by the course of their emotion."""
    if (pattern is None) == (like is None):
        raise QueryError("trajectories takes either a PATTERN or --like ID|FILE: give one of them")
    if like is None and (wanted.stretch is not None or given != Given()):
        raise QueryError("--stretch, --recording-role and --recording-channel go with --like, not with a PATTERN")
    if like is not None and wanted.min_clarity is not None:
        raise QueryError("--min-clarity goes with a PATTERN, not with --like")
    with opened() as database:
        zone, stored = database.settings.zone, database.collection(collection)
        options = {name: value for name, value in asdict(wanted).items() if value is not None}
        options |= conditions.as_filter(zone)
        with working("Following"):
            runs = stored.trajectories(pattern, **options) if pattern is not None else ()
            alike = _alike(stored, like, given, options) if like is not None else None
        if as_json:
            from emovec_db.documents import similar_courses_document, trajectories_document

            print_json(similar_courses_document(alike) if alike else trajectories_document(pattern or "", runs))
            return
        from emovec_db.cli.encoder_remark import encoder_remark
        from emovec_db.cli.trajectories_view import courses_view, trajectories_view

        screen = console()
        screen.print(courses_view(alike, like or "", zone) if alike else trajectories_view(runs, zone))
        screen.print(encoder_remark(stored))


def _alike(stored: Collection, like: str, given: Given, options: dict[str, Any]) -> SimilarCourses:
    """Digits are the id of a stored recording; a file of such a name is given as ./17."""
    if not (like.isascii() and like.isdigit()):
        return stored.similar_courses(Path(like), **asdict(given), **options)
    if given != Given():
        raise QueryError("--recording-role and --recording-channel say what a FILE is: a stored recording is known")
    return stored.similar_courses_by_id(int(like), **options)
