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
    #: small ones first, so that a wrong name shows before 2 GB; the weights are last
    files: tuple[str, ...] = ("config.yaml", "configuration.json", "tokens.txt", "model.pt")

    @property
    def required_files(self) -> tuple[str, ...]:
        """All but what only FunASR's own look-up needs."""
        return tuple(name for name in self.files if name != "configuration.json")

    @property
    def hub_id(self) -> str:
        """On ModelScope."""
        return f"iic/{self.name}"


PUBLISHED: tuple[PublishedModel, ...] = (
    PublishedModel("emotion2vec_plus_large", "Emotion2Vec+ large: nine labels, dim 1024, 162 M parameters"),
    PublishedModel("emotion2vec_plus_base", "Emotion2Vec+ base: nine labels, dim 768, 93 M parameters"),
    PublishedModel("emotion2vec_plus_seed", "Emotion2Vec+ seed: nine labels, dim 768, 93 M parameters"),
)

#: no encoder of emotion, but what tells voices apart
CAMPPLUS = PublishedModel(
    "speech_campplus_sv_zh-cn_16k-common",
    "CAM++: embeddings of voices, dim 192, 7 M parameters",
    "Apache License 2.0",
    ("config.yaml", "configuration.json", "campplus_cn_common.bin"),
)

#: ModelScope's and Hugging Face's names of the publisher
PUBLISHERS = ("iic", "emotion2vec")


def published_by_source(source: str) -> PublishedModel | None:
    """The model of that name or hub id."""
    publisher, _, name = source.rpartition("/")
    if publisher not in ("", *PUBLISHERS):
        return None
    return next((model for model in PUBLISHED if model.name == name), None)


def pullable(source: str) -> PublishedModel | None:
    """What can be pulled by that name or hub id; ``campplus`` is short for CAM++'s."""
    if source in ("campplus", CAMPPLUS.name, CAMPPLUS.hub_id):
        return CAMPPLUS
    return published_by_source(source)
