"""One suite for every engine that searches: each test gets an empty database and what the engine holds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from emovec_db.database import Database
from tests.contract.engines.engines import Engine, Faiss, Milvus, PgvectorDatabases
from tests.contract.engines.made_up import fill
from tests.milvus_servers import MilvusServer
from tests.servers import PostgresServer

Begin = Callable[[Path], Engine]


@pytest.fixture(scope="session")
def pgvector_databases(pgvector: PostgresServer) -> PgvectorDatabases:
    return PgvectorDatabases(pgvector)


@pytest.fixture(scope="module", params=["faiss", "pgvector", "milvus"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """An engine over a new database, and a folder for what it keeps."""
    if request.param == "faiss":
        return Faiss
    if request.param == "milvus":
        server: MilvusServer = request.getfixturevalue("milvus")
        return partial(Milvus, uri=server.uri)
    databases: PgvectorDatabases = request.getfixturevalue("pgvector_databases")
    return databases.new


@pytest.fixture
def engine(begin: Begin, tmp_path: Path) -> Engine:
    return begin(tmp_path / "data")


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    with engine.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(begin: Begin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database that tests share and leave as it is."""
    with begin(tmp_path_factory.mktemp("filled") / "data").open() as opened:
        fill(opened)
        yield opened
