"""`emovec serve`: one parent that holds the port and keeps a server and a worker running."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from emovec_db.api.supervisor import Program, Supervisor
from emovec_db.errors import SettingsError
from emovec_db.processes import log_to_stderr
from emovec_db.settings import LOOPBACK_HOSTS, Settings

#: connections that may wait while all threads are busy or the server starts again
BACKLOG = 256
_POLL_S = 0.2


def serve(settings: Settings, *, worker: bool = True) -> int:
    """Serve until SIGTERM or SIGINT; the exit code.

    The parent binds the port and hands it to the server, so that the real port of ``--port 0`` is known, and a server
    that has to be replaced keeps it.

    Raises:
        SettingsError: the address can't be used, or would be open to the network without a key.
    """
    require_key(settings)
    log_to_stderr()
    read_fd, write_fd = os.pipe()
    with _listen(settings) as listener:
        url = _url(settings.host, listener.getsockname()[1])
        threading.Thread(target=_announce, args=(settings, listener, url), name="announce", daemon=True).start()
        try:
            return Supervisor(_programs(settings, listener.fileno(), read_fd, worker=worker)).run()
        finally:
            os.close(read_fd)
            os.close(write_fd)


def require_key(settings: Settings) -> None:
    """Raises SettingsError where others could reach a server that asks for no key."""
    if settings.api_key is not None:
        return
    how_to = "set EMOVEC_API_KEY (for example to the output of `openssl rand -hex 24`)"
    if not settings.is_loopback:
        raise SettingsError(
            f"the server would listen on {settings.host} without a key: {how_to}, or keep EMOVEC_HOST at 127.0.0.1"
        )
    if settings.trusted_proxies:
        raise SettingsError(f"the server would be open to whoever reaches its proxy without a key: {how_to}")


def settings_environment(settings: Settings) -> dict[str, str]:
    """The environment that makes a child read these settings, whatever they came from."""
    environment = dict(os.environ)
    for name in type(settings).model_fields:
        variable, value = f"EMOVEC_{name.upper()}", getattr(settings, name)
        if value is None:
            environment.pop(variable, None)
        else:
            environment[variable] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return environment


def _programs(settings: Settings, listen_fd: int, lifeline_fd: int, *, worker: bool) -> list[Program]:
    environment = settings_environment(settings)
    server = _program(
        "server", "emovec_db.api", environment, lifeline_fd, ("--listen-fd", str(listen_fd)), (listen_fd,)
    )
    return [server, _program("worker", "emovec_db.worker", environment, lifeline_fd)] if worker else [server]


def _program(
    name: str,
    module: str,
    environment: Mapping[str, str],
    lifeline_fd: int,
    arguments: Sequence[str] = (),
    keep_fds: Sequence[int] = (),
) -> Program:
    command = (sys.executable, "-m", module, "--lifeline-fd", str(lifeline_fd), *arguments)
    return Program(name=name, command=command, environment=environment, keep_fds=(lifeline_fd, *keep_fds))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"can't listen on {settings.host} port {settings.port}: {error.strerror}; "
            "choose another with --port or EMOVEC_PORT (0: any free one)"
        ) from error
    listener.listen(BACKLOG)
    return listener


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(settings: Settings, listener: socket.socket, url: str) -> None:
    """Print the URL once the server can work, or why it can't."""
    address, port = _reachable(settings.host), listener.getsockname()[1]
    while True:
        problems = _problems(address, port)
        if problems == {}:
            print(f"emovec-db is ready: {url} (Ctrl-C stops it)", flush=True)
            return
        broken = [f"{part} {problem}" for part, problem in (problems or {}).items() if "can't" in problem]
        if broken:
            print(f"emovec-db answers at {url} but is not ready: {'; '.join(broken)} (see above)", flush=True)
            return
        time.sleep(_POLL_S)


def _problems(address: str, port: int) -> dict[str, str] | None:
    """What /readyz says is missing; None while the server does not answer."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        problems: dict[str, str] = json.loads(connection.getresponse().read())["problems"]
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return None
    else:
        return problems
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """An address of this machine at which a server on `host` answers."""
    if host in LOOPBACK_HOSTS:
        return host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "::1" if address.version == 6 else "127.0.0.1"
