"""Opening a collection, and making it with its first recording."""

from __future__ import annotations

from emovec_db.domain.collection import Collection, Recipe
from emovec_db.errors import ConflictError
from emovec_db.services.encoders import Encoders
from emovec_db.services.methods import DEFAULT_SEGMENTATION
from emovec_db.store.store import Store


def open_or_create(store: Store, encoders: Encoders, name: str) -> Collection:
    """The collection of that name; a new one is bound to the configured encoder for good."""
    return _find(store, name) or _create(store, encoders, name)


def _find(store: Store, name: str) -> Collection | None:
    with store.read() as unit:
        return unit.collections.find(name)


def _create(store: Store, encoders: Encoders, name: str) -> Collection:
    encoder = encoders.configured()
    recipe = Recipe(encoder_source=encoders.configured_source, segmentation=DEFAULT_SEGMENTATION)
    try:
        with store.write() as unit:
            return unit.collections.create(name, encoder.identity, recipe)
    except ConflictError:
        # another process was first
        found = _find(store, name)
        if found is None:
            raise
        return found
