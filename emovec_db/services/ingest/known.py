"""What a collection knows of some files before they are read: what is stored of them, and what was refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from emovec_db.domain.collection import Collection
from emovec_db.domain.policy import Policy, Refusal
from emovec_db.domain.recording import Details, Source
from emovec_db.domain.sound import MIX
from emovec_db.services.ingest.reading import Candidate
from emovec_db.store.store import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The stored recordings and the refusals of some uris."""

    #: uri -> channel -> (recording id, the file's state when it was stored)
    stored: Mapping[str, Mapping[str, tuple[int, Source]]]
    #: of those recordings
    details: Mapping[int, Details]
    #: by uri and channel
    refusals: Mapping[tuple[str, str], Refusal]
    policy: Policy

    @classmethod
    def of(cls, unit: Unit, collection: Collection, uris: Sequence[str]) -> Self:
        stored: dict[str, dict[str, tuple[int, Source]]] = defaultdict(dict)
        for (uri, channel), entry in unit.recordings.sources(collection.collection_id, uris).items():
            stored[uri][channel] = entry
        return cls(
            stored=stored,
            details=unit.recordings.details_of([one for entries in stored.values() for one, _ in entries.values()]),
            refusals=unit.refusals.of(collection.collection_id, uris),
            policy=unit.policies.of(collection.collection_id),
        )

    def unmoved(self, source: Source) -> dict[str, int]:
        """By channel, the recordings of the file in its present state."""
        entries = self.stored.get(source.uri, {})
        return {channel: recording_id for channel, (recording_id, then) in entries.items() if then == source}

    def is_apart(self, candidate: Candidate) -> bool:
        """Whether the mix is asked for of a file whose channels are stored in its present state."""
        unmoved = self.unmoved(candidate.source)
        return candidate.wants_mix and bool(unmoved) and MIX not in unmoved

    def still_refused(self, candidate: Candidate) -> dict[str, str]:
        """By channel, why it is kept out: it was refused before, and file, role and policy are as they were."""
        reasons = {}
        for channel, details in candidate.details.items():
            refusal = self.refusals.get((candidate.source.uri, channel))
            if refusal is not None and (refusal.source, refusal.role) == (candidate.source, details.role):
                reason = self.policy.refusal(details.role, mixed=refusal.mixed)
                reasons.update({channel: reason} if reason else {})
        return reasons


#: of a collection that does not exist yet
NOTHING = Known(stored={}, details={}, refusals={}, policy=Policy())
