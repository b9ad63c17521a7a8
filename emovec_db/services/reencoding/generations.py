"""Going back to a generation that is complete, and dropping one that is not needed."""

from __future__ import annotations

from dataclasses import dataclass

from emovec_db.domain.collection import Collection, Generation
from emovec_db.errors import ConflictError
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.store.store import Store, Unit

#: recordings forgotten in one transaction: others write in between
FORGOTTEN_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations of collections."""

    store: Store
    indexes: Indexes

    def switch(self, collection: Collection, generation_id: int) -> Generation:
        """Serve from another generation, from now on.

        Raises:
            NotFoundError: the collection has no such generation.
            ConflictError: recordings are missing in it; says how many.
        """
        with self.store.write() as unit:
            unit.collections.lock(collection.collection_id)
            target = unit.generations.get(collection, generation_id)
            missing = unit.generations.count_missing(target)
            if missing:
                source = target.generation.recipe.encoder_source
                raise ConflictError(
                    f"generation {generation_id} lacks {missing} of the recordings of collection {collection.name!r}: "
                    f"`emovec reencode --to {source}` encodes them and then switches"
                )
            if not unit.collections.is_serving(target):
                unit.generations.activate(target)
        return target.generation

    def drop(self, collection: Collection, generation_id: int) -> int:
        """Delete a generation with all that it says of recordings; of how many it did.

        Raises:
            NotFoundError: the collection has no such generation.
            ConflictError: the collection serves from it.
        """
        forgotten = 0
        while True:
            with self.store.write() as unit:
                target = self._droppable(unit, collection, generation_id)
                some = unit.generations.forget(target, FORGOTTEN_AT_ONCE)
                if not some:
                    unit.generations.remove(target)
                    break
            forgotten += some
        self.indexes.remove_generation(target)
        self.store.compact()
        return forgotten

    def _droppable(self, unit: Unit, collection: Collection, generation_id: int) -> Collection:
        unit.collections.lock(collection.collection_id)
        target = unit.generations.get(collection, generation_id)
        if unit.collections.is_serving(target):
            raise ConflictError(
                f"collection {collection.name!r} serves from generation {generation_id}: switch to another one first"
            )
        return target
