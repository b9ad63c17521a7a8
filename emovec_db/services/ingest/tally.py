"""Counting what became of each recording."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from emovec_db.domain.ingest import IngestFailure, IngestProgress, IngestReport, StoredBefore
from emovec_db.domain.job import JobProgress

#: notes beyond these are only counted, so that a report stays readable
NOTES_KEPT = 50
SUPPRESSED = "deleted before, so left out: --allow-again takes it in again"


@dataclass
class Tally:
    """Running counts of one ingest, from several threads; counts are recordings (file × channel)."""

    total: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[IngestFailure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: how many recordings each remark holds for
    remarks: Counter[str] = field(default_factory=Counter)
    notes_left_out: int = 0
    #: what there was to say of recordings that were stored before
    stored_before: set[StoredBefore] = field(default_factory=set)
    duration_s: float = 0.0
    started: float = field(default_factory=monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, outcome: str, recordings: int = 1) -> None:
        """`outcome` is a count of `IngestReport`: ingested, unchanged, updated, refused or suppressed."""
        with self._lock:
            self.counts[outcome] += recordings

    def fail(self, failure: IngestFailure) -> None:
        with self._lock:
            self.counts["failed"] += 1
            self.errors.append(failure)

    def refuse(self, reason: str) -> None:
        self.count("refused")
        self.remark(f"refused: {reason}")

    def suppress(self) -> None:
        self.count("suppressed")
        self.remark(SUPPRESSED)

    def remark(self, text: str) -> None:
        """A remark that may hold for many recordings: they are counted, not named."""
        with self._lock:
            self.remarks[text] += 1

    def note(self, text: str) -> None:
        with self._lock:
            if len(self.notes) < NOTES_KEPT:
                self.notes.append(text)
            else:
                self.notes_left_out += 1

    def add(self, other: Tally) -> None:
        """What `other` counted and noted; its failures are not carried over."""
        with self._lock:
            self.counts.update(other.counts)
            self.remarks.update(other.remarks)
            self.stored_before |= other.stored_before
            self.duration_s += other.duration_s
        for note in other.notes:
            self.note(note)

    def progress(self) -> IngestProgress:
        return IngestProgress(
            done=sum(self.counts.values()),
            total=self.total,
            failed=self.counts["failed"],
            duration_s=self.duration_s,
        )

    def settled(self) -> JobProgress:
        """The same for the job, by outcome."""
        return JobProgress(counts=dict(self.counts), total=self.total, duration_s=self.duration_s)

    def report(self) -> IngestReport:
        counted = (f"{number} × {text}" for text, number in self.remarks.most_common())
        left_out = (f"and {self.notes_left_out} more remarks",) if self.notes_left_out else ()
        return IngestReport(
            ingested=self.counts["ingested"],
            unchanged=self.counts["unchanged"],
            updated=self.counts["updated"],
            refused=self.counts["refused"],
            suppressed=self.counts["suppressed"],
            failed=self.counts["failed"],
            errors=tuple(self.errors),
            seconds=monotonic() - self.started,
            duration_s=self.duration_s,
            notes=(*counted, *self.notes, *left_out),
        )
