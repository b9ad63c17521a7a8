"""What a search for recordings comes upon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emovec_db.domain.recording import Details, Source
from emovec_db.errors import EmovecError
from emovec_db.sources.places import Place


@dataclass(frozen=True, slots=True)
class Found:
    """One recording, or one thing that stands where a recording was expected."""

    place: Place
    #: as it is stored: `file:///…` of the absolute path (see `uri_of`), or an address without secrets
    uri: str
    #: the path below the folder that was asked for, or below the file's own, with `/`; always valid text (bytes that
    #: are no UTF-8 show as �)
    relative: str
    #: why it can't be a recording, as far as that shows without opening it
    error: EmovecError | None = None
    #: what a manifest tells, by channel; None: of all channels that are asked for
    told: Mapping[str | None, Details] = field(default_factory=dict)
    #: the state of what lies elsewhere, as far as it was asked for
    source: Source | None = None
