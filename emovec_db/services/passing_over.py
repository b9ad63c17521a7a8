"""Which of the nearest are passed over."""

from __future__ import annotations

from collections import Counter

from emovec_db.domain.recording import Utterance
from emovec_db.domain.similar import Question
from emovec_db.services.asked import Asked
from emovec_db.services.near_duplicates import NearDuplicates


class PassingOver:
    """Lets utterances through in their order, unless they are the query's own or enough of their kind went before."""

    def __init__(self, question: Question, asked: Asked, duplicates: NearDuplicates | None) -> None:
        self._question = question
        self._asked = asked
        self._taken: Counter[tuple[str, object]] = Counter()
        self._duplicates = duplicates

    def __call__(self, utterance: Utterance) -> bool:
        same = self._question.exclude_same
        if same is not None and self._asked.shares(utterance, same):
            return False
        groups = {
            ("customer", customer_of(utterance)): self._question.per_customer,
            ("recording", utterance.recording_id): self._question.per_recording,
        }
        if any(most is not None and self._taken[group] >= most for group, most in groups.items()):
            return False
        if self._duplicates is not None:
            if self._duplicates.has(utterance):
                return False
            self._duplicates.add(utterance)
        self._taken.update(groups.keys())
        return True


def customer_of(utterance: Utterance) -> object:
    """The customer; whoever has none is nobody else's, and a recording stands for them."""
    return utterance.customer or ("recording", utterance.recording_id)
