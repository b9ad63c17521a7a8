"""Fetching a remote recording into a file that nobody else sees and that nothing leaves behind."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final, TypeVar

from emovec_db.domain.recording import Source
from emovec_db.errors import EmovecError, NotAudioError, TooLargeError, UnreachableError, UnreadableError
from emovec_db.sources.remote import storage
from emovec_db.sources.remote.address import Address
from emovec_db.sources.remote.outages import Outages
from emovec_db.sources.remote.trouble import PAUSES_S, Changed, with_patience

_CHUNK_BYTES: Final = 1 << 20

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class AtHand:
    """A recording's bytes on this machine, for as long as the context lasts."""

    #: opens the file, which has no name of its own
    path: Path
    #: of the bytes as they came
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for."""

    #: between tries after trouble that may pass
    pauses_s: tuple[float, ...] = PAUSES_S
    #: a file may take this long, s, and a second more for each of these bytes
    grace_s: float = 120
    least_bytes_per_s: int = 50_000


@dataclass(frozen=True, slots=True)
class Remote:
    """Recordings that lie elsewhere."""

    #: where fetched files lie; the memory of a machine may be too small for them, and so may `/tmp`
    folder: Path
    patience: Patience = Patience()
    outages: Outages = field(default_factory=Outages)

    def state(self, address: Address) -> Source | None:
        """As `storage.state`, with patience.

        Raises:
            UnreadableError: nothing lies there, or it may not be read.
            UnreachableError: the network or the server fails.
            MissingPartError: an extra is not installed.
        """
        return self.patiently(address, lambda: storage.state(address))

    def patiently(self, address: Address, attempt: Callable[[], Result]) -> Result:
        """What `attempt` at the address's server gives, as `with_patience`; one that is long away is not waited for.

        Raises:
            UnreadableError, UnreachableError: as `with_patience`.
            EmovecError: what `attempt` itself raises on purpose.
        """
        self.outages.check(address.server, address.name)
        try:
            result = with_patience(address.name, attempt, self.patience.pauses_s)
        except UnreachableError:
            self.outages.failed(address.server)
            raise
        except EmovecError:
            self.outages.answered(address.server)
            raise
        self.outages.answered(address.server)
        return result

    @contextmanager
    def fetched(self, address: Address, max_bytes: int) -> Iterator[AtHand]:
        """The recording's bytes as a file without a name, so that it goes with the process, however that ends.

        Raises:
            TooLargeError: more than `max_bytes` came, whatever the server said before.
            NotAudioError: none came.
            UnreadableError, UnreachableError, MissingPartError: as `state`.
        """
        with self._room(address) as file:
            sha256 = self.patiently(address, lambda: self._stream(address, file, max_bytes))
            # opened anew by its number, since whoever decodes it moves about in it
            yield AtHand(Path(f"/proc/self/fd/{file.fileno()}"), sha256)

    @contextmanager
    def _room(self, address: Address) -> Iterator[BinaryIO]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = tempfile.TemporaryFile(dir=self.folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _no_room(address, error) from error
        with file:
            yield file

    def _stream(self, address: Address, file: BinaryIO, max_bytes: int) -> str:
        """Copy the bytes; their sha256."""
        began_s = monotonic()
        file.seek(0)
        file.truncate()
        version = self._version(address)
        sha256, size_bytes = hashlib.sha256(), 0
        stream, expected_bytes = storage.open_stream(address)
        with stream:
            _check_size(address, expected_bytes or 0, max_bytes)
            while chunk := stream.read(_CHUNK_BYTES):
                size_bytes += len(chunk)
                _check_size(address, size_bytes, max_bytes)
                self._check_time(address, monotonic() - began_s, size_bytes)
                sha256.update(chunk)
                _keep(address, file, chunk)
        if not size_bytes:
            raise NotAudioError(f"{address.name} is empty (0 bytes): copy it again from where it came")
        if self._version(address) != version:
            raise Changed
        return sha256.hexdigest()

    def _version(self, address: Address) -> Source | None:
        """Of Google's objects, whose ranges may else be of two versions; S3's and HTTP's bytes are of one."""
        return storage.state(address) if address.scheme == "gs" else None

    def _check_time(self, address: Address, took_s: float, size_bytes: int) -> None:
        if took_s > self.patience.grace_s + size_bytes / self.patience.least_bytes_per_s:
            raise UnreachableError(
                f"{address.name} was given up: only {size_bytes:,} bytes came in {took_s:.0f} s; try again later"
            )


def _keep(address: Address, file: BinaryIO, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        try:
            left = left[file.write(left) :]
        except OSError as error:
            raise _no_room(address, error) from error


def _check_size(address: Address, size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise TooLargeError(
            f"{address.name} has more than {max_bytes:,} bytes, the limit: compress it (opus, mp3) or split it, or "
            "allow more by EMOVEC_ARCHIVE_MAX_MB"
        )


def _no_room(address: Address, error: OSError) -> UnreadableError:
    return UnreadableError(
        f"{address.name} can't be fetched into the data folder: the system says: {error.strerror}; make room there"
    )
