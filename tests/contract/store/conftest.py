"""One suite for SQLite and PostgreSQL: every test gets an empty database of each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from emovec_db.domain.collection import Collection
from emovec_db.store.engine import Engines, parse_url
from emovec_db.store.schema import migrate
from emovec_db.store.store import Store
from emovec_db.store.tables import Base
from tests.servers import PostgresServer
from tests.stored import IDENTITY, RECIPE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_database(postgres: PostgresServer) -> str:
    url = postgres.url(postgres.create_database())
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        file = tmp_path / "emovec.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("postgres_database")
    _empty(url)
    return url


def _empty(url: str) -> None:
    engines = Engines.at(parse_url(url))
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engines.write.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    engines.plain.dispose()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def calls(store: Store) -> Collection:
    with store.write() as unit:
        return unit.collections.create("calls", IDENTITY, RECIPE)
