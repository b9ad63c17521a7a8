"""Matches by the customer or recording that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.answer import MatchGroup
from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter, Match
from emovec_db.domain.similar import Question
from emovec_db.store.store import Unit

#: matches of a question among utterances of these ids, int64 (n,) ascending
Find: TypeAlias = Callable[[Question, NDArray[np.int64]], tuple[Match, ...]]


def grouped(
    unit: Unit, collection: Collection, question: Question, heads: Sequence[Match], find: Find
) -> tuple[MatchGroup, ...]:
    """The groups of these matches, the best of each, each with the nearest of its own.

    Each group is searched for itself, so that none lacks what lies far down the list of all.
    """
    allowed = None
    if question.per_group > 1 and not question.filter.is_empty:
        allowed = unit.utterances.ids(collection, question.filter)
    groups = []
    for head in heads:
        group = _group(question, head)
        if question.per_group > 1:
            own = _ids(unit, collection, group)
            among = own if allowed is None else np.intersect1d(own, allowed, assume_unique=True)
            group = replace(group, matches=_headed(head, find(question.within_group(), among), question.per_group))
        groups.append(group)
    return tuple(groups)


def _group(question: Question, head: Match) -> MatchGroup:
    customer = head.utterance.customer
    of_customer = question.group_by == "customer" and customer is not None
    recording_id = None if of_customer else head.utterance.recording_id
    return MatchGroup(customer=customer, recording_id=recording_id, matches=(head,))


def _ids(unit: Unit, collection: Collection, group: MatchGroup) -> NDArray[np.int64]:
    if group.recording_id is None:
        return unit.utterances.ids(collection, Filter(customer=group.customer))
    of_recording = unit.utterances.of_recording(collection, group.recording_id)
    return np.sort(np.array([one.utterance_id for one in of_recording], dtype=np.int64))


def _headed(head: Match, found: tuple[Match, ...], most: int) -> tuple[Match, ...]:
    """The head stays first, also if an approximate index misses it the second time."""
    others = [match for match in found if match.utterance.utterance_id != head.utterance.utterance_id]
    return (head, *others)[:most]
