"""What a recipe names, ready to work."""

from __future__ import annotations

from dataclasses import dataclass

from emovec_db.domain.collection import Collection
from emovec_db.encoder.protocol import Encoder
from emovec_db.services.encoders import Encoders
from emovec_db.speech.protocol import Segmentation
from emovec_db.speech.registry import DEFAULT_SEGMENTATION, newest_segmentation, segmentation_named


@dataclass(frozen=True, slots=True)
class Method:
    """How sounds become utterances; equal keys give equal utterances."""

    encoder: Encoder
    segmentation: Segmentation

    @property
    def key(self) -> tuple[str, str]:
        return self.encoder.identity.encoder_id, self.segmentation.name


def method_of(encoders: Encoders, collection: Collection) -> Method:
    """That of the collection's active generation.

    Raises:
        EncoderMismatchError: the operator asked for another encoder, or its weights have changed.
    """
    return Method(encoders.of(collection), segmentation_named(collection.generation.recipe.segmentation))


def method_for_new(encoders: Encoders) -> Method:
    """That of collections that are made now."""
    return Method(encoders.configured(), segmentation_named(newest_segmentation(DEFAULT_SEGMENTATION)))
