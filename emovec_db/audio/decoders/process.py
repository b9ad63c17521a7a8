"""One decoder process, as its parent sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.channels import Pick
from emovec_db.audio.decoders.messages import (
    HEARD,
    PACKET_BYTES,
    SAMPLES,
    Request,
    crashed,
    error_of,
    head_of,
    heard_of,
    samples_of,
)
from emovec_db.audio.listening import Heard
from emovec_db.audio.source import Source
from emovec_db.audio.tape import Tape
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import DecoderCrashedError, DecodeTimeoutError, RecordingError

#: what runs a decoder process; its standard input is the socket
COMMAND: Final = (sys.executable, "-P", "-m", "emovec_db.audio.decoders")
#: A file may take a second more for each of these. Decoding goes some hundred times faster than real time, and a
#: slow network brings more bytes.
ALLOWED_BYTES_PER_S: Final = 5_000_000
ALLOWED_SPEED: Final = 10
#: loading takes 0.1 s; a machine that swaps, or a disk that spins up, needs longer
START_TIMEOUT_S: Final = 120
END_TIMEOUT_S: Final = 5
#: What of the environment a decoder needs. Not the settings: the key and the database's password are among them.
_KEPT: Final = ("LANG", "LC_", "LD_", "PATH", "PYTHON")


class DecoderProcess:
    """Decodes one file at a time, for one thread at a time."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        """Start the process and wait until it is ready.

        Raises:
            DecoderCrashedError: it can't be started.
        """
        self._owner = os.getpid()
        self._buffer = memoryview(bytearray(PACKET_BYTES))
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                # a session of its own: Ctrl-C is the parent's affair
                self._process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                    cwd="/",
                    start_new_session=True,
                )
        except OSError as error:
            self._socket.close()
            raise DecoderCrashedError(f"no decoder process can be started: {error.strerror}") from error
        try:
            self._receive(monotonic() + START_TIMEOUT_S)
        except (OSError, EOFError) as error:
            raise DecoderCrashedError(
                f"no decoder process can be started: {self._end_after(error)}; what it said may stand above"
            ) from error
        except BaseException:
            self.end()
            raise

    @property
    def usable(self) -> bool:
        """False: it has ended, or belongs to the process that this one was forked from."""
        return self._owner == os.getpid() and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number, for those who look after it."""
        number: int = self._process.pid
        return number

    def decode(
        self, source: Source, picks: Sequence[Pick], max_duration_s: float, timeout_s: float
    ) -> tuple[Heard, list[Waveform]]:
        """What `listen` hears of a source, and one waveform per pick; afterwards `usable` tells how the process is.

        Raises DecoderCrashedError, DecodeTimeoutError, and what `listen` raises.
        """
        allowed_s = timeout_s + source.size_bytes / ALLOWED_BYTES_PER_S
        tapes = Tapes(len(picks), max_duration_s)
        may_mix = all(pick.may_mix for pick in picks)
        request = Request(source.shown, tuple(pick.name for pick in picks), max_duration_s, may_mix)
        try:
            heard = self._ask(request, source.file_number, tapes, allowed_s)
            return heard, tapes.finish()
        except TimeoutError as error:
            self.end()
            raise DecodeTimeoutError(
                f"{source.shown} was given up, since decoding it took too long: it is damaged, or lies on a medium "
                "that does not answer: see whether a player opens it; EMOVEC_DECODE_TIMEOUT_S allows more"
            ) from error
        except (OSError, EOFError, ValueError) as error:
            raise crashed(source.shown, self._end_after(error)) from error
        except DecoderCrashedError:
            self.end()
            raise
        except RecordingError:
            raise
        except BaseException:
            self.end()  # or the next file would get the rest of this one
            raise

    def end(self) -> None:
        """End the process, whatever it is at."""
        if self.usable:
            self._process.kill()
            self._wait()
        self._socket.close()

    def _ask(self, request: Request, file_number: int, tapes: Tapes, allowed_s: float) -> Heard:
        deadline_s = monotonic() + allowed_s
        self._socket.settimeout(allowed_s)
        socket.send_fds(self._socket, [request.pack()], [file_number])
        while True:
            packet = self._receive(deadline_s + tapes.duration_s / ALLOWED_SPEED)
            kind, place = head_of(packet)
            if kind == SAMPLES:
                tapes.add(place, samples_of(packet))
            elif kind == HEARD:
                return heard_of(packet, len(request.channels))
            else:
                raise error_of(packet)

    def _receive(self, deadline_s: float) -> memoryview:
        """The next packet, valid until the one after it; raises TimeoutError, EOFError, OSError."""
        remaining_s = deadline_s - monotonic()
        if remaining_s <= 0:
            raise TimeoutError
        self._socket.settimeout(remaining_s)
        size = self._socket.recv_into(self._buffer)
        if not size:
            raise EOFError
        return self._buffer[:size]

    def _end_after(self, error: Exception) -> str:
        """Why the process can't be used any more, once it is ended."""
        if isinstance(error, OSError | EOFError) and not isinstance(error, TimeoutError):
            self._wait()  # it is ending: let it, to learn how
        code = self._process.poll()
        self.end()
        if code is None:
            return "the decoder does not answer sensibly"
        if code == -signal.SIGKILL:
            return "the decoder was killed, perhaps because memory ran out"
        return f"the decoder broke on it ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"

    def _wait(self) -> None:
        # A process that waits for a medium can't even be killed: it must not keep others waiting.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_TIMEOUT_S)


class Tapes:
    """The waveforms of one file, checked as they come."""

    def __init__(self, channels: int, max_duration_s: float) -> None:
        self._tapes = [Tape() for _ in range(channels)]
        # resampling may add some samples
        self._max_duration_s = max_duration_s + 1

    @property
    def duration_s(self) -> float:
        return max(len(tape) for tape in self._tapes) / SAMPLE_RATE_HZ

    def add(self, place: int, samples: NDArray[np.float32]) -> None:
        """Raises ValueError for a channel that was not asked, and more sound than is allowed."""
        if place >= len(self._tapes):
            raise ValueError(f"channel {place} was not asked")
        self._tapes[place].append(samples)
        if self.duration_s > self._max_duration_s:
            raise ValueError("more samples came than are allowed")

    def finish(self) -> list[Waveform]:
        """One per channel; raises ValueError for NaN and infinite samples."""
        waveforms = [tape.finish() for tape in self._tapes]
        if not all(np.isfinite(waveform).all() for waveform in waveforms):
            raise ValueError("samples are not finite")
        return waveforms


def _environment() -> dict[str, str]:
    """The modules that this process has, and one thread for numpy, which would start one per core."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    return {**kept, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
