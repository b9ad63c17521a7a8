"""What the system tells of files that come into folders: inotify, by watchdog."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

#: by the kind of watchdog's events: whether the file is still open for writing after it; None: that does not show
_OPEN_AFTER: Final[Mapping[str, bool | None]] = {"created": None, "moved": False, "modified": True, "closed": False}


class Notices:
    """Calls back for each file that comes, grows or is complete below the folders, from a thread of its own."""

    def __init__(self, folders: Sequence[Path], noticed: Callable[[Path, bool | None], None]) -> None:
        """`noticed` gets the file, and whether it is still open for writing (None: that does not show).

        Raises:
            OSError: the system watches no more folders, or none at all.
        """
        self._observer = _observer(folders, noticed)

    @property
    def come(self) -> bool:
        """Whether notices still come: not from a folder that was taken away."""
        return self._observer.is_alive() and all(one.is_alive() for one in self._observer.emitters)

    def stop(self) -> None:
        self._observer.stop()
        self._observer.join()


def _observer(folders: Sequence[Path], noticed: Callable[[Path, bool | None], None]) -> BaseObserver:
    from watchdog.events import (
        DirCreatedEvent,
        FileClosedEvent,
        FileCreatedEvent,
        FileModifiedEvent,
        FileMovedEvent,
        FileSystemEvent,
        FileSystemEventHandler,
    )
    from watchdog.observers import Observer

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if not event.is_directory and event.event_type in _OPEN_AFTER:
                noticed(Path(os.fsdecode(event.dest_path or event.src_path)), _OPEN_AFTER[event.event_type])

    kinds: list[type[FileSystemEvent]]
    kinds = [FileCreatedEvent, FileMovedEvent, FileModifiedEvent, FileClosedEvent, DirCreatedEvent]
    observer = Observer()
    observer.start()
    try:
        for folder in folders:
            observer.schedule(Handler(), str(folder), recursive=True, event_filter=kinds)
        # watchdog passes over sub-folders that the system does not watch: is there room for one more?
        with tempfile.TemporaryDirectory() as one_more:
            observer.unschedule(observer.schedule(Handler(), one_more))
    except OSError:
        observer.stop()
        observer.join()
        raise
    return observer
