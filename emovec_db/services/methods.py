"""What a recipe names, ready to work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emovec_db.audio.decode import DECODE_CHAIN
from emovec_db.cleaning.registry import NO_CLEANING, Cleaning, cleaning_named, newest_cleaning
from emovec_db.domain.collection import NO_WISHES, Collection, Recipe, Wishes
from emovec_db.domain.sound import Sound
from emovec_db.encoder.protocol import Encoder
from emovec_db.errors import QueryError
from emovec_db.services.diarizers import Diarizers, pauses_of
from emovec_db.services.encoders import Encoders
from emovec_db.speech.protocol import Segmentation
from emovec_db.speech.registry import DEFAULT_SEGMENTATION, newest_segmentation


@dataclass(frozen=True, slots=True)
class Method:
    """How sounds become utterances; equal keys give equal utterances."""

    encoder: Encoder
    segmentation: Segmentation
    cleaning: Cleaning = NO_CLEANING

    @property
    def key(self) -> tuple[str, ...]:
        return self.encoder.identity.encoder_id, self.segmentation.name, *self.cleaning.names

    @property
    def decode_chain(self) -> str:
        """All that is done to a file's bytes before they are encoded."""
        return self.cleaning.chain(DECODE_CHAIN)

    def cleaned(self, sound: Sound) -> Sound:
        """The sound as it is cut and encoded; one that was cleaned so already comes back as it is.

        Raises:
            QueryError: it was cleaned otherwise.
        """
        names = self.cleaning.names
        if sound.cleaning == names:
            return sound
        if sound.cleaning:
            raise QueryError(
                f"this sound was cleaned already ({', '.join(sound.cleaning)}), and {', '.join(names) or 'none'} is "
                "wanted here: give the recording itself"
            )
        return replace(sound, waveform=self.cleaning.clean(sound.waveform), cleaning=names)


def method_of(encoders: Encoders, diarizers: Diarizers, collection: Collection) -> Method:
    """That of the collection's active generation.

    Raises:
        EncoderMismatchError: the operator asked for another encoder, or its weights have changed.
        RecipeMismatchError: the weights of the diarizer have changed.
        MissingPartError: what its sound is cleaned or its voices are told apart with is not there.
    """
    return method_by(encoders.of(collection), diarizers, collection.generation.recipe)


def method_by(encoder: Encoder, diarizers: Diarizers, recipe: Recipe) -> Method:
    """What the recipe asks of that encoder.

    Raises:
        QueryError: the recipe wants voices told apart that can't be, as it cuts.
        RecipeMismatchError, MissingPartError: as `method_of`.
    """
    return Method(encoder, diarizers.segmentation_of(recipe), cleaning_named(recipe.cleaning))


def method_for_new(encoders: Encoders, diarizers: Diarizers, wishes: Wishes = NO_WISHES) -> Method:
    """That of collections that are made now.

    Raises:
        QueryError: a wish that nobody can fulfil.
        MissingPartError: what a wish needs is not there.
    """
    return method_by(encoders.configured(), diarizers, recipe_for_new(encoders, diarizers, wishes))


def recipe_for_new(encoders: Encoders, diarizers: Diarizers, wishes: Wishes) -> Recipe:
    """What a collection that is made now is made of.

    Raises:
        QueryError, MissingPartError: as `method_for_new`.
    """
    check_wishes(wishes)
    return Recipe(
        encoder_source=encoders.configured_source,
        segmentation=newest_segmentation(wishes.segmentation or DEFAULT_SEGMENTATION),
        cleaning=newest_cleaning(wishes.cleaning or ()),
        diarization=None if wishes.diarize is None else diarizers.of_kind(wishes.diarize).name,
        voices=wishes.voices,
    )


def check_wishes(wishes: Wishes) -> None:
    """Raise QueryError for what is nothing that there is, MissingPartError for what is not installed."""
    segmentation = newest_segmentation(wishes.segmentation or DEFAULT_SEGMENTATION)
    newest_cleaning(wishes.cleaning or ())
    if wishes.diarize is not None:
        pauses_of(segmentation)
