"""What HTTP adds to a search, and how soon a search finds what was just stored.

python -m benchmarks.http_search

Uses the databases of `benchmarks.search` below --out, and writes them where they are absent.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.mixture import Mixture
from benchmarks.report import Report, Spread, arguments, table
from benchmarks.stored import COLLECTION, Stored, fill, one_more
from emovec_db.database import Collection

SIZES, DIM, K = (10_000, 100_000), 1024, 10
#: how a search may be asked for
PYTHON, FLOATS, JSON = "Python, in process", "HTTP, bare floats", "HTTP, JSON"
#: what a new recording's first search waits for
COMMIT = "commit to answer"


@dataclass(slots=True)
class Subject:
    """One stored collection, and the milliseconds that it took in each way."""

    stored: Stored
    address: http.client.HTTPConnection
    took_ms: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in (PYTHON, FLOATS, JSON, COMMIT)})

    def ask(self, vector: NDArray[np.float32]) -> None:
        """The same search each way, which must find the same."""
        collection = Collection(self.stored.parts, COLLECTION)
        body = json.dumps({"embedding": vector.tolist(), "k": K}).encode()
        ways: list[tuple[str, Callable[[], list[int]]]] = [
            (PYTHON, lambda: _ids(collection, vector)),
            (FLOATS, lambda: self._post(vector.tobytes(), "application/octet-stream")),
            (JSON, lambda: self._post(body, "application/json")),
        ]
        # whoever is first reads what the others find in memory
        first = len(self.took_ms[PYTHON]) % len(ways)
        found = [self._timed(way, search) for way, search in ways[first:] + ways[:first]]
        if found[1:] != found[:-1]:
            raise SystemExit(f"the ways found other utterances: {found}")

    def store_and_ask(self, vector: NDArray[np.float32]) -> None:
        """A recording that is stored in this process is found in it and by the server, and goes again."""
        collection = Collection(self.stored.parts, COLLECTION)
        recording_id, utterance_id = one_more(self.stored, vector)
        if utterance_id not in self._timed(COMMIT, lambda: _ids(collection, vector)):
            raise SystemExit("what was just stored was not found")
        if utterance_id not in self._post(vector.tobytes(), "application/octet-stream"):
            raise SystemExit("what was just stored was not found over HTTP")
        collection.delete(recording_id)

    def _timed(self, way: str, search: Callable[[], list[int]]) -> list[int]:
        began_s = perf_counter()
        found = search()
        self.took_ms[way].append((perf_counter() - began_s) * 1000)
        return found

    def _post(self, body: bytes, media_type: str) -> list[int]:
        path = f"/v1/collections/{COLLECTION}/searches" + (f"?k={K}" if media_type != "application/json" else "")
        self.address.request("POST", path, body, {"Content-Type": media_type})
        answer = self.address.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {content[:500].decode(errors='replace')}")
        return [match["utterance_id"] for match in json.loads(content)["matches"]]


def _ids(collection: Collection, vector: NDArray[np.float32]) -> list[int]:
    return [match.utterance.utterance_id for match in collection.similar_to_vector(vector, k=K)]


@contextmanager
def served(folder: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection that is kept to a server of its own over this data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMOVEC_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "emovec_db", "serve", "--port", "0", "--no-worker"],
        env={**kept, "EMOVEC_DATA_DIR": str(folder.absolute()), "NO_COLOR": "1"},
        cwd=folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    try:
        ready = next((line for line in map(_READY.search, server.stdout) if line), None)
        if ready is None:
            raise SystemExit("the server did not start")
        with closing(http.client.HTTPConnection(ready[1], int(ready[2]), timeout=600)) as connection:
            yield connection
    finally:
        server.terminate()
        server.wait()


_READY = re.compile(r"http://([\d.]+):(\d+)")


def measured(stored: Stored, queries: int) -> Subject:
    """Every query each way, and a fifth as many recordings stored."""
    vectors = Mixture(DIM).queries(queries).vectors
    with served(stored.folder) as connection:
        subject = Subject(stored, connection)
        for vector in vectors[:3]:  # loads what the first searches load
            subject.ask(vector)
        for took in subject.took_ms.values():
            took.clear()
        for number, vector in enumerate(vectors):
            subject.ask(vector)
            if number % 5 == 0:
                subject.store_and_ask(vector)
    return subject


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="utterances (default 10000 100000)")
    parser.add_argument("--queries", type=int, default=200, help="queries per collection (default 200)")
    asked = parser.parse_args()
    sizes, queries = ((1_000,), 5) if asked.smoke else (asked.sizes, asked.queries)
    report = Report("http_search", asked.out)
    subjects = {size: measured(fill(asked.out / f"search-{size}-{DIM}", size, DIM), queries) for size in sizes}
    report.publish(
        [
            f"{queries} queries for {K} matches, each way by turns over one kept connection; ms p50 / p95. Of what was "
            "just stored, the search by what it is, in the process that stored it:",
            table(
                ["utterances × dim", PYTHON, FLOATS, JSON, "HTTP adds, p50", COMMIT],
                [[f"{size:,} × {DIM}", *_row(subject)] for size, subject in subjects.items()],
            ),
        ],
        {str(size): subject.took_ms for size, subject in subjects.items()},
    )


def _row(subject: Subject) -> Iterator[str]:
    spreads = {way: Spread.of(took) for way, took in subject.took_ms.items()}
    for way in (PYTHON, FLOATS, JSON):
        yield spreads[way].p50_p95()
    yield f"{spreads[FLOATS].median - spreads[PYTHON].median:.2f}"
    yield spreads[COMMIT].p50_p95()


if __name__ == "__main__":
    main()
