"""Whether the indexes say what the database says, and whether the database is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.classification import CheckReport
from emovec_db.domain.collection import Collection
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Store, Unit


def check(store: Store, blobs: Blobs, indexes: Indexes, collection: Collection, spaces: Sequence[Space]) -> CheckReport:
    """Compare indexes and database, and look for rows that contradict each other."""
    problems: list[str] = []
    indexed = 0
    for space in spaces:
        found = indexes.inspect(collection, space)
        problems.extend(f"space {space.name}: {problem}" for problem in found.problems)
        indexed = found.size
    with store.read() as unit:
        problems.extend(unit.integrity.problems(collection))
        problems.extend(_missing_blobs(unit, blobs, collection))
        recordings, utterances = unit.recordings.count_encoded(collection), unit.utterances.count(collection)
    return CheckReport(recordings=recordings, utterances=utterances, indexed=indexed, problems=tuple(problems))


def _missing_blobs(unit: Unit, blobs: Blobs, collection: Collection) -> Iterator[str]:
    for recording_id, key in unit.recordings.blob_keys(collection.collection_id):
        if not blobs.exists(key):
            yield f"the stored file of recording {recording_id} is missing: upload it again, or delete the recording"
