"""Which encoder speaks for which collection."""

from __future__ import annotations

import threading
from collections.abc import Callable

from emovec_db.domain.collection import Collection
from emovec_db.encoder.protocol import Encoder
from emovec_db.errors import EncoderMismatchError, PrecisionError

FP32 = "fp32"


class Encoders:
    """Loads each encoder once per process and precision, and never lets two of them meet in a collection."""

    def __init__(
        self,
        load: Callable[[str, str | None], Encoder],
        configured: str | None,
        precision: str | None,
        default: str,
    ) -> None:
        """`load` takes a name or directory, and a precision or None for the encoder's own.

        `configured` and `precision` are what the operator asked for, if anything.
        """
        self._load = load
        self._asked = configured
        self._precision = precision
        self._default = default
        self._loaded: dict[tuple[str, str], Encoder] = {}
        self._lock = threading.Lock()

    @property
    def configured_source(self) -> str:
        """Name or directory of the encoder that new collections get."""
        return self._asked or self._default

    def configured(self) -> Encoder:
        """The encoder for new collections and for sound that belongs to none."""
        return self._get(self.configured_source, self._precision)

    def named(self, source: str, precision: str | None) -> Encoder:
        """The encoder of that name or directory, whichever one the operator asked for.

        `precision`: None takes the one that new collections get.
        """
        return self._get(source, precision or self._precision)

    def of(self, collection: Collection) -> Encoder:
        """The encoder that made the collection's active generation, at the generation's precision.

        Raises:
            EncoderMismatchError: the operator asked for another one, the weights at its place have changed, or it can't
                compute at that precision here.
        """
        expected, recipe = collection.generation.encoder, collection.generation.recipe
        source = self._asked or recipe.encoder_source
        try:
            encoder = self._get(source, expected.precision)
        except PrecisionError as error:
            raise EncoderMismatchError(
                f"collection {collection.name!r} holds embeddings of {expected.encoder_id}: {error.message}",
                collection=collection.name,
                expected=expected.encoder_id,
            ) from error
        if not encoder.identity.same_space(expected):
            raise EncoderMismatchError(
                f"collection {collection.name!r} holds embeddings of {expected.encoder_id}, but {source!r} is "
                f"{encoder.identity.encoder_id}: their embeddings can't be compared. Use another collection for the "
                f"other encoder, or set EMOVEC_ENCODER to the collection's ({recipe.encoder_source}) or to nothing; "
                f"`emovec reencode --to {source}` gives the collection the other one",
                collection=collection.name,
                expected=expected.encoder_id,
                got=encoder.identity.encoder_id,
            )
        return encoder

    def _get(self, source: str, precision: str | None) -> Encoder:
        with self._lock:
            # an encoder that computes at fp32 does so unless it is told otherwise
            known = self._loaded.get((source, precision or FP32))
            if known is None:
                known = self._load(source, precision)
                self._loaded[source, known.identity.precision] = known
            return known
