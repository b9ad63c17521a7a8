"""Recordings to try the pages with: some of the package's own samples, never another file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import emovec_db
from emovec_db.api.pages.language import gettext, later

_SAMPLES = Path(emovec_db.__file__).resolve().parent / "samples"


@dataclass(frozen=True, slots=True)
class Example:
    """A sample, by its place below ``samples/`` and what it is."""

    place: str
    media_type: str
    _title: str

    @property
    def path(self) -> Path:
        return _SAMPLES / self.place

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def title(self) -> str:
        """In the reader's language."""
        return gettext(self._title)


#: by the number in their address, from 1
EXAMPLES = (
    Example("amara/2026-03-26_complaint.webm", "audio/webm", later("a complaint")),
    Example("conor/2026-03-25_pictures.mp3", "audio/mpeg", later("lost pictures")),
    Example("amara/2026-04-14_call.webm", "audio/webm", later("a call of half a minute")),
)
