"""What goes wrong on the way to a remote recording, in plain words, and what is worth another try."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass
from time import sleep
from typing import Final, TypeVar

from emovec_db.errors import EmovecError, UnreachableError, UnreadableError

T = TypeVar("T")


class Changed(Exception):  # noqa: N818
    """Raised when what is being fetched is replaced meanwhile."""


#: pauses between the tries, seconds
PAUSES_S: Final = (0.5, 1.0, 2.0)
#: of HTTP: what may be over in a moment
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_FORBIDDEN: Final = frozenset({401, 403, 407})
_MISSING: Final = frozenset({404, 410})
#: of errors that carry no status: the store's own trouble, or the network's
_PASSING_ERRNO: Final = frozenset({
    errno.EBUSY, errno.EREMOTEIO, errno.ECONNRESET, errno.ECONNREFUSED, errno.ECONNABORTED, errno.EPIPE,
    errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EAGAIN,
})  # fmt: skip
# Names of the libraries' error classes, so that no library has to be loaded to tell them
_PASSING_KINDS: Final = frozenset({
    "ClientConnectionError", "ClientPayloadError", "ConnectTimeoutError", "ConnectionError", "EndpointConnectionError",
    "FSTimeoutError", "HTTPClientError", "IncompleteRead", "RequestException", "ServerTimeoutError", "TransportError",
})  # fmt: skip
_NO_CREDENTIALS: Final = frozenset({
    "NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "RefreshError",
})  # fmt: skip
_BAD_CERTIFICATE: Final = frozenset({"ClientConnectorCertificateError", "SSLCertVerificationError"})
_BAD_ADDRESS: Final = frozenset({"NonHttpUrlRedirectClientError", "TooManyRedirects", "ValueError"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failed try."""

    error: EmovecError
    #: another try may help
    passes: bool


def trouble_of(name: str, error: Exception) -> Trouble:
    """What to tell people of a library's error; never its own words, which may hold the whole address."""
    error = _first(error)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = _status(error)
    lasting = {
        "there is nothing at that address: check it": isinstance(error, FileNotFoundError) or status in _MISSING,
        "reading it is not permitted, or its address has expired: check credentials and rights": (
            isinstance(error, PermissionError) or status in _FORBIDDEN or str(error).startswith("Forbidden")
        ),
        "no valid credentials were found: docs/cli.md says where they are looked for": bool(kinds & _NO_CREDENTIALS),
        "the server's certificate is not trusted": bool(kinds & _BAD_CERTIFICATE),
        "its address, or one that it leads to, makes no sense: check it": bool(kinds & _BAD_ADDRESS),
    }
    passing = {
        f"the server answered {status}": status in _PASSING,
        "the server did not answer in time": isinstance(error, TimeoutError),
        "the connection failed": bool(kinds & _PASSING_KINDS) or getattr(error, "errno", None) in _PASSING_ERRNO,
        "it changed meanwhile": isinstance(error, Changed) or "FileExpired" in kinds,
    }
    other = f"the server answered {status}" if status else f"the library that fetches it says {type(error).__name__}"
    if not any(lasting.values()) and any(passing.values()):
        reason = next(reason for reason, applies in passing.items() if applies)
        message = f"{name} can't be fetched: {reason}, also not after some tries; try again later"
        return Trouble(UnreachableError(message), passes=True)
    reason = next((reason for reason, applies in lasting.items() if applies), other)
    return Trouble(UnreadableError(f"{name} can't be fetched: {reason}"), passes=False)


def with_patience(name: str, attempt: Callable[[], T], pauses_s: tuple[float, ...] = PAUSES_S) -> T:
    """What `attempt` gives; passing trouble is tried again after each of `pauses_s`, a little more or less.

    Raises:
        UnreachableError: the trouble did not pass.
        UnreadableError: another try would not help.
        EmovecError: what `attempt` itself raises on purpose.
    """
    for pause_s in (*pauses_s, None):
        try:
            return attempt()
        except EmovecError:
            raise
        except Exception as error:
            trouble = trouble_of(name, error)
            if pause_s is None or not trouble.passes:
                raise trouble.error from None  # the library's error may hold the whole address
        sleep(pause_s * random.uniform(0.75, 1.25))  # noqa: S311
    raise AssertionError("unreachable: the last try returns or raises")


def _first(error: Exception) -> Exception:
    """fsspec calls whatever went wrong over HTTP a missing file; botocore's own error is told by its status."""
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def _status(error: Exception) -> int | None:
    """HTTP status, where the error carries one: aiohttp's, gcsfs's and botocore's way."""
    status = getattr(error, "status", None) or getattr(error, "code", None)
    for one in (error, error.__cause__):
        response = getattr(one, "response", None)
        if status is None and isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return int(str(status)) if str(status).isdigit() else None
