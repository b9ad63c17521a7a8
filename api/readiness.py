"""Whether the server can do its work: the database answers and the encoder is warm."""

from __future__ import annotations

import logging
import threading

from emovec_db.database import Database
from emovec_db.errors import EmovecError

log = logging.getLogger(__name__)


class Readiness:
    """Warms the encoder up in the background, so that the first request is not the slow one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._warm = threading.Event()
        self._failure: str | None = None

    def start(self) -> threading.Thread:
        """Load the encoder now, in a thread of its own."""
        thread = threading.Thread(target=self._warm_up, name="warm-up", daemon=True)
        thread.start()
        return thread

    def problems(self) -> dict[str, str]:
        """By part what is not ready; empty when all is. Failures are told in general words: no key is needed to ask."""
        problems = {}
        try:
            self._database.ping()
        except Exception:
            log.exception("the database does not answer")
            problems["database"] = "does not answer"
        if self._failure is not None:
            problems["encoder"] = self._failure
        elif not self._warm.is_set():
            problems["encoder"] = "is being loaded"
        return problems

    def _warm_up(self) -> None:
        try:
            self._database.warm_up()
        except EmovecError as error:
            log.error("the encoder can't be used: %s", error.message)
            self._failure = f"can't be used ({error.code})"
        except Exception:
            log.exception("the encoder can't be used")
            self._failure = "can't be used"
        else:
            self._warm.set()
