"""Matches by the customer or recording that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from emovec_db.domain.answer import MatchGroup
from emovec_db.domain.query import Match
from emovec_db.domain.similar import Question

#: matches of a question, of this recording only or of all
Find: TypeAlias = Callable[[Question, int | None], tuple[Match, ...]]


def grouped(question: Question, heads: Sequence[Match], find: Find) -> tuple[MatchGroup, ...]:
    """The groups of these matches, the best of each, each with the nearest of its own.

    Each group is searched for itself, so that none lacks what lies far down the list of all.
    """
    groups = []
    for head in heads:
        group = _group(question, head)
        if question.per_group > 1:
            # a recording has one customer, and that of a group is the one that the filter lets through
            customer = group.customer if group.recording_id is None else question.filter.customer
            found = find(question.within_group(replace(question.filter, customer=customer)), group.recording_id)
            group = replace(group, matches=_headed(head, found, question.per_group))
        groups.append(group)
    return tuple(groups)


def _group(question: Question, head: Match) -> MatchGroup:
    customer = head.utterance.customer
    of_customer = question.group_by == "customer" and customer is not None
    recording_id = None if of_customer else head.utterance.recording_id
    return MatchGroup(customer=customer, recording_id=recording_id, matches=(head,))


def _headed(head: Match, found: tuple[Match, ...], most: int) -> tuple[Match, ...]:
    """The head stays first, also if an approximate index misses it the second time."""
    others = [match for match in found if match.utterance.utterance_id != head.utterance.utterance_id]
    return (head, *others)[:most]
