"""`emovec policy`: which roles a collection forbids, and what that kept out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.options import CollectionOption, JsonOption, examples, group
from emovec_db.cli.output import console, print_json, table, working
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, moment, path_text, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from rich.console import RenderableType

    from emovec_db.domain.policy import Policy, PolicyChange, Refusal

HELP = "Forbid roles in a collection, so that their recordings are never encoded, stored or played."

app = group()

Role = Annotated[str, typer.Argument(metavar="ROLE", help="customer, agent or other.", show_default=False)]


@app.command(epilog=examples("emovec policy show", "emovec policy show --collection calls --json"))
def show(collection: CollectionOption = "default", as_json: JsonOption = False) -> None:
    """Show which roles are forbidden, and who decided so."""
    with opened() as database:
        stored = database.collection(collection)
        policy, changes, refused = stored.policy(), stored.policy_changes(), stored.summary().refusals
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import policy_document

        print_json(policy_document(policy, changes, refused))
        return
    screen = console()
    for line in _policy_view(policy, changes, zone):
        screen.print(line)
    if refused:
        chosen = "" if collection == "default" else f" --collection {shlex.quote(printable(collection))}"
        screen.print(f"\n{count(refused, 'recording')} kept out: emovec policy refusals{chosen}")


@app.command(
    epilog=examples("emovec policy forbid agent", "emovec policy forbid agent --collection calls --delete-existing")
)
def forbid(
    role: Role,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; kept in the log.")] = "",
    delete_existing: Annotated[
        bool, typer.Option("--delete-existing", help="Delete stored recordings that the policy then keeps out.")
    ] = False,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Never encode, store or play recordings of a role, from now on.

    Recordings of no stated role and mixes of several channels are refused from then on too: the role may be in them.
    """
    with opened() as database, working("Forbidding"):
        gone = database.collection(collection).forbid_role(role, reason=reason, delete_existing=delete_existing)
    if as_json:
        from emovec_db.documents import deletion_document

        print_json(deletion_document(gone))
        return
    console().print(f"Role {role} is forbidden in collection {printable(collection)}.")
    if gone.recordings:
        console().print(f"Deleted {count(gone.recordings, 'recording')} with {count(gone.utterances, 'utterance')}.")


@app.command(epilog=examples('emovec policy allow agent --reason "the works council agreed, file 12/26"'))
def allow(
    role: Role,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; kept in the log.", show_default=False)],
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Allow a forbidden role again; who did it and why stays in the log."""
    with opened() as database:
        stored = database.collection(collection)
        stored.allow_role(role, reason=reason)
        policy, changes, refused = stored.policy(), stored.policy_changes(), stored.summary().refusals
    if as_json:
        from emovec_db.documents import policy_document

        print_json(policy_document(policy, changes, refused))
        return
    console().print(
        f"Role {role} is allowed in collection {printable(collection)} again; what was refused comes in with the "
        "next ingest."
    )


@app.command(epilog=examples("emovec policy refusals", "emovec policy refusals --limit 20 --json"))
def refusals(
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many at most.")] = 50,
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on after an earlier list; it named the cursor.")
    ] = None,
    collection: CollectionOption = "default",
    as_json: JsonOption = False,
) -> None:
    """List recordings that the policy keeps out, and why."""
    with opened() as database:
        page = database.collection(collection).refusals(cursor=cursor, limit=limit)
        zone = database.settings.zone
    if as_json:
        from emovec_db.documents import page_document, refusal_document

        print_json(page_document(page, refusal_document))
        return
    screen = console()
    screen.print(_refusals_view(page.items, zone) if page.items else "Nothing was refused.")
    if page.next_cursor is not None:
        screen.print(f"\nThere are more: --cursor {shlex.quote(page.next_cursor)}", style="dim")


def _policy_view(policy: Policy, changes: Sequence[PolicyChange], zone: tzinfo) -> list[RenderableType]:
    lines: list[RenderableType] = [
        f"Forbidden: {', '.join(policy.forbidden_roles)}." if policy.in_force else "No role is forbidden."
    ]
    if changes:
        rows = table("when", "role", "", "by", "deleted", "reason", right=("deleted",), gives_way={"reason": 12})
        for change in changes:
            done = "forbidden" if change.forbidden else "allowed"
            rows.add_row(
                moment(change.changed_at, zone),
                printable(change.role),
                done,
                printable(change.by),
                f"{change.deleted:,}",
                printable(change.reason or "–"),
            )
        lines += ["", rows]
    return lines


def _refusals_view(refusals: Sequence[Refusal], zone: tzinfo) -> RenderableType:
    rows = table("when", "channel", "role", "recording", "reason", gives_way={"recording": 12, "reason": 16})
    for refusal in refusals:
        rows.add_row(
            moment(refusal.refused_at, zone),
            printable(refusal.channel),
            printable(refusal.role or "–"),
            path_text(refusal.source.uri),
            printable(refusal.reason),
        )
    return rows
