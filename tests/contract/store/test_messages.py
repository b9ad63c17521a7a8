"""Which items a broker is told of, and when again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from emovec_db.domain.collection import Collection
from emovec_db.domain.job import ARCHIVE_JOB, UPLOAD_JOB, ItemMessage
from emovec_db.store.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def queued(store: Store, calls: Collection, kind: str, *uris: str) -> list[int]:
    with store.write() as unit:
        job_id = unit.jobs.create(calls.collection_id, kind)
        return list(unit.items.add(job_id, [(uri, {}) for uri in uris]))


def unsent(store: Store, now: datetime = NOW, limit: int = 10, *, urgent: bool = False) -> list[ItemMessage]:
    with store.write() as unit:
        return list(unit.messages.take_unsent(now, limit, urgent=urgent))


def waiting(store: Store, *, urgent: bool = False) -> int:
    with store.read() as unit:
        return unit.messages.waiting(NOW, urgent=urgent)


def test_each_is_sent_once_and_uploads_are_told_apart(store: Store, calls: Collection) -> None:
    first, second, third = queued(store, calls, ARCHIVE_JOB, "a", "b", "c")
    (upload,) = queued(store, calls, UPLOAD_JOB, "u")
    assert unsent(store, limit=2) == [ItemMessage(first, urgent=False), ItemMessage(second, urgent=False)]
    assert unsent(store) == [ItemMessage(third, urgent=False)]
    assert unsent(store) == []
    assert unsent(store, urgent=True) == [ItemMessage(upload, urgent=True)]
    assert unsent(store, urgent=True) == []
    assert (waiting(store), waiting(store, urgent=True)) == (3, 1)


def test_one_in_hand_is_not_sent_and_one_let_go_is_sent_again(store: Store, calls: Collection) -> None:
    (item,) = queued(store, calls, ARCHIVE_JOB, "a")
    assert unsent(store) == [ItemMessage(item, urgent=False)]
    with store.write() as unit:
        assert unit.items.claim("w", 30, NOW, item_id=item) is not None
    assert waiting(store) == 0
    assert unsent(store) == []
    with store.write() as unit:
        unit.items.put_back(item, "w", NOW + MINUTE, 0)
    assert unsent(store) == [], "not before its time"
    assert unsent(store, NOW + 2 * MINUTE) == [ItemMessage(item, urgent=False)]


def test_one_whose_worker_fell_silent_is_sent_again(store: Store, calls: Collection) -> None:
    (item,) = queued(store, calls, ARCHIVE_JOB, "a")
    unsent(store)
    with store.write() as unit:
        unit.items.claim("w", 30, NOW, item_id=item)
    assert unsent(store, NOW + MINUTE) == [ItemMessage(item, urgent=False)]


def test_what_was_sent_long_ago_can_be_sent_again(store: Store, calls: Collection) -> None:
    early, late = queued(store, calls, ARCHIVE_JOB, "a", "b")
    (upload,) = queued(store, calls, UPLOAD_JOB, "u")
    unsent(store, NOW, limit=1)
    unsent(store, NOW, urgent=True)
    unsent(store, NOW + MINUTE)
    with store.write() as unit:
        assert unit.messages.forget_sent(NOW + MINUTE / 2, urgent=False) == 1
    assert unsent(store, NOW + 2 * MINUTE) == [ItemMessage(early, urgent=False)]
    assert unsent(store, NOW + 2 * MINUTE, urgent=True) == []
    with store.write() as unit:
        assert unit.messages.forget_sent(NOW + MINUTE / 2, urgent=True) == 1
    assert unsent(store, NOW + 2 * MINUTE, urgent=True) == [ItemMessage(upload, urgent=True)]
    assert late != early
