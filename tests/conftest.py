"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.brokers import RedisServer, redis_program, redis_server
from tests.milvus_servers import MilvusServer, may_leave_the_network, milvus_is_installed, milvus_server
from tests.servers import PostgresServer, pgvector_programs, postgres_programs, postgres_server

# what runs several tests at a time tells each its terminal's width; commands in tests write into pipes
os.environ.pop("COLUMNS", None)
# threads that wait for each other by spinning take the cores from the tests that run beside them
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# the many commands that tests start would each compile the whole package anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# how long an example takes says more of the machine than of the code
settings.register_profile("emovec", deadline=None)
settings.load_profile("emovec")

ROOT = Path(__file__).resolve().parent.parent


def require(condition: object, reason: str) -> None:
    """Skip at home where a part is missing; in CI everything must be there."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing in CI: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings; third-party, so beside the project, never in it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real recordings are absent: no ../shared/data beside the project")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A throw-away PostgreSQL server for the whole run."""
    programs = postgres_programs()
    if programs is None:
        require(False, "no PostgreSQL: `apt install postgresql` or `pip install pgserver`")
    else:
        with postgres_server(programs) as server:
            yield server


@pytest.fixture(scope="session")
def pgvector() -> Iterator[PostgresServer]:
    """A throw-away PostgreSQL server that has the extension `vector`."""
    programs = pgvector_programs()
    if programs is None:
        require(False, "no PostgreSQL with pgvector: `pip install pgserver`")
    else:
        with postgres_server(programs) as server:
            yield server


@pytest.fixture(scope="session")
def milvus() -> Iterator[MilvusServer]:
    """A throw-away Milvus server."""
    require(milvus_is_installed(), "no Milvus: `pip install milvus==2.3.5 pymilvus`")
    if not may_leave_the_network():
        pytest.skip("Milvus listens everywhere, and no network namespace to keep it in may be made here")
    with milvus_server() as server:
        yield server


@pytest.fixture
def broker() -> Iterator[RedisServer]:
    """A throw-away Redis server."""
    program = redis_program()
    if program is None:
        require(False, "no Redis: `apt install redis-server`")
    else:
        with redis_server(program) as server:
            yield server
