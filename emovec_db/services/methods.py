"""What a recipe names, ready to work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emovec_db.audio.decode import DECODE_CHAIN
from emovec_db.cleaning.registry import NO_CLEANING, Cleaning, cleaning_named
from emovec_db.domain.collection import Collection, Recipe
from emovec_db.domain.sound import Sound
from emovec_db.encoder.protocol import Encoder
from emovec_db.errors import QueryError
from emovec_db.services.encoders import Encoders
from emovec_db.speech.protocol import Segmentation
from emovec_db.speech.registry import DEFAULT_SEGMENTATION, newest_segmentation, segmentation_named


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


def method_of(encoders: Encoders, collection: Collection) -> Method:
    """That of the collection's active generation.

    Raises:
        EncoderMismatchError: the operator asked for another encoder, or its weights have changed.
        MissingPartError: what its sound is cleaned with is not installed.
    """
    return method_by(encoders.of(collection), collection.generation.recipe)


def method_by(encoder: Encoder, recipe: Recipe) -> Method:
    """What the recipe asks of that encoder.

    Raises:
        MissingPartError: what sound is cleaned with is not installed.
    """
    return Method(encoder, segmentation_named(recipe.segmentation), cleaning_named(recipe.cleaning))


def method_for_new(encoders: Encoders) -> Method:
    """That of collections that are made now, without wishes."""
    return Method(encoders.configured(), segmentation_named(newest_segmentation(DEFAULT_SEGMENTATION)))
