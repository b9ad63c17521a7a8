"""What a policy lets in."""

from __future__ import annotations

import pytest

from emovec_db.domain.policy import Policy

AGENT = Policy(forbidden_roles=("agent",))


@pytest.mark.parametrize("role", [None, "customer", "agent", "other"])
@pytest.mark.parametrize(("channel", "channels"), [("mix", 1), ("mix", 2), ("left", 2)])
def test_without_a_policy_everything_is_let_in(role: str | None, channel: str, channels: int) -> None:
    assert Policy().refusal(role, channel, channels) is None


@pytest.mark.parametrize(
    ("role", "channel", "channels", "reason"),
    [
        ("customer", "mix", 1, None),
        ("customer", "right", 2, None),
        ("other", "ch3", 8, None),
        ("agent", "left", 2, "its role is agent, which the collection's policy forbids"),
        ("agent", "mix", 1, "its role is agent, which the collection's policy forbids"),
        (None, "right", 2, "nobody says whose voice it is"),
        (None, "mix", 1, "nobody says whose voice it is"),
        ("customer", "mix", 2, "it would mix 2 channels"),
    ],
)
def test_who_is_let_in(role: str | None, channel: str, channels: int, reason: str | None) -> None:
    refusal = AGENT.refusal(role, channel, channels)
    assert refusal is None if reason is None else refusal is not None and refusal.startswith(reason)
