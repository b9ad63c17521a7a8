"""Servers that are away for long are not waited for by each recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from emovec_db.errors import UnreachableError, UnreadableError
from emovec_db.sources.remote.address import Address, address_of
from emovec_db.sources.remote.fetching import Patience, Remote
from emovec_db.sources.remote.outages import OUTAGE_S, PROBE_S, Outages


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Network:
    """What is tried, and what comes of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.remote = Remote(Path("nowhere"), Patience(pauses_s=()), Outages(self.clock))
        self.error: Exception | None = ConnectionResetError()
        self.tries = 0

    def ask(self, address: Address) -> str:
        def attempt() -> str:
            self.tries += 1
            if self.error is not None:
                raise self.error
            return "answer"

        return self.remote.patiently(address, attempt)

    def fails(self, address: Address) -> None:
        with pytest.raises(UnreachableError):
            self.ask(address)


A, SAME, OTHER = map(address_of, ("https://a/1.wav", "https://a/2.wav", "https://b/1.wav"))


def test_after_a_minute_a_server_is_only_probed() -> None:
    network = Network()
    for second in range(int(OUTAGE_S)):
        network.clock.now_s = second
        network.fails(A)
    assert network.tries == OUTAGE_S
    network.clock.now_s = OUTAGE_S
    for _ in range(100):
        network.fails(SAME)
    assert network.tries == OUTAGE_S
    network.clock.now_s += PROBE_S
    for _ in range(100):
        network.fails(SAME)
    assert network.tries == OUTAGE_S + 1


def test_any_answer_ends_an_outage() -> None:
    for answer in (None, FileNotFoundError()):
        network = Network()
        network.fails(A)
        network.clock.now_s = OUTAGE_S + PROBE_S
        network.error = answer
        if answer is None:
            assert network.ask(SAME) == "answer"
        else:
            with pytest.raises(UnreadableError):
                network.ask(SAME)
        network.error = ConnectionResetError()
        before = network.tries
        network.fails(A)
        network.fails(SAME)
        assert network.tries == before + 2


def test_a_server_has_its_own_outages_and_object_storage_one() -> None:
    network = Network()
    network.fails(A)
    network.clock.now_s = OUTAGE_S + 1
    network.fails(OTHER)
    assert network.tries == 2
    assert address_of("s3://a/1.wav").server == address_of("s3://b/2.wav").server != A.server
