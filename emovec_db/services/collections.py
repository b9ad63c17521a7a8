"""Opening a collection, and making it with its first recording."""

from __future__ import annotations

from emovec_db.cleaning.registry import newest_cleaning
from emovec_db.domain.collection import NO_WISHES, Collection, Recipe, Wishes
from emovec_db.errors import ConflictError, RecipeMismatchError
from emovec_db.services.encoders import Encoders
from emovec_db.speech.registry import DEFAULT_SEGMENTATION, newest_segmentation
from emovec_db.store.store import Store


def open_or_create(store: Store, encoders: Encoders, name: str, wishes: Wishes = NO_WISHES) -> Collection:
    """The collection of that name; a new one is bound to the configured encoder and the wishes.

    Raises:
        QueryError: a wish that nobody can fulfil.
        MissingPartError: what a wish needs is not installed.
        RecipeMismatchError: the collection exists and was made otherwise.
    """
    recipe = _recipe(encoders, wishes)
    found = _find(store, name) or _create(store, encoders, name, recipe)
    _check(found, wishes)
    return found


def _recipe(encoders: Encoders, wishes: Wishes) -> Recipe:
    return Recipe(
        encoder_source=encoders.configured_source,
        segmentation=newest_segmentation(wishes.segmentation or DEFAULT_SEGMENTATION),
        cleaning=newest_cleaning(wishes.cleaning or ()),
    )


def _check(found: Collection, wishes: Wishes) -> None:
    """Whatever a wish names, the collection has it in some version."""
    kept = found.generation.recipe
    if wishes.segmentation is not None and _kind(kept.segmentation) != wishes.segmentation:
        raise RecipeMismatchError(
            f"collection {found.name!r} was made with segmentation {kept.segmentation}, not {wishes.segmentation}: "
            "utterances that were cut otherwise can't be mixed. Leave the segmentation out, use another collection, or "
            f"cut all of it anew: `emovec reencode --segmentation {wishes.segmentation}`"
        )
    if wishes.cleaning is not None and {_kind(name) for name in kept.cleaning} != {*wishes.cleaning}:
        raise RecipeMismatchError(
            f"collection {found.name!r} was made with cleaning {_listed(kept.cleaning)}, not "
            f"{_listed(wishes.cleaning)}: embeddings of sound that was cleaned otherwise can't be compared. Leave the "
            "cleaning out, or use another collection"
        )


def _kind(name: str) -> str:
    """``pauses`` of ``pauses-1``."""
    return name.rpartition("-")[0]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def _find(store: Store, name: str) -> Collection | None:
    with store.read() as unit:
        return unit.collections.find(name)


def _create(store: Store, encoders: Encoders, name: str, recipe: Recipe) -> Collection:
    encoder = encoders.configured()
    try:
        with store.write() as unit:
            return unit.collections.create(name, encoder.identity, recipe)
    except ConflictError:
        # another process was first
        found = _find(store, name)
        if found is None:
            raise
        return found
