"""A policy is its log, and nothing that it forbids gets past the store."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from emovec_db.domain.collection import Collection
from emovec_db.domain.policy import Policy, Refusal
from emovec_db.domain.recording import Details
from emovec_db.errors import NotFoundError, RefusedError
from emovec_db.store.store import Store
from tests.stored import PROVENANCE, QUALITY, RECIPE, policy_change, recording, refusal, utterance

ROLES = (None, "customer", "agent", "other")
KINDS = tuple(itertools.product(ROLES, ("mix", "left"), (1, 2)))


def forbid(store: Store, calls: Collection, *roles: str) -> Policy:
    with store.write() as unit:
        for role in roles:
            unit.policies.log(calls.collection_id, policy_change(role, forbidden=True))
        return unit.policies.of(calls.collection_id)


def refused(policy: Policy, role: str | None, channel: str, channels: int) -> bool:
    return policy.refusal(role, mixed=channel == "mix" and channels > 1) is not None


def test_the_newest_word_on_a_role_holds(store: Store, calls: Collection) -> None:
    said = [("agent", True), ("other", True), ("agent", False), ("customer", True), ("agent", True), ("other", False)]
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, RECIPE)
        for count, (role, forbidden) in enumerate(said, start=1):
            unit.policies.log(calls.collection_id, policy_change(role, forbidden=forbidden, deleted=count))
            expected = {role for role, forbidden in dict(said[:count]).items() if forbidden}
            assert unit.policies.of(calls.collection_id).forbidden_roles == tuple(sorted(expected))
        assert unit.policies.of(other.collection_id) == Policy()
    with store.read() as unit:
        assert unit.policies.changes(calls.collection_id) == tuple(
            policy_change(role, forbidden=forbidden, deleted=count)
            for count, (role, forbidden) in enumerate(said, start=1)
        )
        assert unit.collections.summary(calls).policy == Policy(forbidden_roles=("agent", "customer"))


def test_sql_and_domain_agree_on_what_is_kept_out(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        ids = {
            unit.recordings.add(
                calls,
                recording(f"{number}", channel=channel, role=role, quality=replace(QUALITY, channels=channels)),
                PROVENANCE,
            ): (role, channel, channels)
            for number, (role, channel, channels) in enumerate(KINDS)
        }
        for forbidden in ((), ("agent",), ("agent", "other"), ("agent", "customer", "other")):
            policy = Policy(forbidden_roles=forbidden)
            expected = tuple(one for one, kind in ids.items() if refused(policy, *kind))
            assert unit.policies.kept_out(calls.collection_id, policy) == expected


@pytest.mark.parametrize(("role", "channel", "channels"), KINDS)
def test_nothing_forbidden_is_added(
    store: Store, calls: Collection, role: str | None, channel: str, channels: int
) -> None:
    policy = forbid(store, calls, "agent")
    new = recording("a", channel=channel, role=role, quality=replace(QUALITY, channels=channels))
    if not refused(policy, role, channel, channels):
        with store.write() as unit:
            unit.recordings.add(calls, new, PROVENANCE)
        return
    with pytest.raises(RefusedError), store.write() as unit:
        unit.recordings.add(calls, new, PROVENANCE)
    with store.read() as unit:
        assert unit.utterances.count(calls) == 0


def test_no_details_make_a_stored_recording_forbidden(store: Store, calls: Collection) -> None:
    forbid(store, calls, "agent")
    with store.write() as unit:
        stored = unit.recordings.add(calls, recording("a", channel="left", role="customer"), PROVENANCE)
        for role in ("agent", None):
            with pytest.raises(RefusedError):
                unit.recordings.update_details(stored, Details(role=role, customer="c1"))
        assert unit.recordings.update_details(stored, Details(role="other", customer="c1"))


def test_no_generation_gets_utterances_of_a_forbidden_recording(store: Store, calls: Collection) -> None:
    """A role that is forbidden while a re-encoding is under way, by whatever hand, stops it."""
    with store.write() as unit:
        agent = unit.recordings.add(calls, recording("a", channel="left", role="agent"), PROVENANCE)
        customer = unit.recordings.add(calls, recording("a", channel="right", role="customer"), PROVENANCE)
    forbid(store, calls, "agent")
    with store.write() as unit:
        with pytest.raises(RefusedError):
            unit.utterances.add(calls, agent, [utterance(1)], PROVENANCE)
        assert unit.utterances.add(calls, customer, [utterance(1)], PROVENANCE)


def test_the_last_refusal_of_a_recording_is_kept(store: Store, calls: Collection) -> None:
    first, second = refusal("file:///a.wav", role=None, customer="c1"), refusal("file:///a.wav", channel="right")
    with store.write() as unit:
        unit.refusals.record(calls.collection_id, first)
        unit.refusals.record(calls.collection_id, second)
        later = replace(first, role="agent", reason="its role is agent", mixed=True)
        unit.refusals.record(calls.collection_id, later)
        assert unit.refusals.of(calls.collection_id, ["file:///a.wav", "file:///b.wav"]) == {
            ("file:///a.wav", "left"): later,
            ("file:///a.wav", "right"): second,
        }
        assert unit.refusals.count(calls.collection_id) == 2
        unit.refusals.clear(calls.collection_id, "file:///a.wav", "right")
        assert unit.collections.summary(calls).refusals == 1
        assert unit.refusals.clear_customer(calls.collection_id, "c2") == 0
        assert unit.refusals.clear_customer(calls.collection_id, "c1") == 1
        assert unit.refusals.count(calls.collection_id) == 0


def test_refusals_come_in_pages_newest_first(store: Store, calls: Collection) -> None:
    with store.write() as unit:
        for number in range(5):
            unit.refusals.record(calls.collection_id, refusal(f"file:///{number}.wav"))
        found: list[Refusal] = []
        cursor = None
        while True:
            page = unit.refusals.page(calls.collection_id, cursor, 2)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    assert [one.source.uri for one in found] == [f"file:///{number}.wav" for number in (4, 3, 2, 1, 0)]


def test_a_displaced_recording_leaves_the_work_on_its_uris(store: Store, calls: Collection) -> None:
    """An upload's own job goes on, although it replaces what an earlier upload of the same bytes stored."""
    uri = "file:///calls/a.wav"
    with store.write() as unit:
        job = unit.jobs.create(calls.collection_id, "upload")
        unit.items.add(job, [(uri, {})])
        mix = unit.recordings.add(calls, recording("a", blob_key="aa/1"), PROVENANCE)
        left = unit.recordings.add(calls, recording("a", channel="left", blob_key="aa/1"), PROVENANCE)
        assert [one.recording_id for one in unit.recordings.by_bytes(calls.collection_id, recording("a").sha256)] == [
            mix,
            left,
        ]
        assert unit.recordings.displace(calls, [mix]) == ()
        assert [item.uri for item in unit.items.of_job(job)] == [uri]
        assert unit.recordings.displace(calls, [left]) == ("aa/1",)
        with pytest.raises(NotFoundError):
            unit.recordings.get(calls.collection_id, left)
    with store.read() as unit:
        assert list(unit.integrity.problems(calls)) == []
