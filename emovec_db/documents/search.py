"""Matches and the filters that chose them."""

from __future__ import annotations

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.answer import Answer, MatchGroup
from emovec_db.domain.explanation import Explanation
from emovec_db.domain.query import Filter, Match


def match_document(match: Match) -> Document:
    """``{utterance_id, recording_id, uri, customer, start_s, end_s, voice, label, scores, similarity}``.

    A match of a search also has ``{differences, same}``.
    """
    utterance = match.utterance
    explained = {} if match.explanation is None else _explanation_document(match.explanation)
    return {
        "utterance_id": utterance.utterance_id,
        "recording_id": utterance.recording_id,
        "uri": utterance.uri,
        "customer": utterance.customer,
        "start_s": utterance.start_s,
        "end_s": utterance.end_s,
        "voice": utterance.voice,
        "label": utterance.prediction.label,
        "scores": utterance.prediction.by_label(),
        "similarity": match.similarity,
        **explained,
    }


def _explanation_document(explanation: Explanation) -> Document:
    return {
        "differences": {one.label: one.more for one in explanation.differences},
        "same": {
            "recording": explanation.same_recording,
            "customer": explanation.same_customer,
            "speaker": explanation.same_speaker,
        },
    }


def search_document(answer: Answer) -> Document:
    """``{space, query_scores, matches, next_cursor}``, nearest first.

    Where groups were asked for they are in `groups`, and `matches` is empty.
    """
    scores = None if answer.scores is None else answer.scores.by_label()
    document = {"space": answer.space, "query_scores": scores, "next_cursor": answer.next_cursor}
    if answer.groups is None:
        return {**document, "matches": [match_document(match) for match in answer.matches]}
    return {**document, "matches": [], "groups": [_group_document(group) for group in answer.groups]}


def _group_document(group: MatchGroup) -> Document:
    """``{customer, recording_id, similarity, matches}``."""
    return {
        "customer": group.customer,
        "recording_id": group.recording_id,
        "similarity": group.similarity,
        "matches": [match_document(match) for match in group.matches],
    }


def filter_document(filter_: Filter) -> Document:
    """Only the conditions that are set."""
    conditions = {
        "customer": filter_.customer,
        "speaker": filter_.speaker,
        "role": filter_.role,
        "label": filter_.label,
        "since": time_text(filter_.since),
        "until": time_text(filter_.until),
        "min_confidence": filter_.min_confidence,
        "min_duration_s": filter_.min_duration_s,
        "max_duration_s": filter_.max_duration_s,
        "metadata": dict(filter_.metadata) or None,
        "where": None if filter_.where is None else str(filter_.where),
    }
    return {name: value for name, value in conditions.items() if value is not None}
