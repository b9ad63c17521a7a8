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


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `create_database` gives URLs of fresh databases."""

    programs: Path
    socket_folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    def create_database(self) -> str:
        name = f"test_{next(_numbers)}"
        command = [self.programs / "createdb", "-h", self.socket_folder, "-U", "postgres", name]
        subprocess.run(command, check=True)
        return name


_numbers = count(1)


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian's package, else the PyPI package `pgserver`."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    spec = find_spec("pgserver")
    if spec is not None and spec.origin is not None:
        programs.append(Path(spec.origin).parent / "pginstall" / "bin" / "initdb")
    return next((program.parent for program in programs if _may_run(program)), None)


@contextmanager
def postgres_server(programs: Path) -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="emovec-postgres-"))
    folder.chmod(0o755)
    account = UNPRIVILEGED if os.geteuid() == 0 else None
    if account is not None:
        shutil.chown(folder, account)
    data = folder / "data"
    control = [programs / "pg_ctl", "-D", data, "-w", "-s"]
    try:
        _run([programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"], account)
        _run([*control, "-l", folder / "log", "-o", f"{SERVER_OPTIONS} -k {folder}", "start"], account)
        try:
            yield PostgresServer(programs, folder)
        finally:
            _run([*control, "-m", "immediate", "stop"], account)
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
