"""Opening a collection, and making it with its first recording."""

from __future__ import annotations

from emovec_db.domain.collection import NO_WISHES, Collection, Recipe, Wishes
from emovec_db.errors import ConflictError, RecipeMismatchError
from emovec_db.services.encoders import Encoders
from emovec_db.speech.registry import DEFAULT_SEGMENTATION, newest_segmentation
from emovec_db.store.store import Store


def open_or_create(store: Store, encoders: Encoders, name: str, wishes: Wishes = NO_WISHES) -> Collection:
    """The collection of that name; a new one is bound to the configured encoder and the wishes for good.

    Raises:
        QueryError: a wish that nobody can fulfil.
        RecipeMismatchError: the collection exists and was made otherwise.
    """
    segmentation = newest_segmentation(wishes.segmentation or DEFAULT_SEGMENTATION)
    found = _find(store, name) or _create(store, encoders, name, segmentation)
    kept = found.generation.recipe.segmentation
    if wishes.segmentation is not None and kept.rpartition("-")[0] != wishes.segmentation:
        raise RecipeMismatchError(
            f"collection {name!r} was made with segmentation {kept}, not {wishes.segmentation}: utterances that were "
            "cut otherwise can't be mixed. Leave the segmentation out, or use another collection"
        )
    return found


def _find(store: Store, name: str) -> Collection | None:
    with store.read() as unit:
        return unit.collections.find(name)


def _create(store: Store, encoders: Encoders, name: str, segmentation: str) -> Collection:
    encoder = encoders.configured()
    recipe = Recipe(encoder_source=encoders.configured_source, segmentation=segmentation)
    try:
        with store.write() as unit:
            return unit.collections.create(name, encoder.identity, recipe)
    except ConflictError:
        # another process was first
        found = _find(store, name)
        if found is None:
            raise
        return found
