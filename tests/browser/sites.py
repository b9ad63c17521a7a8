"""Servers for browsers to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command import Emovec
from tests.integration.worker.processes import running


@dataclass(frozen=True)
class Site:
    """A server that runs, and the command over the same data."""

    address: str
    emovec: Emovec

    def url(self, path: str) -> str:
        return self.address + path


@contextmanager
def site(
    folder: Path, *, ingest: Sequence[str | Path] = (), environment: dict[str, str] | None = None
) -> Iterator[Site]:
    """`emovec serve` over a fresh data folder, with what is named ingested before."""
    emovec = Emovec(folder / "data")
    if ingest:
        outcome = emovec.run("ingest", *ingest)
        assert outcome.code == 0, outcome.stderr
    settings = {"EMOVEC_DATA_DIR": str(folder / "data"), **(environment or {})}
    with running(["-m", "emovec_db", "serve", "--port", "0"], folder, settings) as server:
        yield Site(server.match(r"is ready: (http://\S+)")[1], emovec)
