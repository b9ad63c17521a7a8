"""A Celery worker as a process: one item at a time."""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from typing import TYPE_CHECKING, Any

from emovec_db.database import Database, open_database
from emovec_db.errors import BusyError, EmovecError
from emovec_db.processes import owner_name
from emovec_db.services.patience import patiently
from emovec_db.settings import Settings
from emovec_db.worker.cluster.broker import TASK, celery_app, messages_waiting
from emovec_db.worker.cluster.dispatcher import dispatch
from emovec_db.worker.loop import MAX_PAUSE_S

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)


def run_celery_worker(settings: Settings) -> int:
    """Do what the broker tells of until SIGTERM or SIGINT, which finish the item in hand; the exit code.

    One item at a time in the main thread: it has all of the encoder's threads, and no process is forked with torch or
    a database connection in it. More workers are more of these processes.

    Raises:
        MissingPartError, SettingsError: as `celery_app`.
        UnavailableError: the broker does not answer. Later that is waited for.
        EmovecError: the database can't be opened.
    """
    app = celery_app(settings)
    messages_waiting(app)

    from celery.exceptions import CPendingDeprecationWarning

    stop = threading.Event()
    with open_database(settings) as database:
        define_task(app, database)
        _warm_up(database)
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
        # what Celery says each time that the broker goes away: to end what is in hand (the lease says whose it is), and
        # that a message could not be acknowledged (it comes again, and its item is done)
        warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
        logging.getLogger("celery.worker.request").addFilter(_without_traceback)
        log.info("the worker waits for messages")
        try:
            worker.start()
        finally:
            stop.set()
            dispatcher.join(timeout=MAX_PAUSE_S)
    return int(worker.exitcode or 0)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


def _warm_up(database: Database) -> None:
    """Nobody's first upload waits for the encoder; one that can't be loaded may not be what collections need."""
    try:
        database.warm_up()
    except EmovecError as error:
        log.warning("the encoder of new collections can't be loaded: %s", error.message)


def define_task(app: Celery, database: Database) -> Any:
    """The one task, by which a worker does an item that it is told of."""
    owner = owner_name()

    def do_item(task: Any, item_id: int) -> None:
        """Do an item, unless it is done or somebody has it in hand."""
        try:
            job = patiently(lambda: database.run_next_job(owner, item_id=item_id))
        except BusyError as error:
            log.warning("item %d: %s", item_id, error.message)
            pause_s = min(2**task.request.retries, MAX_PAUSE_S)
            raise task.retry(exc=error, countdown=pause_s, max_retries=None) from error
        except EmovecError as error:  # it was put back, and is sent again in a while
            log.error("item %d could not be done: %s", item_id, error.message)
        except Exception:
            log.exception("item %d could not be done", item_id)
        else:
            if job is not None:
                log.info("item %d of job %d is done with", item_id, job.job_id)

    return app.task(do_item, name=TASK, bind=True)
