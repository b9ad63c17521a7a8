"""Names of Milvus collections: whose vectors they hold."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from emovec_db.domain.collection import Collection
from emovec_db.spaces.protocol import Space

_NAME = re.compile(
    r"(?P<prefix>\w+)_(?P<origin>[0-9a-f]{8})_c(?P<collection>\d+)_g(?P<generation>\d+)_v(?P<version>\d+)_(?P<space>\w+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MilvusName:
    """A collection, generation, space and version of a database."""

    prefix: str
    #: tells databases apart that share a server: made of when the collection was made
    origin: str
    collection_id: int
    generation_id: int
    version: int
    #: as Milvus can write it
    space: str

    def __str__(self) -> str:
        ids = f"c{self.collection_id}_g{self.generation_id}_v{self.version}"
        return f"{self.prefix}_{self.origin}_{ids}_{self.space}"

    @classmethod
    def of(cls, prefix: str, collection: Collection, space: Space) -> Self:
        """The name for a version of a space over the collection's generation."""
        return cls(
            prefix=prefix,
            origin=_origin(collection),
            collection_id=collection.collection_id,
            generation_id=collection.generation.generation_id,
            version=space.version,
            space=_written(space.name),
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What a name says; None: it was not made here."""
        found = _NAME.fullmatch(text)
        if found is None:
            return None
        return cls(
            prefix=found["prefix"],
            origin=found["origin"],
            collection_id=int(found["collection"]),
            generation_id=int(found["generation"]),
            version=int(found["version"]),
            space=found["space"],
        )

    def is_of_collection(self, collection: Collection) -> bool:
        """Whether it is of this collection, of whatever generation and space."""
        return (self.origin, self.collection_id) == (_origin(collection), collection.collection_id)

    def is_of(self, generation_id: int, space: str) -> bool:
        """Whether it is of this generation and space, of whatever version."""
        return (self.generation_id, self.space) == (generation_id, _written(space))


def _origin(collection: Collection) -> str:
    return hashlib.sha256(collection.created_at.isoformat().encode()).hexdigest()[:8]


def _written(space: str) -> str:
    return space.replace("-", "_")
