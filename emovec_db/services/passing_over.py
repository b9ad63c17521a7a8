"""Which of the nearest are passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emovec_db.domain.recording import Utterance
from emovec_db.domain.similar import Question
from emovec_db.services.near_duplicates import NearDuplicates


class PassingOver:
    """Lets utterances through in their order, unless they are the query's own or enough of their kind went before."""

    def __init__(self, question: Question, like: Sequence[Utterance], duplicates: NearDuplicates | None) -> None:
        self._question = question
        self._own = {_owner(one, question.exclude_same) for one in like} - {None}
        self._taken: Counter[tuple[str, object]] = Counter()
        self._duplicates = duplicates

    def __call__(self, utterance: Utterance) -> bool:
        if _owner(utterance, self._question.exclude_same) in self._own:
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


def _owner(utterance: Utterance, kind: str | None) -> object:
    """The recording, customer or speaker; None where it has none, or none is asked for."""
    if kind is None:
        return None
    return utterance.recording_id if kind == "recording" else getattr(utterance, kind)
