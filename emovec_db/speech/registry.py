"""The segmentations by name."""

from __future__ import annotations

from emovec_db.errors import QueryError
from emovec_db.speech.pauses import PAUSES, Pauses
from emovec_db.speech.protocol import Segmentation
from emovec_db.speech.windows import WINDOWS, Windows

SEGMENTATIONS: dict[str, Segmentation] = {segmentation.name: segmentation for segmentation in (Pauses(), Windows())}

#: what new collections may ask for, and the newest version of it
NEWEST = {"pauses": PAUSES, "windows": WINDOWS}
DEFAULT_SEGMENTATION = "pauses"


def newest_segmentation(kind: str) -> str:
    """The name that a new collection's recipe gets; raises QueryError for a kind that is none."""
    try:
        return NEWEST[kind]
    except KeyError:
        raise QueryError(f"unknown segmentation {kind!r}; expected one of: {', '.join(NEWEST)}") from None


def segmentation_named(name: str) -> Segmentation:
    """The segmentation of that name; raises QueryError, naming those there are, where there is none."""
    try:
        return SEGMENTATIONS[name]
    except KeyError:
        raise QueryError(
            f"unknown segmentation {name!r}; expected one of: {', '.join(sorted(SEGMENTATIONS))}"
        ) from None
