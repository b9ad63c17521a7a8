"""Recordings of an archive as items of a job: some files each, for whichever worker sees the same uris."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from emovec_db.domain.job import JobItem
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import look_again

#: files in one item: seconds of work, so that little is done again after a kill and the last item is not waited for
FILES_PER_ITEM = 32

#: a uri and what is known of it, as `Candidate.as_params` gives it
File = tuple[str, Mapping[str, Any]]


def parcels(files: Iterable[File], size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Items of at most `size` files each, as (uri, params)."""
    iterator = iter(files)
    while some := list(islice(iterator, size)):
        yield some[0][0], {"files": [[uri, dict(params)] for uri, params in some]}


def files_of(item: JobItem) -> list[File]:
    """What `parcels` put into an item."""
    return [(uri, params) for uri, params in item.params["files"]]


def ingest_parcel(item: JobItem, ingest: Ingest) -> None:
    """Do a claimed item; what an earlier, killed attempt stored is found again.

    Raises:
        JobCancelledError: between two batches; what was stored is kept.
    """
    ingest.run(look_again(ingest.places, uri, params) for uri, params in files_of(item))
