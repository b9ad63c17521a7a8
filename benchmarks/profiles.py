"""Profiles of customers and lists of all of them: what the first takes, those after it, and those after a change.

python -m benchmarks.profiles

Stores made-up recordings, ten utterances each, ten of each customer, below --out, and keeps them for later runs.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.report import Report, Spread, arguments, table
from benchmarks.stored import COLLECTION, FIRST_DAY, made_up_peaks, parts_of
from emovec_db.bootstrap import Parts
from emovec_db.database import Collection
from emovec_db.domain.collection import Recipe
from emovec_db.domain.encoding import EncoderIdentity, Prediction, Provenance
from emovec_db.domain.recording import Details, NewRecording, NewUtterance, Source
from emovec_db.domain.sound import Quality
from emovec_db.domain.track import TRACK_HZ, Track
from emovec_db.emotions import LABELS
from emovec_db.services.profiles.customer_means import CustomerMeans
from emovec_db.speech.windows import WINDOWS

UTTERANCES, RECORDINGS, UTTERANCE_S = 10, 10, 12.0
#: recordings of one transaction
BATCH = 500
_PROVENANCE = Provenance("made-up", "none/1")
_QUALITY = Quality(UTTERANCES * UTTERANCE_S, 0.5, 0.0, 20.0, 0.1, 16_000, "pcm_s16le", 1)


def fill(folder: Path, customers: int, dim: int) -> Parts:
    """A database of these in this folder; what an earlier run wrote is kept and completed."""
    parts = parts_of(folder)
    with parts.store.write() as unit:
        if unit.collections.find(COLLECTION) is None:
            identity = EncoderIdentity("made-up", "1", "0" * 64, "fp32", dim)
            unit.collections.create(COLLECTION, identity, Recipe(encoder_source="made-up", segmentation=WINDOWS))
    with parts.store.read() as unit:
        present = len(unit.recordings.ids(unit.collections.get(COLLECTION).collection_id))
    for first in range(present, customers * RECORDINGS, BATCH):
        with parts.store.write() as unit:
            collection = unit.collections.get(COLLECTION)
            for number in range(first, min(first + BATCH, customers * RECORDINGS)):
                unit.recordings.add(collection, _recording(number, customers, dim), _PROVENANCE)
    parts.store.compact()
    return parts


def _recording(number: int, customers: int, dim: int) -> NewRecording:
    """A week after the customer's last one."""
    customer, turn = number % customers, number // customers
    rng, of_customer = np.random.default_rng([1, number]), np.random.default_rng([2, customer])
    vectors = of_customer.standard_normal(dim) + rng.standard_normal((UTTERANCES, dim))
    scores = rng.dirichlet(of_customer.uniform(0.1, 2, len(LABELS)), UTTERANCES)
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    recorded_at = FIRST_DAY + timedelta(weeks=turn, minutes=customer)
    return NewRecording(
        sha256=digest,
        pcm_sha256=digest,
        details=Details(customer=f"customer-{customer:05}", recorded_at=recorded_at),
        source=Source(uri=f"file:///archive/{number:07}.wav", size_bytes=1_000_000, mtime_ns=0),
        quality=_QUALITY,
        summary=Prediction.of(scores.mean(axis=0)),
        utterances=tuple(
            NewUtterance(
                start_s=place * UTTERANCE_S,
                end_s=(place + 1) * UTTERANCE_S,
                embedding=vectors[place].astype(np.float32),
                prediction=Prediction.of(scores[place]),
            )
            for place in range(UTTERANCES)
        ),
        track=Track(TRACK_HZ, np.zeros((1, len(LABELS)), np.uint8)),
        peaks=made_up_peaks(UTTERANCES * UTTERANCE_S),
    )


def measure(parts: Parts, customers: int, dim: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each question, by turns."""
    numbers = itertools.count(customers * RECORDINGS + 1)
    took_ms: dict[str, list[float]] = {}

    def timed(what: str, ask: Callable[[], Any]) -> None:
        began_s = perf_counter()
        ask()
        took_ms.setdefault(what, []).append((perf_counter() - began_s) * 1000)

    for turn in range(rounds):
        # as in a new process
        collection = Collection(replace(parts, customer_means=CustomerMeans()), COLLECTION)

        def profile(of: Collection = collection, number: int = turn) -> None:
            of.profile(f"customer-{number % customers:05}", space="embedding")

        timed("profile, the first of a process", profile)
        timed("profile, the next", profile)
        with parts.store.write() as unit:
            stored = unit.collections.get(COLLECTION)
            added = unit.recordings.add(stored, _recording(next(numbers), customers, dim), _PROVENANCE)
        timed("profile, after a recording was stored", profile)
        with parts.store.write() as unit:
            unit.recordings.delete(unit.collections.get(COLLECTION), [added])
        timed("profile, after a recording was deleted", profile)
        pair = ("customer-00000", "customer-00001")
        timed("two customers compared", partial(collection.compare_customers, *pair, space="embedding"))
        for sort in ("name", "angry", "last_recorded_at"):
            timed(f"50 customers by {sort}", partial(collection.customers_overview, sort=sort))
    return took_ms


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--customers", type=int, default=1_000, help="how many, of 100 utterances each (default 1,000)")
    parser.add_argument("--dim", type=int, default=1024, help="length of the embeddings (default 1024)")
    parser.add_argument("--rounds", type=int, default=5, help="how many of each question, by turns (default 5)")
    asked = parser.parse_args()
    customers, dim, rounds = (20, 16, 2) if asked.smoke else (asked.customers, asked.dim, asked.rounds)
    parts = fill(asked.out / f"profiles-{customers}x{dim}", customers, dim)
    report = Report("profiles", asked.out)
    took_ms = measure(parts, customers, dim, rounds)
    utterances = customers * RECORDINGS * UTTERANCES
    report.publish(
        [
            f"{utterances:,} utterances of {customers:,} customers, {dim} dimensions, SQLite; {rounds} rounds.",
            table(["question", "ms p50 / p95"], [[what, Spread.of(took).p50_p95()] for what, took in took_ms.items()]),
        ],
        {"utterances": utterances, "customers": customers, "dim": dim, "rounds": rounds, "ms": took_ms},
    )


if __name__ == "__main__":
    main()
