"""The spaces by name."""

from __future__ import annotations

from emovec_db.errors import QueryError
from emovec_db.spaces.embedding import EmbeddingSpace
from emovec_db.spaces.mixture import Mixture
from emovec_db.spaces.protocol import Space
from emovec_db.spaces.scores import ScoresSpace

_EMBEDDING = EmbeddingSpace()
_SCORES = ScoresSpace()

SPACES: dict[str, Space] = {
    space.name: space
    for space in (_EMBEDDING, _SCORES, Mixture(((_EMBEDDING, 0.5), (_SCORES, 0.5)), name="embedding-scores"))
}


def space_named(name: str) -> Space:
    """The space of that name; raises QueryError, naming those there are, where there is none."""
    try:
        return SPACES[name]
    except KeyError:
        raise QueryError(f"unknown space {name!r}; expected one of: {', '.join(sorted(SPACES))}") from None
