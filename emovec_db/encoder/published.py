"""The models that their authors publish and emovec-db can pull."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model on ModelScope and Hugging Face."""

    name: str
    description: str
    #: as both hubs' model cards state it
    licence: str = "FunASR Model License (see the model card)"

    @property
    def hub_id(self) -> str:
        """On ModelScope."""
        return f"iic/{self.name}"


PUBLISHED: tuple[PublishedModel, ...] = (
    PublishedModel("emotion2vec_plus_large", "Emotion2Vec+ large: nine labels, dim 1024, 162 M parameters"),
    PublishedModel("emotion2vec_plus_base", "Emotion2Vec+ base: nine labels, dim 768, 93 M parameters"),
    PublishedModel("emotion2vec_plus_seed", "Emotion2Vec+ seed: nine labels, dim 768, 93 M parameters"),
)

#: ModelScope's and Hugging Face's names of the publisher
PUBLISHERS = ("iic", "emotion2vec")


def published_by_source(source: str) -> PublishedModel | None:
    """The model of that name or hub id."""
    publisher, _, name = source.rpartition("/")
    if publisher not in ("", *PUBLISHERS):
        return None
    return next((model for model in PUBLISHED if model.name == name), None)
