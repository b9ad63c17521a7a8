"""What a collection forbids, and what that kept out."""

from __future__ import annotations

from collections.abc import Sequence

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.policy import Policy, PolicyChange, Refusal


def policy_document(policy: Policy, changes: Sequence[PolicyChange], refused: int) -> Document:
    """``{forbidden_roles, refused, changes}``; changes: the whole log, oldest first."""
    return {
        "forbidden_roles": list(policy.forbidden_roles),
        "refused": refused,
        "changes": [_change_document(change) for change in changes],
    }


def _change_document(change: PolicyChange) -> Document:
    return {
        "role": change.role,
        "forbidden": change.forbidden,
        "reason": change.reason,
        "by": change.by,
        "deleted": change.deleted,
        "changed_at": time_text(change.changed_at),
    }


def refusal_document(refusal: Refusal) -> Document:
    """``{uri, channel, role, reason, refused_at}``."""
    return {
        "uri": refusal.source.uri,
        "channel": refusal.channel,
        "role": refusal.role,
        "reason": refusal.reason,
        "refused_at": time_text(refusal.refused_at),
    }
