"""`emovec list`, `show` and `delete`: what a collection holds."""

from __future__ import annotations

import shlex
import sys
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, YesOption, examples, group
from emovec_db.cli.output import console, print_json
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, printable
from emovec_db.domain.sorting import SORTABLE
from emovec_db.errors import QueryError

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.classification import Deletion
    from emovec_db.domain.query import Page
    from emovec_db.domain.recording import Recording

app = group()


@app.command(
    "list",
    epilog=examples("emovec list", "emovec list --customer c42 --label angry --sort=-recorded_at --limit 20 --json"),
)
@with_options(conditions=Conditions)
def list_recordings(
    conditions: Conditions,
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help=f"By {', '.join(SORTABLE)}; -{SORTABLE[0]} descends.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many at most.")] = 50,
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on after an earlier list; it named the cursor.")
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """List recordings."""
    with opened() as database:
        zone = database.settings.zone
        stored = database.collection(collection)
        page = stored.recordings(cursor=cursor, limit=limit, sort=sort, **conditions.as_filter(zone))
        if as_json:
            from emovec_db.documents import page_document, recording_document

            print_json(page_document(page, recording_document))
        else:
            _print_page(page, zone, stored)


def _print_page(page: Page[Recording], zone: tzinfo, collection: Collection) -> None:
    from emovec_db.cli.encoder_remark import encoder_remark
    from emovec_db.cli.recordings_view import recordings_table

    screen = console()
    screen.print(recordings_table(page.items, zone) if page.items else "No recordings.")
    if page.next_cursor is not None:
        screen.print(f"\nThere are more: --cursor {shlex.quote(page.next_cursor)}", style="dim")
    screen.print(encoder_remark(collection))


@app.command(epilog=examples("emovec show 17", "emovec show 17 --track", "emovec show 17 --collection calls --json"))
def show(
    recording_id: Annotated[int, typer.Argument(metavar="ID", help="Of the recording.", show_default=False)],
    track: Annotated[bool, typer.Option("--track", help="Also the course of the scores, two steps a second.")] = False,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Show one recording with its utterances."""
    with opened() as database:
        zone = database.settings.zone
        stored = database.collection(collection)
        recording, utterances = stored.recording(recording_id), stored.utterances(recording_id)
        course = stored.track(recording_id) if track else None
        siblings = stored.siblings(recording_id)
        if as_json:
            from emovec_db.documents import recording_document, track_document

            document = recording_document(recording, utterances, siblings)
            print_json(document if course is None else {**document, "track": track_document(course)})
            return
        from emovec_db.cli.encoder_remark import encoder_remark
        from emovec_db.cli.recordings_view import recording_view

        screen = console()
        screen.print(recording_view(recording, utterances, siblings, zone))
        if course is not None:
            from emovec_db.cli.frames_view import frames_view
            from emovec_db.domain.encoding import Frames

            screen.print(frames_view(Frames(course.hz, course.scores)))
            screen.print()
        screen.print(encoder_remark(stored))


@app.command(epilog=examples("emovec delete 17 18", "emovec delete --customer c42 --yes --json"))
def delete(
    recording_ids: Annotated[list[int] | None, typer.Argument(metavar="ID", help="Of the recordings.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="NAME", help="All of this customer's instead.")] = None,
    yes: YesOption = False,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Delete recordings from a collection.

    Rows, index entries and stored uploads go; the original files stay."""
    ids = tuple(dict.fromkeys(recording_ids or ()))
    if bool(ids) == (customer is not None):
        raise QueryError("delete takes either IDs of recordings or --customer NAME: give one of them")
    with opened() as database:
        stored = database.collection(collection)
        for recording_id in ids:
            stored.recording(recording_id)  # an unknown one is said before any is gone
        what = count(len(ids), "recording") if ids else f"everything of customer {printable(customer or '')}"
        if not yes:
            _ask(what, collection, as_json)
        gone = stored.delete_customer(customer) if customer is not None else _delete_each(stored, ids)
    if as_json:
        from emovec_db.documents import deletion_document

        print_json(deletion_document(gone))
    else:
        console().print(f"Deleted {count(gone.recordings, 'recording')} with {count(gone.utterances, 'utterance')}.")


def _ask(what: str, collection: str, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise QueryError(f"nothing was deleted: say --yes to delete {what} without being asked")
    if not typer.confirm(f"Delete {what} from collection {printable(collection)}? This can't be undone.", err=True):
        raise typer.Exit


def _delete_each(stored: Collection, ids: tuple[int, ...]) -> Deletion:
    from emovec_db.domain.classification import Deletion

    each = [stored.delete(recording_id) for recording_id in ids]
    return Deletion(
        recordings=sum(one.recordings for one in each),
        utterances=sum(one.utterances for one in each),
        blobs=sum(one.blobs for one in each),
    )
