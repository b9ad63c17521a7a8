"""Where a recording's bytes lie, on this machine or elsewhere, and getting at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emovec_db.domain.recording import Source
from emovec_db.errors import UnreadableError
from emovec_db.sources.local import digest, path_of, source_of
from emovec_db.sources.remote.address import Address, scheme_of, stored_address
from emovec_db.sources.remote.fetching import AtHand, Remote

#: of a recording: a file of this machine, or where it is fetched from
Place = Path | Address


def place_of(uri: str) -> Place:
    """Where the recording of a stored uri lies; raises QueryError, UnreadableError."""
    return path_of(uri) if scheme_of(uri) in {None, "file"} else stored_address(uri)


def is_gone(uri: str) -> bool:
    """Whether a file of this machine is not there any more; of others only another try tells."""
    return scheme_of(uri) == "file" and not os.path.lexists(path_of(uri))


@dataclass(frozen=True, slots=True)
class Places:
    """Gets at recordings wherever they lie."""

    remote: Remote

    def state(self, place: Place, uri: str) -> Source:
        """The file's state now, to tell later whether it changed.

        Raises:
            UnreadableError: there is none, or it can't be read.
            UnreachableError, MissingPartError: as `Remote.state`.
        """
        if isinstance(place, Path):
            return source_of(place, uri)
        state = self.remote.state(place)
        if state is None:
            raise UnreadableError(f"{place.name} is a folder; expected a recording")
        return state

    @contextmanager
    def at_hand(self, place: Place, max_bytes: int) -> Iterator[AtHand]:
        """A file of this machine with the recording's bytes: the recording itself, or what was fetched of it.

        Raises:
            UnreadableError, NotAudioError (empty): also of files on this machine, of which no more is checked.
            UnreachableError, TooLargeError, MissingPartError: as `Remote.fetched`.
        """
        if isinstance(place, Path):
            yield AtHand(place, digest(place))
        else:
            with self.remote.fetched(place, max_bytes) as fetched:
                yield fetched
