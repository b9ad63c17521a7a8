"""The `emovec` command: puts the groups together and maps every error to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from typer.main import get_command

from emovec_db.cli import (
    classify,
    cluster,
    clusters,
    collections,
    compare,
    count,
    customers,
    exit_codes,
    generations,
    ingest,
    jobs,
    models,
    policy,
    profile,
    recordings,
    reencode,
    search,
    serve,
    space,
    trajectories,
    upkeep,
)
from emovec_db.cli.failures import report
from emovec_db.cli.options import examples, group

app = group()
for _commands in (
    ingest,
    classify,
    search,
    compare,
    cluster,
    customers,
    profile,
    trajectories,
    count,
    recordings,
    collections,
    serve,
    upkeep,
    reencode,
):
    app.add_typer(_commands.app)
app.add_typer(clusters.app, name="clusters", help=clusters.HELP)
app.add_typer(generations.app, name="generations", help=generations.HELP)
app.add_typer(space.app, name="space", help=space.HELP)
app.add_typer(jobs.app, name="jobs", help=jobs.HELP)
app.add_typer(policy.app, name="policy", help=policy.HELP)
app.add_typer(models.app, name="models", help=models.HELP)


@app.callback(
    invoke_without_command=True,
    epilog=examples(
        'emovec ingest recordings/ --customer-from "{customer}/*.wav"',
        "emovec search clip.mp3 -k 10",
    ),
)
def emovec(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Find, group and profile the emotion in recordings of speech."""
    if show_version:
        typer.echo(f"emovec-db {version('emovec-db')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` without the program's name, None: the process's."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words[: words.index("--") if "--" in words else None]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = get_command(app).main(args=words, prog_name="emovec", standalone_mode=False) or exit_codes.DONE
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read our output has left; the interpreter would complain once more while it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.FAILED
    except (Exception, KeyboardInterrupt) as error:
        return report(error, as_json=as_json)
    # typer makes an exit of Ctrl-C before it can be seen here
    return report(KeyboardInterrupt(), as_json=as_json) if code == exit_codes.INTERRUPTED else int(code)
