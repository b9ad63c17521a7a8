"""Many share the lock, or one holds it alone."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager

import pytest

from emovec_db.services.indexes.shared_lock import SharedLock


def entered(context: AbstractContextManager[None]) -> tuple[threading.Thread, threading.Event, threading.Event]:
    """A thread that goes in: itself, when it is in, and what lets it out again."""
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with context:
            inside.set()
            assert leave.wait(timeout=30)

    thread = threading.Thread(target=stay)
    thread.start()
    return thread, inside, leave


def test_many_share_it() -> None:
    lock = SharedLock()
    with lock.shared():
        thread, inside, leave = entered(lock.shared())
        assert inside.wait(timeout=30)
        leave.set()
        thread.join()


@pytest.mark.parametrize(("held", "wanted"), [("alone", "shared"), ("alone", "alone"), ("shared", "alone")])
def test_one_holds_it_alone(held: str, wanted: str) -> None:
    lock = SharedLock()
    with getattr(lock, held)():
        thread, inside, leave = entered(getattr(lock, wanted)())
        assert not inside.wait(timeout=0.05)
    assert inside.wait(timeout=30)
    leave.set()
    thread.join()


def test_whoever_wants_it_alone_goes_before_new_sharers() -> None:
    lock = SharedLock()
    order: list[str] = []

    def alone() -> None:
        with lock.alone():
            order.append("alone")

    def shared() -> None:
        with lock.shared():
            order.append("shared")

    with lock.shared():
        waiting = threading.Thread(target=alone)
        waiting.start()
        while not lock._wanting_alone:
            pass
        sharer = threading.Thread(target=shared)
        sharer.start()
        sharer.join(timeout=0.05)
    waiting.join()
    sharer.join()
    assert order == ["alone", "shared"]


def test_an_error_inside_lets_go() -> None:
    lock = SharedLock()
    for way in (lock.shared, lock.alone):
        with pytest.raises(KeyError), way():
            raise KeyError
    with lock.alone():
        pass
