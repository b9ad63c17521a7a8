"""The Host header must name this server: a page that rebinds its own name to 127.0.0.1 must not reach it."""

from __future__ import annotations

from flask import request

from emovec_db.api.errors import MisdirectedError
from emovec_db.settings import LOOPBACK_HOSTS, Settings


class HostCheck:
    """On loopback only loopback names and EMOVEC_ALLOWED_HOSTS; elsewhere EMOVEC_ALLOWED_HOSTS where it is set."""

    def __init__(self, settings: Settings) -> None:
        named = {name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip()}
        self._allowed = named | LOOPBACK_HOSTS if named or settings.is_loopback else None

    def check(self) -> None:
        """Raises MisdirectedError."""
        if self._allowed is not None and host_name(request.host) not in self._allowed:
            raise MisdirectedError(
                "this server does not answer to the name in the Host header; "
                "EMOVEC_ALLOWED_HOSTS can add names, comma-separated"
            )


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets, lower case."""
    name = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    return name.lower()
