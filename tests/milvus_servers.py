"""A Milvus server of the test run's own: throw-away, and reached through a file only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.milvus_inside import SOCKET

ROOT = Path(__file__).resolve().parent.parent
#: who isn't root may make a network namespace in a user namespace, unless the system forbids those
WITHOUT_NETWORK = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--net")
START_S = 120.0


@dataclass(frozen=True)
class MilvusServer:
    """A running server, of a process group of its own."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def uri(self) -> str:
        """What pymilvus connects to."""
        return f"unix:{self.folder / SOCKET}"

    def wait(self) -> None:
        """Until it can be connected to."""
        deadline_s = time.monotonic() + START_S
        while not (self.folder / SOCKET).exists():
            if self.process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"Milvus did not start: {(self.folder / 'output').read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()  # closes its input, too


def milvus_is_installed() -> bool:
    return find_spec("milvus") is not None and find_spec("pymilvus") is not None


def may_leave_the_network() -> bool:
    """Whether Milvus can be kept from the network here, without which it is not started."""
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run([*WITHOUT_NETWORK, "true"], stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


@contextmanager
def milvus_server(data: Path | None = None) -> Iterator[MilvusServer]:
    """A new one, or one that goes on from a copy of the folder `data` of another."""
    folder = Path(tempfile.mkdtemp(prefix="emovec-milvus-"))
    if data is not None:
        shutil.copytree(data, folder / "data")
    command = [*WITHOUT_NETWORK, sys.executable, "-m", "tests.milvus_inside", str(folder)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )
    server = MilvusServer(folder, process)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
