"""Telling the broker of items that wait, again where the word was lost; in a thread of every worker."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from emovec_db.database import Database
from emovec_db.worker.cluster.broker import messages_waiting, send
from emovec_db.worker.loop import MAX_PAUSE_S

if TYPE_CHECKING:
    from celery import Celery

#: between two looks at the database: what an upload may wait beside its turn
EVERY_S: Final = 1.0
#: messages ahead of the workers; the rest waits in the database, whatever the archive's size
MOST_WAITING: Final = 256
#: an item that was sent and waits while the broker holds no message of its kind was lost, unless it is on its way
LOST_AFTER_S: Final = 10.0

log = logging.getLogger(__name__)


def dispatch(app: Celery, database: Database, stop: threading.Event) -> None:
    """Look again and again until `stop` is set; an error only makes the next look later, at most 30 s."""
    pause_s = EVERY_S
    while not stop.wait(pause_s):
        try:
            dispatch_once(app, database)
        except Exception as error:
            pause_s = min(pause_s * 2, MAX_PAUSE_S)
            log.warning("waiting items could not be sent, next try in %.0f s: %s", pause_s, _brief(error))
        else:
            pause_s = EVERY_S


def dispatch_once(app: Celery, database: Database) -> None:
    """Send what no broker knows of; noted before it is sent, so that what gets lost between is found as lost."""
    urgent, others = messages_waiting(app)
    lost = sum(
        database.resend_items(LOST_AFTER_S, urgent=kind) for kind, held in ((True, urgent), (False, others)) if not held
    )
    if lost:
        log.warning("%d items were sent and never arrived: they are sent again", lost)
    for message in database.unsent_items(MOST_WAITING):
        send(app, message)


def _brief(error: Exception) -> str:
    """The first line: further ones of a database quote rows."""
    return (str(error).strip() or repr(error)).splitlines()[0]
