"""Finding stored utterances by what they are like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from emovec_db.database.handle import Handle
from emovec_db.domain.answer import Answer
from emovec_db.domain.collection import Collection as StoredCollection
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.query import Filter, Heard
from emovec_db.domain.similar import Examples, Question, SearchFields
from emovec_db.domain.sought import Unstored
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.services.classify import classify
from emovec_db.services.gate import admitted_sound
from emovec_db.services.methods import method_of
from emovec_db.spaces.protocol import Space


class Searching(Handle):
    """Searches. All take the fields of `domain.similar.SearchFields`: how many, which may be found, in which space."""

    def similar(
        self,
        recording: str | Path | Sound,
        *,
        recording_role: str | None = None,
        recording_channel: str = MIX,
        limits: SoundLimits | None = None,
        **asked: Unpack[SearchFields],
    ) -> Answer:
        """Stored utterances whose emotion is nearest to a recording's, most similar first.

        `role` chooses among the stored; `recording_role` and `recording_channel` say what the given one is.

        Raises:
            RefusedError: as `classify`.
        """
        stored = self._stored()
        parts = self._parts
        # by the encoder of the generation that is searched, also if the collection is given another one meanwhile
        method = method_of(parts.encoders, parts.diarizers, stored)
        decoders, chosen = parts.decoders, limits or parts.archive_limits
        sound = admitted_sound(
            decoders, self.policy(), recording, chosen, role=recording_role, channel=recording_channel
        )
        heard = classify(method, parts.sounds, sound, frames=False)
        scores = np.array(heard.prediction.scores, dtype=np.float32)
        space, question = self._understood(stored, asked)
        unstored = Unstored(heard=Heard.alone(heard.embedding, scores), scores=heard.prediction)
        return parts.search.near(stored, space, unstored, question)

    def similar_by_id(self, utterance_id: int, **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances nearest to a stored one, without itself."""
        return self._like(Examples(like=(utterance_id,)), asked)

    def similar_to_recording(self, recording_id: int, **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances nearest to a stored recording: to the mean of its utterances, which are no matches."""
        return self._like(Examples(recording_id=recording_id), asked)

    def similar_to_customer(self, name: str, **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances nearest to a customer's mean; with ``exclude_same="customer"`` those of others."""
        return self._like(Examples(customer=name), asked)

    def similar_to_examples(
        self, like: Sequence[int], unlike: Sequence[int] = (), **asked: Unpack[SearchFields]
    ) -> Answer:
        """Stored utterances that are like some stored ones, and not like others; ids of utterances.

        Raises:
            QueryError: nothing is named, or the examples cancel each other out.
        """
        return self._like(Examples(like=tuple(like), unlike=tuple(unlike)), asked)

    def similar_to_scores(self, scores: Mapping[str, float], **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances whose scores are nearest to a mixture such as ``{"angry": 0.6, "sad": 0.4}``.

        Only its proportions count; the space is `scores`.

        Raises:
            QueryError: a label is unknown, a share is negative, all are 0, or another space is asked for.
        """
        asked = {**asked, "space": _only("scores", asked.get("space"), "a mixture of scores")}
        stored = self._stored()
        nowhere = np.full(stored.generation.encoder.dim, 1.0, np.float32)
        space, question = self._understood(stored, asked)
        shares = mixture(scores)
        unstored = Unstored(heard=Heard.alone(nowhere, shares), scores=Prediction.of(shares))
        return self._parts.search.near(stored, space, unstored, question)

    def similar_to_vector(self, embedding: NDArray[np.float32], **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances nearest to an embedding, float32 (dim,); the space is `embedding`."""
        asked = {**asked, "space": _only("embedding", asked.get("space"), "an embedding")}
        stored = self._stored()
        uniform = np.full(len(LABELS), 1 / len(LABELS), np.float32)
        space, question = self._understood(stored, asked)
        vector = np.asarray(embedding, dtype=np.float32)
        unstored = Unstored(heard=Heard.alone(vector, uniform), scores=None)
        return self._parts.search.near(stored, space, unstored, question)

    def _like(self, examples: Examples, asked: SearchFields) -> Answer:
        stored = self._stored()
        space, question = self._understood(stored, asked)
        return self._parts.search.near(stored, space, examples, question)

    def _understood(self, stored: StoredCollection, asked: SearchFields) -> tuple[Space, Question]:
        spaces, chosen = self._parts.spaces, dict(asked)
        name = chosen.pop("space", None)
        own = {field: chosen.pop(field) for field in _OF_QUESTION & chosen.keys()}
        question = Question(filter=Filter(**chosen), **own)  # type: ignore[arg-type]
        return spaces.named(stored, str(name or spaces.default_name(stored))), question


_OF_QUESTION = {
    "k",
    "min_similarity",
    "exclude_same",
    "per_customer",
    "per_recording",
    "diversify",
    "exact",
    "group_by",
    "per_group",
}


def mixture(scores: Mapping[str, float]) -> NDArray[np.float32]:
    """Float32 (9,) that sum to 1, in these proportions. Raises QueryError where they are none."""
    unknown = sorted(scores.keys() - set(LABELS))
    if unknown:
        raise QueryError(f"unknown label {unknown[0]!r}: expected some of {', '.join(LABELS)}")
    shares = np.array([scores.get(label, 0.0) for label in LABELS], dtype=np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() <= 0:
        raise QueryError(f"got the shares {dict(scores)}: expected numbers from 0 up, not all of them 0")
    summing_to_one: NDArray[np.float32] = (shares / shares.sum()).astype(np.float32)
    return summing_to_one


def _only(space: str, asked: str | None, what: str) -> str:
    if asked not in {None, space}:
        raise QueryError(f"{what} can be searched in space {space!r} only, not in {asked!r}")
    return space
