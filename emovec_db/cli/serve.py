"""`emovec serve` and `emovec worker`: the processes that stay."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from emovec_db.cli.options import examples, group

app = group()


@app.command(epilog=examples("emovec serve", "emovec serve --port 8080 --no-worker"))
def serve(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Instead of EMOVEC_HOST; all but loopback needs an API key.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=0, max=65535, help="Instead of EMOVEC_PORT.")
    ] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Leave queued jobs to emovec worker.")] = False,
) -> None:
    """Serve the HTTP API until Ctrl-C.

    A worker for uploads runs beside it.
    """
    from emovec_db.api.serve import serve as serve_until_stopped
    from emovec_db.settings import read_settings

    code = serve_until_stopped(read_settings(host=host, port=port), worker=not no_worker)
    raise typer.Exit(code)


@app.command(epilog=examples("emovec worker", "emovec worker --engine celery"))
def worker(
    engine: Annotated[
        Literal["celery"] | None,
        typer.Option(help="Who tells of jobs: Celery, by EMOVEC_BROKER_URL; else the database is asked."),
    ] = None,
) -> None:
    """Do queued jobs until Ctrl-C.

    The job in hand is finished first; a second Ctrl-C leaves it to another worker. Any number may run, on any host
    that sees the same database and recordings.
    """
    from emovec_db.processes import log_to_stderr
    from emovec_db.settings import read_settings

    log_to_stderr()
    if engine is None:
        from emovec_db.worker import run_worker

        run_worker(read_settings())
    else:
        from emovec_db.worker.cluster import run_celery_worker

        raise typer.Exit(run_celery_worker(read_settings()))
