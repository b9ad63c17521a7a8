"""Every failure as one JSON shape: ``{code, message, detail}``."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from emovec_db.errors import BusyError, EmovecError

log = logging.getLogger(__name__)

#: codes where the class's name would say less
_CODES = {400: "bad_request", 401: "unauthorized", 413: "too_large", 422: "invalid", 500: "internal"}
_MESSAGES = {
    404: "there is nothing at this address; /docs lists the addresses that exist",
    413: "the request is larger than this server accepts (EMOVEC_UPLOAD_MAX_MB)",
}
#: headers that say what an error's own body is
_OF_BODY = frozenset({"content-type", "content-length"})


class InvalidRequestError(EmovecError):
    """Raised when fields of a request have the wrong type or range; `detail` names them."""

    code = "invalid"
    http_status = 422


class ForbiddenError(EmovecError):
    """Raised when a browser on another site tries to make this one act."""

    code = "cross_site"
    http_status = 403


class MisdirectedError(EmovecError):
    """Raised when the Host header names another server (DNS rebinding)."""

    code = "misdirected"
    http_status = 421


class UnauthorizedError(EmovecError):
    """Raised when the API key is missing or wrong."""

    code = "unauthorized"
    http_status = 401


def register_error_handlers(app: Flask) -> None:
    """Answer every failure of `app` in the one shape."""
    app.register_error_handler(Exception, answer)


def validation_failed(error: ValidationError) -> Response:
    """What the OpenAPI library calls when path or query don't fit; raises, so that there is one shape."""
    raise invalid_request(error)


def invalid_request(error: ValidationError) -> InvalidRequestError:
    """The error that says which fields were wrong; values are never repeated."""
    problems = [
        {"field": ".".join(str(part) for part in problem["loc"]), "message": problem["msg"]}
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    message = "; ".join(f"{problem['field'] or 'body'}: {problem['message']}" for problem in problems[:5])
    return InvalidRequestError(message, errors=problems)


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as it is told."""

    status: int
    code: str
    message: str
    detail: dict[str, Any]
    headers: dict[str, str]


def described(error: Exception) -> Problem:
    """What is told of a failure; of one that nobody foresaw only an id that leads to the traceback in the log."""
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, EmovecError) and (
        error.http_status < 500 or error.http_status == 501 or isinstance(error, BusyError)
    ):
        return Problem(error.http_status, error.code, error.message, error.detail, _headers_of(error))
    error_id = secrets.token_hex(6)
    log.error("error %s while serving %s", error_id, request.method, exc_info=error)
    code, status = (error.code, error.http_status) if isinstance(error, EmovecError) else ("internal", 500)
    message = f"the server failed; its log has the reason under {error_id}"
    return Problem(status, code, message, {"error_id": error_id}, {})


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    code = _CODES.get(status) or re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    headers = {name: value for name, value in error.get_headers() if name.lower() not in _OF_BODY}
    return Problem(status, code, _MESSAGES.get(status) or error.description or error.name, {}, headers)


def _headers_of(error: EmovecError) -> dict[str, str]:
    if isinstance(error, BusyError):
        return {"Retry-After": str(error.retry_after_s)}
    return {"WWW-Authenticate": 'Bearer realm="emovec-db"'} if isinstance(error, UnauthorizedError) else {}


def answer(error: Exception) -> Response:
    """The answer that tells of a failure."""
    if isinstance(error, HTTPException) and error.response is not None and error.code is None:
        return error.response  # type: ignore[return-value]
    problem = described(error)
    response = error_response(problem.status, problem.code, problem.message, problem.detail)
    response.headers.update(problem.headers)
    return response


def error_response(status: int, code: str, message: str, detail: dict[str, Any]) -> Response:
    """The one shape of failures."""
    response = jsonify(code=code, message=message, detail=detail)
    response.status_code = status
    return response
