"""Drop folders: what is there is ingested, then whatever comes, until somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from emovec_db.audio.source import shown
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestReport, IngestRequest
from emovec_db.errors import EmovecError, JobCancelledError, QueryError, StoppedError, UserError
from emovec_db.services.archives import Archives
from emovec_db.sources.dropped import DropFolders, Tempo
from emovec_db.sources.remote.address import scheme_of

#: between two looks at what waits, so long as nothing comes
TICK_S: Final = 0.5
TEMPO: Final = Tempo()
#: before another try where a batch failed as a whole, doubled each time up to `PAUSE_MAX_S`
PAUSE_S: Final = 1.0
PAUSE_MAX_S: Final = 60.0


def _say_nothing(_what: object) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Who looks on while a watch goes on."""

    #: called with what people should know
    remark: Callable[[str], None] = _say_nothing
    #: called while nothing comes, with the number of files that still grow
    idle: Callable[[int], None] = _say_nothing


UNWATCHED: Final = Watched()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One watch of some folders for one collection; the first ingest of each start brings what came meanwhile."""

    archives: Archives
    collection: Collection
    #: its paths are the folders
    request: IngestRequest
    stop: threading.Event
    watched: Watched

    def reports(self) -> Iterator[IngestReport]:
        """One for what is there, then one for each batch that came; ends once `stop` is set, after what is in hand.

        Raises:
            JobCancelledError: somebody cancelled the ingest of a batch.
            UserError: the request can't be carried out as it is.
        """
        with DropFolders(folders_of(self.request), self.watched.remark, TEMPO) as folders:
            first = self._persistently(
                lambda: self.archives.ingest(self.collection, self.request, only=folders.settled_now)
            )
            if first is not None:
                yield first
            while not self.stop.is_set():
                found = folders.take(TICK_S)
                if not found:
                    self.watched.idle(folders.growing)
                    continue
                report = self._persistently(partial(self.archives.ingest_found, self.collection, self.request, found))
                if report is not None:
                    yield report

    def _persistently(self, ingest: Callable[[], IngestReport]) -> IngestReport | None:
        """What the ingest reports; None once somebody stopped it. The database may be away, or the disk be full."""
        pause_s = PAUSE_S
        while True:
            try:
                return ingest()
            except StoppedError:
                return None
            except (UserError, JobCancelledError):
                raise
            except EmovecError as error:
                self.watched.remark(f"{error.message}; trying again in {pause_s:.0f} s")
            if self.stop.wait(pause_s):
                return None
            pause_s = min(2 * pause_s, PAUSE_MAX_S)


def folders_of(request: IngestRequest) -> Sequence[Path]:
    """What a request to watch names; raises QueryError for anything but paths."""
    if request.manifest is not None or any(scheme_of(path) is not None for path in request.paths):
        raise QueryError("only folders of this machine can be watched: give folders, no manifest and no addresses")
    folders = [Path(path) for path in request.paths]
    for folder in folders:
        if not folder.is_dir():
            raise QueryError(f"{shown(folder)} is no folder of this machine: only such can be watched")
    return folders
