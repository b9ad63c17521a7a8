"""The segmentations by name."""

from __future__ import annotations

from emovec_db.errors import QueryError
from emovec_db.speech.protocol import Segmentation
from emovec_db.speech.windows import Windows

SEGMENTATIONS: dict[str, Segmentation] = {segmentation.name: segmentation for segmentation in (Windows(),)}


def segmentation_named(name: str) -> Segmentation:
    """The segmentation of that name; raises QueryError, naming those there are, where there is none."""
    try:
        return SEGMENTATIONS[name]
    except KeyError:
        raise QueryError(
            f"unknown segmentation {name!r}; expected one of: {', '.join(sorted(SEGMENTATIONS))}"
        ) from None
