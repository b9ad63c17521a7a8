"""Which encoder speaks for which collection."""

from __future__ import annotations

import threading
from collections.abc import Callable

from emovec_db.domain.collection import Collection
from emovec_db.encoder.protocol import Encoder
from emovec_db.errors import EncoderMismatchError


class Encoders:
    """Loads each encoder once per process and never lets two of them meet in a collection."""

    def __init__(self, load: Callable[[str], Encoder], configured: str | None, default: str) -> None:
        """`load` takes a name or directory; `configured` is what the operator asked for, if anything."""
        self._load = load
        self._asked = configured
        self._default = default
        self._loaded: dict[str, Encoder] = {}
        self._lock = threading.Lock()

    @property
    def configured_source(self) -> str:
        """Name or directory of the encoder that new collections get."""
        return self._asked or self._default

    def configured(self) -> Encoder:
        """The encoder for new collections and for sound that belongs to none."""
        return self._get(self.configured_source)

    def of(self, collection: Collection) -> Encoder:
        """The encoder that made the collection's active generation.

        Raises:
            EncoderMismatchError: the operator asked for another one, or the weights at its place have changed.
        """
        expected, recipe = collection.generation.encoder, collection.generation.recipe
        source = self._asked or recipe.encoder_source
        encoder = self._get(source)
        if not encoder.identity.same_space(expected):
            raise EncoderMismatchError(
                f"collection {collection.name!r} holds embeddings of {expected.encoder_id}, but {source!r} is "
                f"{encoder.identity.encoder_id}: their embeddings can't be compared. Use another collection for the "
                f"other encoder, or set EMOVEC_ENCODER to the collection's ({recipe.encoder_source})",
                collection=collection.name,
                expected=expected.encoder_id,
                got=encoder.identity.encoder_id,
            )
        return encoder

    def _get(self, source: str) -> Encoder:
        with self._lock:
            if source not in self._loaded:
                self._loaded[source] = self._load(source)
            return self._loaded[source]
