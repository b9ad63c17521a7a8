"""One line per request, without anything that could name a person: no path values, no query, no headers."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

log = logging.getLogger(__name__)


def register_request_log(app: Flask) -> None:
    """Log method, route, status and milliseconds of every request to `app`."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started_s = time.perf_counter()


def _finish(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "(no route)"
    elapsed_ms = (time.perf_counter() - g.get("started_s", time.perf_counter())) * 1000
    log.info("%s %s %d %.0f ms", request.method, route, response.status_code, elapsed_ms)
    return response
