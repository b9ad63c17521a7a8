"""What a policy lets in."""

from __future__ import annotations

import pytest

from emovec_db.domain.policy import Policy

AGENT = Policy(forbidden_roles=("agent",))


@pytest.mark.parametrize("role", [None, "customer", "agent", "other"])
@pytest.mark.parametrize("mixed", [False, True])
def test_without_a_policy_everything_is_let_in(role: str | None, mixed: bool) -> None:
    assert Policy().refusal(role, mixed=mixed) is None


@pytest.mark.parametrize(
    ("role", "mixed", "reason"),
    [
        ("customer", False, None),
        ("other", False, None),
        ("agent", False, "its role is agent, which the collection's policy forbids"),
        ("agent", True, "its role is agent, which the collection's policy forbids"),
        (None, False, "nobody says whose voice it is, and the collection's policy forbids agent"),
        (None, True, "nobody says whose voice it is"),
        ("customer", True, "it would mix several channels"),
    ],
)
def test_who_is_let_in(role: str | None, mixed: bool, reason: str | None) -> None:
    refusal = AGENT.refusal(role, mixed=mixed)
    assert refusal is None if reason is None else refusal is not None and refusal.startswith(reason)
