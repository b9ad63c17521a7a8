"""Decoder processes for all threads of this process."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

from emovec_db.audio.channels import picks_of
from emovec_db.audio.decode import sounds_of
from emovec_db.audio.decoders.process import COMMAND, DecoderProcess
from emovec_db.audio.source import open_source
from emovec_db.domain.sound import MIX, Sound, SoundLimits


class DecoderPool:
    """Decodes files in up to `size` processes, which start when they are needed and are replaced when they break.

    Threads share it and wait for a process to be free; a fork of this process starts processes of its own.
    """

    def __init__(self, size: int, *, timeout_s: float, command: Sequence[str] = COMMAND) -> None:
        self._size = size
        self._timeout_s = timeout_s
        self._command = command
        self._places = _Places(size)
        # for those who never close it
        weakref.finalize(self, self._places.end)

    def decode(
        self, path: Path, *, channels: Sequence[str] = (MIX,), limits: SoundLimits, name: str | None = None
    ) -> tuple[Sound, ...]:
        """As `audio.decode.decode`, and a file that crashes or holds up a process is only that file's failure.

        Raises what that raises, DecoderCrashedError, and DecodeTimeoutError for a file that takes longer than
        `timeout_s`, a second per 5 MB of it and a second per 10 s of its sound.
        """
        picks = picks_of(channels, may_mix=limits.may_mix)
        with open_source(path, max_bytes=limits.max_bytes, name=name) as source:
            with self._process() as process:
                heard, waveforms = process.decode(source, picks, limits.max_duration_s, self._timeout_s)
            return sounds_of(picks, waveforms, heard, source.shown)

    def close(self) -> None:
        """End the processes; the next file starts new ones."""
        self._places.end()

    @contextmanager
    def _process(self) -> Iterator[DecoderProcess]:
        places = self._own_places()
        place = places.free.get()
        try:
            if place.process is None or not place.process.usable:
                place.end()
                place.process = DecoderProcess(self._command)
            yield place.process
        finally:
            places.free.put(place)

    def _own_places(self) -> _Places:
        """Of a fork: never the parent's processes, nor places that the parent's threads hold."""
        if self._places.owner != os.getpid():
            self._places = _Places(self._size)
            weakref.finalize(self, self._places.end)
        return self._places


class _Place:
    """Where one process may run."""

    process: DecoderProcess | None = None

    def end(self) -> None:
        if self.process is not None:
            self.process.end()


class _Places:
    """A pool's places in one process; the last to become free is taken first, so that no more are used than must."""

    def __init__(self, size: int) -> None:
        self.owner = os.getpid()
        self.free: LifoQueue[_Place] = LifoQueue()
        self._all = [_Place() for _ in range(size)]
        for place in self._all:
            self.free.put(place)

    def end(self) -> None:
        for place in self._all:
            place.end()
