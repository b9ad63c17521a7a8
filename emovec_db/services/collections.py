"""Opening a collection, and making it with its first recording."""

from __future__ import annotations

from emovec_db.domain.collection import NO_WISHES, Collection, Recipe, Wishes
from emovec_db.errors import ConflictError, RecipeMismatchError
from emovec_db.services.diarizers import Diarizers
from emovec_db.services.encoders import Encoders
from emovec_db.services.methods import check_wishes, recipe_for_new
from emovec_db.store.store import Store


def open_or_create(
    store: Store, encoders: Encoders, diarizers: Diarizers, name: str, wishes: Wishes = NO_WISHES
) -> Collection:
    """The collection of that name; a new one is bound to the configured encoder and the wishes.

    Raises:
        QueryError: a wish that nobody can fulfil.
        MissingPartError: what a wish needs is not there.
        RecipeMismatchError: the collection exists and was made otherwise.
    """
    check_wishes(wishes)
    found = _find(store, name)
    if found is None:
        found = _create(store, encoders, name, recipe_for_new(encoders, diarizers, wishes))
    _check(found, wishes)
    return found


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
    diarizer = _kind(kept.diarization or "")
    if wishes.diarize not in (None, diarizer) or wishes.voices not in (None, kept.voices):
        raise RecipeMismatchError(
            f"collection {found.name!r} was made {_told_apart(diarizer, kept.voices)}, not "
            f"{_told_apart(wishes.diarize or '', wishes.voices)}: utterances that were cut otherwise can't be mixed. "
            "Leave the diarizer out, or use another collection"
        )


def _kind(name: str) -> str:
    """``pauses`` of ``pauses-1``, ``campplus`` of ``campplus-1@1f2e3d4c5b6a``."""
    return name.partition("@")[0].rpartition("-")[0]


def _told_apart(diarizer: str, voices: int | None) -> str:
    if not diarizer:
        return "without telling voices apart"
    return f"with voices told apart by {diarizer}" + (f", {voices} of them" if voices else "")


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
