"""gunicorn with the app in it: one process, many threads, the database opened after the fork."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.errors import AppImportError

from emovec_db.api.app import LISTENERS, create_app
from emovec_db.api.context import context
from emovec_db.api.drafts import start_sweeping
from emovec_db.api.supervisor import FINAL_EXIT_CODE
from emovec_db.database import open_database
from emovec_db.errors import EmovecError
from emovec_db.processes import end_with_parent, log_to_stderr
from emovec_db.settings import Settings, read_settings

#: gthread workers report from their main thread, so this ends a process that hangs, not a long request
TIMEOUT_S = 120
GRACEFUL_S = 30


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up from Settings instead of from its own files and arguments."""

    def __init__(self, settings: Settings, bind: str) -> None:
        self._settings = settings
        self._bind = bind
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(self._settings, self._bind).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in the process that serves, after the fork: database connections must not cross it."""
        try:
            app = create_app(open_database(self._settings), self._settings)
        except EmovecError as error:
            # gunicorn gives up on this one instead of starting the process again
            raise AppImportError(f"emovec-db can't be served: {error.message}") from error
        with app.app_context():
            context().readiness.start()
            start_sweeping(context().database)
        return app


def gunicorn_options(settings: Settings, bind: str) -> dict[str, Any]:
    """gunicorn's settings."""
    return {
        "bind": bind,
        "workers": 1,
        "worker_class": "gthread",
        # those who wait for the encoder, or listen, hold a thread each and must not keep others from being answered
        "threads": settings.server_threads + settings.inference_queue + LISTENERS,
        "post_worker_init": send_listeners_home,
        "preload_app": False,
        "timeout": TIMEOUT_S,
        "graceful_timeout": GRACEFUL_S,
        "keepalive": 5,
        # what proxies tell is believed in one place: api.security.proxies
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        # the app writes its own request log, without paths that name customers
        "accesslog": None,
        "loglevel": "warning",
        "control_socket_disable": True,
        "proc_name": "emovec-db",
    }


def send_listeners_home(worker: Any) -> None:
    """Have those who listen go when gunicorn's worker is told to end: it would wait for them."""
    with worker.wsgi.app_context():
        context().listeners.ending = lambda: not worker.alive


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server that `emovec serve` supervises, or one that binds EMOVEC_HOST and EMOVEC_PORT itself."""
    parser = argparse.ArgumentParser(prog="python -m emovec_db.api", description=main.__doc__)
    parser.add_argument("--listen-fd", type=int, help="a socket that already listens")
    parser.add_argument("--lifeline-fd", type=int, help="a pipe whose writer is the parent; the server ends with it")
    given = parser.parse_args(arguments)
    log_to_stderr()
    if given.lifeline_fd is not None:
        end_with_parent(given.lifeline_fd)
    return _run(given.listen_fd)


def _run(listen_fd: int | None) -> int:
    try:
        settings = read_settings()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        Server(settings, f"fd://{listen_fd}" if listen_fd is not None else f"{host}:{settings.port}").run()
    except EmovecError as error:
        print(error.message, file=sys.stderr)
        return FINAL_EXIT_CODE
    except SystemExit as end:
        # 3 and 4: gunicorn's worker could not start; starting it again would end the same way
        return FINAL_EXIT_CODE if end.code in (3, 4) else int(end.code or 0)
    return 0
