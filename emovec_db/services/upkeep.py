"""What a collection needs after something was stored in it, or deleted; nobody waits for it but whoever did that."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from emovec_db.domain.collection import Collection
from emovec_db.errors import EmovecError
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.services.spaces import Spaces

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Fits spaces and compacts indexes, each where it is time for it."""

    spaces: Spaces
    indexes: Indexes

    def tend(self, collection: Collection) -> None:
        """Fit the learned space where the collection has grown, then compact the indexes that are searched.

        What fails is logged: what was just stored is stored, and the next time makes up for it.
        """
        self.spaces.fit_if_grown(collection)
        try:
            self._compact(collection)
        except (EmovecError, OSError) as error:
            log.warning("the indexes of collection %s were not compacted: %s", collection.name, error)

    def _compact(self, collection: Collection) -> None:
        spaces, searched = self.spaces.of(collection), self.spaces.default_name(collection)
        states = self.indexes.states(collection, spaces)
        for space in spaces:
            if space.name == searched or states[space.name] is not None:
                self.indexes.compact(collection, space)
