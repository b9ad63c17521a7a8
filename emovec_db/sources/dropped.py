"""New recordings in drop folders, each once it has stopped growing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from types import TracebackType
from typing import Final, Self

from emovec_db.sources.folders import AUDIO_SUFFIXES, found_at, suffix_of
from emovec_db.sources.found import Found
from emovec_db.sources.globbing import is_folder
from emovec_db.sources.mounts import tells_changes
from emovec_db.sources.notices import Notices

#: recordings of one batch
BATCH_FILES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How long what is waited for, seconds."""

    #: without growing, before a file is taken
    settle_s: float = 2.0
    #: the same for a file that is still open for writing, as far as the system tells
    open_s: float = 600.0
    #: between two looks through all folders, where the system tells what changes, and where it does not
    look_s: float = 600.0
    poll_s: float = 10.0
    #: how far a file server's clock may be off
    clock_s: float = 300.0


@dataclass(slots=True)
class _Waiting:
    """A file that may still grow."""

    root: Path
    state: tuple[int, int] | None = None
    since_s: float = 0.0
    is_open: bool = False


class DropFolders:
    """Says which recordings have come; a context that begins to watch.

    The system's notices (inotify, by watchdog) only say where to look. A look through all folders now and then finds
    what they missed, and does all the work where there are none: network file systems, too many folders.
    """

    def __init__(self, folders: Sequence[Path], remark: Callable[[str], None], tempo: Tempo) -> None:
        """`remark` is called with what people should know."""
        self._folders = tuple(folders)
        self._remark = remark
        self._tempo = tempo
        self._changed = threading.Condition()
        self._waiting: dict[Path, _Waiting] = {}
        #: with its state when it was taken, and when: it may be noticed again
        self._taken: dict[Path, tuple[tuple[int, int], float]] = {}
        self._missing: set[Path] = set()
        self._looked_s = time()
        #: sub-folders that were there at the last look; empty: it was not looked yet
        self._seen: set[str] = set()
        self._notices: Notices | None = None

    def __enter__(self) -> Self:
        self._notices = self._start()
        if self._notices is None:
            self._look()
            self._waiting.clear()  # the first walk finds them
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._notices is not None:
            self._notices.stop()

    @property
    def growing(self) -> int:
        """How many files are waited for."""
        return len(self._waiting)

    def settled_now(self, found: Iterable[Found]) -> Iterator[Found]:
        """Of what a walk finds, what does not grow; the rest comes later, from `take`."""
        for one in found:
            if isinstance(one.place, Path) and one.error is None and self._is_young(one.place):
                self._note(one.place, self._root_of(one.place))
            else:
                yield one

    def take(self, wait_s: float) -> list[Found]:
        """Up to BATCH_FILES recordings that have settled, by name; none if there are none within `wait_s`."""
        self._look_if_due()
        ready = self._ready()
        if not ready:
            with self._changed:
                self._changed.wait(wait_s)
            ready = self._ready()
        for path, waiting in ready:
            assert waiting.state is not None
            self._taken[path] = (waiting.state, time())
        return [found_at(path, waiting.root) for path, waiting in ready]

    def _ready(self) -> list[tuple[Path, _Waiting]]:
        now_s = monotonic()
        with self._changed:
            waiting = dict(self._waiting)
        ready = []
        for path, one in waiting.items():
            state = _state(path)
            if state is None or state == self._taken.get(path, (None,))[0]:
                self._drop(path)
            elif state != one.state:
                one.state, one.since_s = state, now_s
            elif now_s - one.since_s >= (self._tempo.open_s if one.is_open else self._tempo.settle_s):
                ready.append((path, one))
        ready.sort(key=lambda item: os.fsencode(item[0]))
        for path, _ in ready[:BATCH_FILES]:
            self._drop(path)
        return ready[:BATCH_FILES]

    def _note(self, path: Path, root: Path, *, is_open: bool | None = None) -> None:
        if not _is_recording(path, root):
            return
        with self._changed:
            one = self._waiting.setdefault(path, _Waiting(root))
            one.is_open = one.is_open if is_open is None else is_open
            self._changed.notify_all()

    def _drop(self, path: Path) -> None:
        with self._changed:
            self._waiting.pop(path, None)

    def _root_of(self, path: Path) -> Path:
        return next(folder for folder in self._folders if path.is_relative_to(folder))

    def _is_young(self, path: Path) -> bool:
        with self._changed:
            if path in self._waiting:
                return True
        try:
            return abs(time() - path.stat().st_mtime) < self._tempo.settle_s
        except OSError:
            return False

    # --- looking through the folders

    def _look_if_due(self) -> None:
        missing = {folder for folder in self._folders if not folder.is_dir()}
        for folder in sorted(missing - self._missing):
            self._remark(f"{folder} is not there any more: waiting until it is back")
        came_back = self._missing - missing
        self._missing = missing
        if came_back or (self._notices is not None and not self._notices.come):
            self._restart()
        due_s = self._tempo.look_s if self._notices is not None else self._tempo.poll_s
        if came_back or time() - self._looked_s >= due_s:
            self._look()

    def _look(self) -> None:
        """Note the files that came or changed since the last look, by the time that the file system gave them."""
        began_s = time()
        seen: set[str] = set()
        for folder in self._folders:
            for path in self._came(folder, seen, folder_is_new=False):
                self._note(path, folder)
        self._seen = seen
        if not self._missing:
            self._looked_s = began_s
        kept_since_s = began_s - 2 * (self._tempo.clock_s + self._tempo.look_s)
        self._taken = {path: one for path, one in self._taken.items() if one[1] > kept_since_s}

    def _came(self, folder: Path, seen: set[str], *, folder_is_new: bool) -> Iterator[Path]:
        """Files whose inode changed since the last look, as moving one does, and all in folders that were not there."""
        try:
            with os.scandir(folder) as entries:
                inside = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:
            return
        seen.add(str(folder))
        since_s = 0.0 if folder_is_new else self._looked_s - self._tempo.clock_s
        for entry in inside:
            if is_folder(entry):
                if not entry.is_symlink():
                    is_new = folder_is_new or (bool(self._seen) and entry.path not in self._seen)
                    yield from self._came(Path(entry.path), seen, folder_is_new=is_new)
            elif suffix_of(entry.name) in AUDIO_SUFFIXES and _inode_changed_s(entry) >= since_s:
                yield Path(entry.path)

    # --- the system's notices

    def _start(self) -> Notices | None:
        """None: there will be no notices."""
        untold = [folder for folder in self._folders if folder.is_dir() and not tells_changes(folder)]
        if untold:
            self._remark(f"{untold[0]} lies on another machine: looking for new files every {self._tempo.poll_s:.0f} s")
            return None
        try:
            return Notices(self._folders, self._noticed)
        except OSError as error:
            self._remark(
                f"the system can't watch so many folders ({error.strerror}): looking for new files every "
                f"{self._tempo.poll_s:.0f} s; sysctl fs.inotify.max_user_watches allows more"
            )
            return None

    def _restart(self) -> None:
        """Watch what is there now: a folder that was away has lost its watches."""
        if self._notices is not None:
            self._notices.stop()
        self._notices = None if self._missing else self._start()

    def _noticed(self, path: Path, is_open: bool | None) -> None:
        """Called from watchdog's thread."""
        for root in self._folders:
            if path.is_relative_to(root):
                self._note(path, root, is_open=is_open)
                return


def _is_recording(path: Path, root: Path) -> bool:
    """By its name, as in folders: neither hidden nor with a suffix that is none of sound."""
    below = path.relative_to(root).parts
    return bool(below) and not any(name.startswith(".") for name in below) and suffix_of(path.name) in AUDIO_SUFFIXES


def _state(path: Path) -> tuple[int, int] | None:
    """Size and time of the last change; None where no file is."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _inode_changed_s(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_ctime
    except OSError:
        return -1.0
