"""A Celery worker as a process: one item at a time."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import Any

from emovec_db.database import Database, open_database
from emovec_db.errors import EmovecError
from emovec_db.processes import owner_name
from emovec_db.settings import Settings
from emovec_db.worker.cluster.broker import TASK, celery_app
from emovec_db.worker.cluster.dispatcher import dispatch
from emovec_db.worker.loop import MAX_PAUSE_S

log = logging.getLogger(__name__)


def run_celery_worker(settings: Settings) -> int:
    """Do what the broker tells of until SIGTERM or SIGINT, which finish the item in hand; the exit code.

    One item at a time in the main thread: it has all of the encoder's threads, and no process is forked with torch or
    a database connection in it. More workers are more of these processes.

    Raises:
        MissingPartError, SettingsError: as `celery_app`.
        EmovecError: the database can't be opened.
    """
    app = celery_app(settings)
    stop = threading.Event()
    with open_database(settings) as database:
        _define_task(app, database)
        dispatcher = threading.Thread(target=dispatch, args=(app, database, stop), name="emovec-dispatch", daemon=True)
        dispatcher.start()
        worker = app.Worker(
            hostname=f"emovec-{os.getpid()}@{socket.gethostname()}",
            pool="solo",
            concurrency=1,
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_heartbeat=True,
            without_mingle=True,
        )
        log.info("the worker waits for messages")
        try:
            worker.start()
        finally:
            stop.set()
            dispatcher.join(timeout=MAX_PAUSE_S)
    return int(worker.exitcode or 0)


def _define_task(app: Any, database: Database) -> None:
    owner = owner_name()

    def do_item(item_id: int) -> None:
        """Do an item, unless it is done or somebody has it in hand."""
        job = database.run_next_job(owner, item_id=item_id)
        if job is not None:
            log.info("item %d of job %d is done with", item_id, job.job_id)

    app.task(
        do_item,
        name=TASK,
        # what leaves run_next_job is never the item's own fault: the database is away, memory is short
        autoretry_for=(EmovecError,),
        max_retries=None,
        retry_backoff=1,
        retry_backoff_max=int(MAX_PAUSE_S),
    )
