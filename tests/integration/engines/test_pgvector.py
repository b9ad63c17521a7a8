"""pgvector beyond what every engine does: its indexes, what it needs, and that its tables never stand in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import emovec_db
from emovec_db.database import Database
from emovec_db.domain.query import Filter
from emovec_db.errors import MissingPartError, SettingsError
from emovec_db.services.indexes import pgvector as pgvector_indexes
from emovec_db.spaces.registry import space_named
from emovec_db.store import vector_search
from emovec_db.store.schema import migrate
from emovec_db.store.vector_indexing import _indexed
from emovec_db.store.vector_tables import VectorTables
from tests.conftest import require
from tests.contract.engines.made_up import COUNT, FILTERS, NAME, exactly, fill, queries
from tests.servers import PostgresServer, pgvector_programs, postgres_programs

EMBEDDING = space_named("embedding")


@pytest.fixture
def url(pgvector: PostgresServer) -> str:
    return pgvector.url(pgvector.create_database())


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(tmp_path, database_url=url, encoder="fake", index_url="pgvector:") as opened:
        yield opened


def indexes(url: str) -> dict[str, int]:
    """Names of the indexes of sets, and how often each was searched."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_sleep(0.1)")
        found = connection.execute(
            "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE indexrelname LIKE 'emovec_vectors_%_of_%'"
        )
        return dict(found.fetchall())


def test_a_large_set_has_an_index_and_loses_nothing_by_filters(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgvector_indexes, "INDEX_MIN", 300)
    monkeypatch.setattr(vector_search, "EXACT_MAX", 20)
    monkeypatch.setattr(vector_search, "MAX_WIDTH", 150)
    calls = fill(database)
    found, right = 0, 0
    for chosen in FILTERS.values():
        for query in queries(5):
            with database._parts.indexes.level(calls, EMBEDDING) as level:
                ids = level.nearest(query[None], 10, Filter(**chosen)).ids[0]
            nearest, _ = exactly(database, calls, EMBEDDING, query, 10, **chosen)
            assert (ids >= 0).sum() == len(nearest), chosen
            right, found = right + len(nearest), found + len(set(ids.tolist()) & set(nearest))
    assert found >= 0.98 * right
    state = database.collection(NAME).spaces.indexes()["embedding"]
    assert state is not None
    assert (state.kind, state.size) == ("hnsw", COUNT)
    assert state.recall > 0.9
    assert list(indexes(url)) == ["emovec_vectors_24_of_1"]
    assert database.collection(NAME).check().consistent
    assert database.collection(NAME).reindex() == COUNT
    assert len(indexes(url)) == 3
    database._parts.indexes.remove_generation(calls)
    assert indexes(url) == {}


def test_an_index_whose_making_was_interrupted_is_made_again(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fill(database, 30)
    database._parts.indexes.rebuild(calls, EMBEDDING)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE INDEX emovec_vectors_24_of_1 ON emovec_vectors_24 (set_id)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'emovec_vectors_24_of_1'::regclass"
        )
    monkeypatch.setattr(pgvector_indexes, "INDEX_MIN", 20)
    assert state_kind(database) == "exact"
    database._parts.indexes.prepare_space(calls, EMBEDDING)
    assert state_kind(database) == "hnsw"


def state_kind(database: Database) -> str | None:
    state = database.collection(NAME).spaces.indexes()["embedding"]
    return None if state is None else state.kind


def test_vectors_go_in_the_transaction_that_deletes_their_utterances(database: Database, url: str) -> None:
    calls = fill(database, 10)
    database._parts.indexes.rebuild(calls, EMBEDDING)
    with database._parts.store.write() as unit:
        unit.collections.lock(calls.collection_id)
        unit.recordings.delete(calls, [3])
    with psycopg.connect(url) as connection:
        ids = [row[0] for row in connection.execute("SELECT utterance_id FROM emovec_vectors_24 ORDER BY 1")]
    assert ids == [1, 2, 4, 5, 6, 7, 8, 9, 10]


def test_long_vectors_are_indexed_in_half_precision_where_pgvector_can() -> None:
    assert _indexed(24, (0, 8, 0)) == "vector vector_ip_ops"
    assert _indexed(1024, (0, 8, 0)) == "(CAST(vector AS halfvec(1024))) halfvec_ip_ops"
    assert _indexed(1024, (0, 6, 2)) == "vector vector_ip_ops"
    assert _indexed(3000, (0, 8, 0)) == "(CAST(vector AS halfvec(3000))) halfvec_ip_ops"
    assert _indexed(3000, (0, 6, 2)) is None


def test_migrating_down_takes_its_tables_along(database: Database, url: str) -> None:
    calls = fill(database, 10)
    database._parts.indexes.rebuild(calls, EMBEDDING)
    database.close()
    assert migrate(url, "base")[1] == "base"
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert [name for (name,) in names] == ["alembic_version"]


def test_sqlite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the database is SQLite: set EMOVEC_DATABASE_URL to postgresql://"):
        emovec_db.open(tmp_path, index_url="pgvector:")


def test_a_server_without_the_extension_is_refused(postgres: PostgresServer, tmp_path: Path) -> None:
    require(postgres_programs() != pgvector_programs(), "every PostgreSQL here has pgvector")
    url = postgres.url(postgres.create_database())
    with pytest.raises(MissingPartError, match="has no extension vector: install it there"):
        emovec_db.open(tmp_path, database_url=url, index_url="pgvector:")


def test_an_extension_that_is_too_old_is_refused(
    pgvector: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VectorTables, "version", lambda _tables: (0, 4, 4))
    with pytest.raises(MissingPartError, match=r"vector is 0\.4\.4: expected 0\.5 or later"):
        emovec_db.open(tmp_path, database_url=pgvector.url(pgvector.create_database()), index_url="pgvector:")


def test_a_user_who_may_not_add_the_extension_is_told(pgvector: PostgresServer, tmp_path: Path) -> None:
    name = pgvector.create_database()
    url = pgvector.url(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS plain")
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("GRANT ALL ON SCHEMA public TO plain")
    theirs = url.replace("postgres@", "plain@")
    with pytest.raises(MissingPartError, match="have its administrator run CREATE EXTENSION vector"):
        emovec_db.open(tmp_path, database_url=theirs, index_url="pgvector:")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    with emovec_db.open(tmp_path, database_url=theirs, encoder="fake", index_url="pgvector:") as database:
        fill(database, 5)
        assert len(database.collection(NAME).similar_to_vector(queries()[0])) == 5


def test_other_words_name_no_engine(tmp_path: Path) -> None:
    def refused(url: str) -> Any:
        with pytest.raises(SettingsError) as caught:
            emovec_db.open(tmp_path, index_url=url)
        return str(caught.value)

    assert "EMOVEC_INDEX_URL is qdrant:…: expected faiss:" in refused("qdrant://user:secret@host")
    assert "EMOVEC_INDEX_URL is pgvector:…" in refused("pgvector:postgresql://user:secret@host/x")
    assert "EMOVEC_INDEX_URL is faiss: expected" in refused("faiss")
