"""A PostgreSQL server of the test run's own: throw-away, on a local socket only, never as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

#: the account that runs the server where the tests run as root, which PostgreSQL refuses
UNPRIVILEGED = "nobody"

# throw-away data: nothing needs to reach the disk
SERVER_OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses=''"
#: of a server that is to be crashed: what it said is committed reached the system, if not the disk
CRASH_OPTIONS = SERVER_OPTIONS.replace("synchronous_commit=off", "synchronous_commit=on")


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `create_database` gives URLs of fresh databases."""

    programs: Path
    socket_folder: Path
    #: that runs it; None: whoever runs the tests
    account: str | None = None
    options: str = SERVER_OPTIONS

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    def create_database(self) -> str:
        name = f"test_{next(_numbers)}"
        command = [self.programs / "createdb", "-h", self.socket_folder, "-U", "postgres", name]
        subprocess.run(command, check=True)
        return name

    def start(self) -> None:
        options = f"{self.options} -k {self.socket_folder}"
        _run([*self._control, "-l", self.socket_folder / "log", "-o", options, "start"], self.account)

    def stop(self, mode: str) -> None:
        """`fast`: tell the clients; `immediate`: as if it crashed."""
        _run([*self._control, "-m", mode, "stop"], self.account)

    @property
    def data(self) -> Path:
        return self.socket_folder / "data"

    @property
    def _control(self) -> list[str | Path]:
        return [self.programs / "pg_ctl", "-D", self.data, "-w", "-s"]


_numbers = count(1)


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian's package, else the PyPI package `pgserver`."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return next((program.parent for program in programs if _may_run(program)), None) or pgvector_programs()


def pgvector_programs() -> Path | None:
    """The folder of initdb and pg_ctl of the PyPI package `pgserver`, which brings the extension; Debian's doesn't."""
    spec = find_spec("pgserver")
    if spec is None or spec.origin is None:
        return None
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    return programs if _may_run(programs / "initdb") else None


@contextmanager
def postgres_server(programs: Path, options: str = SERVER_OPTIONS) -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="emovec-postgres-"))
    folder.chmod(0o755)
    account = UNPRIVILEGED if os.geteuid() == 0 else None
    if account is not None:
        shutil.chown(folder, account)
    server = PostgresServer(programs, folder, account, options)
    words = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]
    try:
        _run([programs / "initdb", "-D", server.data, *words], account)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _may_run(program: Path) -> bool:
    """Whether the account that will run the server reaches the program."""
    if os.geteuid() != 0:
        return os.access(program, os.X_OK)
    return subprocess.run(["test", "-x", program], user=UNPRIVILEGED, check=False).returncode == 0


def _run(command: list[str | Path], account: str | None) -> None:
    # to files, not pipes: the server keeps what it inherits open
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, user=account, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed: {output.read().decode(errors='replace')}")
