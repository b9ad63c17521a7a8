"""Finding stored utterances by what they are like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from emovec_db.database.handle import Handle
from emovec_db.domain.answer import Answer
from emovec_db.domain.collection import Collection as StoredCollection
from emovec_db.domain.person import person_of
from emovec_db.domain.query import Filter, Heard
from emovec_db.domain.similar import But, Examples, Query, Question, QuestionFields, SearchFields
from emovec_db.domain.sought import Sought, Unstored, but
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.errors import QueryError, UserError
from emovec_db.services.classify import classify
from emovec_db.services.gate import admitted_sound
from emovec_db.services.methods import method_of
from emovec_db.services.unstored import of_embedding, of_scores
from emovec_db.spaces.protocol import Space


class Searching(Handle):
    """Searches.

    All take the fields of `domain.similar.SearchFields`: how many, which may be found, in which space, and what matches
    should not be like (`unlike`, ids of utterances), whatever they should be like.
    """

    def similar(
        self,
        recording: str | Path | Sound,
        *,
        recording_role: str | None = None,
        recording_channel: str = MIX,
        recording_customer: str | None = None,
        recording_speaker: str | None = None,
        limits: SoundLimits | None = None,
        **asked: Unpack[SearchFields],
    ) -> Answer:
        """Stored utterances whose emotion is nearest to a recording's, most similar first.

        `role`, `customer` and `speaker` choose among the stored; `recording_role` and so on say what the given one is.
        Whose voice it is matters in space `emotion`, which takes what is usual for somebody off.

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
        person = person_of(
            speaker=recording_speaker,
            customer=recording_customer,
            role=recording_role,
            voice=next((one.voice for one in heard.timeline.utterances if one.voice is not None), None),
        )
        unstored = Unstored(
            heard=Heard.alone(heard.embedding, scores, person),
            scores=heard.prediction,
            sound=sound.pcm_sha256,
            customer=recording_customer,
            speaker=recording_speaker,
        )
        return self._near(stored, unstored, asked)

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
        self, like: Sequence[int], unlike: Sequence[int] = (), **asked: Unpack[QuestionFields]
    ) -> Answer:
        """Stored utterances that are like some stored ones, and not like others; ids of utterances.

        Raises:
            QueryError: nothing is named, or the examples cancel each other out.
        """
        return self._like(Examples(like=tuple(like)), {**asked, "unlike": unlike})

    def similar_to_scores(self, scores: Mapping[str, float], **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances whose scores are nearest to a mixture such as ``{"angry": 0.6, "sad": 0.4}``.

        Only its proportions count; the space is `scores`.

        Raises:
            QueryError: a label is unknown, a share is negative, all are 0, or another space is asked for.
        """
        stored = self._stored()
        return self._near(stored, of_scores(stored, scores), asked)

    def similar_to_vector(self, embedding: NDArray[np.float32], **asked: Unpack[SearchFields]) -> Answer:
        """Stored utterances nearest to an embedding, float32 (dim,); the space is `embedding`."""
        return self._near(self._stored(), of_embedding(embedding), asked)

    def similar_many(
        self, queries: Sequence[Query | But], **asked: Unpack[SearchFields]
    ) -> tuple[Answer | UserError, ...]:
        """An answer for each query, in their order: examples, a mixture of scores, or an embedding, float32 (dim,).

        `domain.similar.But` says of one what its matches should not be like; `unlike` says it of all. All are asked the
        same, and the index once for all of a space. A query that makes no sense, or of which nothing is stored, has its
        error for an answer.

        Raises:
            QueryError: what all are asked makes no sense.
        """
        stored = self._stored()
        answers: dict[int, Answer | UserError] = {}
        by_space: dict[str, list[tuple[int, Sought]]] = defaultdict(list)
        default, _ = self._understood(stored, asked)
        for number, query in enumerate(queries):
            try:
                sought = but(_sought(stored, query), asked.get("unlike", ()))
                by_space[_space_for(sought, asked) or default.name].append((number, sought))
            except UserError as error:
                answers[number] = error
        for name, numbered in by_space.items():
            space, question = self._understood(stored, {**asked, "space": name})
            found = self._parts.search.near_each(stored, space, [sought for _, sought in numbered], question)
            answers.update(zip((number for number, _ in numbered), found, strict=True))
        return tuple(answers[number] for number in range(len(queries)))

    def _like(self, examples: Examples, asked: SearchFields) -> Answer:
        return self._near(self._stored(), examples, asked)

    def _near(self, stored: StoredCollection, sought: Sought, asked: SearchFields) -> Answer:
        space, question = self._understood(stored, {**asked, "space": _space_for(sought, asked)})
        return self._parts.search.near(stored, space, but(sought, asked.get("unlike", ())), question)

    def _understood(self, stored: StoredCollection, asked: SearchFields) -> tuple[Space, Question]:
        spaces, chosen = self._parts.spaces, dict(asked)
        name = chosen.pop("space", None)
        chosen.pop("unlike", None)
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
    "cursor",
}


def _sought(stored: StoredCollection, query: Query | But) -> Sought:
    if isinstance(query, But):
        return but(_sought(stored, query.query), query.unlike)
    if isinstance(query, Examples):
        return query
    return of_scores(stored, query) if isinstance(query, Mapping) else of_embedding(query)


def _space_for(sought: Sought, asked: SearchFields) -> str | None:
    """The space that is asked for, or the only one that there is; QueryError where they differ."""
    name = asked.get("space")
    only_in = None if isinstance(sought, Examples) else sought.only_in
    if only_in is None or name in {None, only_in}:
        return only_in or name
    what = "an embedding" if only_in == "embedding" else "a mixture of scores"
    raise QueryError(f"{what} can be searched in space {only_in!r} only, not in {name!r}")
