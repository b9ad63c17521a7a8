"""A collection as Python users hold it."""

from __future__ import annotations

from emovec_db.database.asking import Asking
from emovec_db.database.drafts import Drafts
from emovec_db.database.following import Following
from emovec_db.database.generations import Generations
from emovec_db.database.governing import Governing
from emovec_db.database.grouping import Grouping
from emovec_db.database.looking import Looking
from emovec_db.database.searching import Searching
from emovec_db.database.spaces import Spaces
from emovec_db.database.taking import Taking
from emovec_db.domain.audit import AuditReport
from emovec_db.domain.classification import CheckReport, Deletion
from emovec_db.errors import QueryError
from emovec_db.services.audit import Audit
from emovec_db.services.check import check
from emovec_db.services.methods import method_of


class Collection(Taking, Asking, Grouping, Searching, Following, Looking, Governing):
    """A named set of recordings bound to one encoder. Filters are the fields of `domain.query.Filter`."""

    @property
    def generations(self) -> Generations:
        """What it was encoded by, is, and will be."""
        return Generations(self._parts, self.name)

    @property
    def spaces(self) -> Spaces:
        """What similar can mean here."""
        return Spaces(self._parts, self.name)

    @property
    def drafts(self) -> Drafts:
        """Recordings that were only sent to be classified, and are kept for an hour."""
        return Drafts(self._parts, self.name)

    def delete(self, recording_id: int) -> Deletion:
        """Delete a recording: rows, index, stored file, caches. Ingesting it again leaves it out; see `ingest`."""
        return self._parts.eraser.recording(self._stored(), recording_id)

    def delete_customer(self, customer: str) -> Deletion:
        """Delete every recording of a customer. Ingesting them again leaves them out; see `ingest`."""
        return self._parts.eraser.customer(self._stored(), customer)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Whether the indexes say what the database says; with `repair` after building anew those that don't."""
        stored = self._stored()
        spaces = self._parts.spaces.of(stored)
        report = check(self._parts.store, self._parts.blobs, self._parts.indexes, stored, spaces)
        if report.consistent or not repair:
            return report
        self.reindex()
        return check(self._parts.store, self._parts.blobs, self._parts.indexes, stored, spaces)

    def audit(self, *, sample: int = 200, seed: int = 0) -> AuditReport:
        """Encode a sample of the stored utterances again and say how far the stored numbers are off."""
        if sample < 1:
            raise QueryError(f"sample is {sample}: expected at least 1")
        stored = self._stored()
        audit = Audit(
            store=self._parts.store,
            blobs=self._parts.blobs,
            decoders=self._parts.decoders,
            places=self._parts.places,
            method=method_of(self._parts.encoders, self._parts.diarizers, stored),
            limits=self._parts.archive_limits,
        )
        return audit.run(stored, sample, seed)

    def reindex(self) -> int:
        """Build the indexes again from the database; returns the number of utterances indexed."""
        stored = self._stored()
        return max(self._parts.indexes.rebuild(stored, space) for space in self._parts.spaces.of(stored))
