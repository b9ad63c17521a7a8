"""What is searched for, as it stands in one state of a collection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.recording import Utterance
from emovec_db.domain.similar import Question, Same
from emovec_db.domain.sought import Unstored
from emovec_db.errors import QueryError
from emovec_db.spaces.protocol import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One vector, what is heard in it, and whose it is."""

    #: float32 (dim,), of length 1
    vector: NDArray[np.float32]
    #: None: it has none of its own
    scores: Prediction | None
    #: ids that can be no matches
    excluded: frozenset[int] = frozenset()
    #: of the question; see `services.cursors`
    digest: str = ""
    #: of the query's own utterances, as far as they are known
    recordings: frozenset[int] = frozenset()
    customers: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()

    def shares(self, utterance: Utterance, what: Same) -> bool | None:
        """Whether the utterance's recording, customer or speaker is one of the query's; None: one isn't known."""
        theirs: object
        own: frozenset[int] | frozenset[str]
        if what == "recording":
            own, theirs = self.recordings, utterance.recording_id
        elif what == "customer":
            own, theirs = self.customers, utterance.customer
        else:
            own, theirs = self.speakers, utterance.speaker
        return None if not own or theirs is None else theirs in own


def asked_of_unstored(collection: Collection, space: Space, unstored: Unstored, question: Question) -> Asked:
    """What need not be stored.

    Raises:
        QueryError: its embedding has another dimension than the collection's encoder gives, or is not finite; or the
            question is about its recording, customer or speaker, who isn't known.
    """
    embedding, dim = unstored.heard.embeddings[0], collection.generation.encoder.dim
    if embedding.shape != (dim,):
        raise QueryError(
            f"the query has {embedding.size} numbers, but embeddings of collection {collection.name!r} have {dim}"
        )
    if not np.isfinite(embedding).all():
        raise QueryError("the query holds NaN or infinite numbers")
    asked = Asked(
        vector=space.project(unstored.heard)[0],
        scores=unstored.scores,
        customers=frozenset([unstored.customer] if unstored.customer else []),
        speakers=frozenset([unstored.speaker] if unstored.speaker else []),
    )
    if question.exclude_same is not None and not getattr(asked, f"{question.exclude_same}s"):
        raise QueryError(
            "exclude_same needs a query that is stored: search by utterance, recording or customer, or say "
            "whose voice a recording is (recording_customer, recording_speaker)"
        )
    return asked
