from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from emovec_db.domain.query import Filter
from emovec_db.emotions import LABELS
from emovec_db.errors import EmovecError, QueryError, SchemaOutdatedError, SettingsError
from emovec_db.store.engine import Engines, parse_url
from emovec_db.store.schema import HEAD_REVISION, migrate
from emovec_db.store.store import Store
from emovec_db.store.tables import SCORE_COLUMNS, Base
from tests.stored import IDENTITY, PROVENANCE, RECIPE, emotion_map, recording, taught_map


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engines = Engines.at(parse_url(url))
    try:
        with engines.plain.begin() as connection:
            yield connection
    finally:
        engines.plain.dispose()


def tables_in(url: str) -> set[str]:
    with connected(url) as connection:
        return set(inspect(connection).get_table_names())


def test_the_constant_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("emovec_db.migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD_REVISION]


def test_one_score_column_per_label() -> None:
    for table in ("summaries", "predictions"):
        columns = [each.name for each in Base.metadata.tables[table].columns if each.name.startswith("score_")]
        assert columns == list(SCORE_COLUMNS) == [f"score_{label}" for label in LABELS]


def test_migrations_give_exactly_the_tables(empty_url: str) -> None:
    assert migrate(empty_url) == (None, HEAD_REVISION)
    # identity columns are unknown to SQLite, and would look like a missing default
    options = {"compare_server_default": empty_url.startswith("postgresql")}
    with connected(empty_url) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []


def test_up_down_and_up_again(empty_url: str) -> None:
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
    store.close()
    assert migrate(empty_url, "base") == (HEAD_REVISION, "base")
    assert tables_in(empty_url) == {"alembic_version"}
    assert migrate(empty_url) == (None, HEAD_REVISION)
    assert migrate(empty_url) == (HEAD_REVISION, HEAD_REVISION)
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
        assert len(unit.utterances.ids(calls, Filter(customer="c"))) == 1
    store.close()


def test_a_database_from_before_cleaning_keeps_its_recordings(empty_url: str) -> None:
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
    store.close()
    migrate(empty_url, "0001")
    with connected(empty_url) as connection:
        assert "cleaning" not in {column["name"] for column in inspect(connection).get_columns("generations")}
    assert migrate(empty_url) == ("0001", HEAD_REVISION)
    store = Store.open(empty_url)
    with store.read() as unit:
        assert unit.collections.get("calls") == calls
        assert calls.generation.recipe.cleaning == ()
        assert len(unit.utterances.ids(calls, Filter(customer="c"))) == 1
    store.close()


def test_a_database_from_before_suppressions_keeps_what_it_holds(empty_url: str) -> None:
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        added = unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
        before = unit.recordings.get(calls.collection_id, added), unit.utterances.of_recording(calls, added)
    store.close()
    assert migrate(empty_url, "0002") == (HEAD_REVISION, "0002")
    assert "suppressions" not in tables_in(empty_url)
    assert migrate(empty_url) == ("0002", HEAD_REVISION)
    store = Store.open(empty_url)
    with store.read() as unit:
        assert before == (
            unit.recordings.get(calls.collection_id, added),
            unit.utterances.of_recording(calls, added),
        )
        assert unit.suppressions.newest(calls.collection_id) == 0
    store.close()


def test_what_was_stored_before_voices_were_told_apart_stays(empty_url: str) -> None:
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        recording_id = unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
        before = unit.recordings.get(calls.collection_id, recording_id)
        utterances = unit.utterances.of_recording(calls, recording_id)
    store.close()
    assert migrate(empty_url, "0003") == (HEAD_REVISION, "0003")
    assert migrate(empty_url) == ("0003", HEAD_REVISION)
    store = Store.open(empty_url)
    with store.read() as unit:
        assert unit.collections.get("calls").generation.recipe == RECIPE
        assert unit.recordings.get(calls.collection_id, recording_id) == before
        assert unit.utterances.of_recording(calls, recording_id) == utterances
    assert (before.left_out.fragments_s, before.left_out.overlaps, utterances[0].voice) == (0, (), None)
    store.close()


def test_a_generation_that_was_served_from_is_known_to_have_been(empty_url: str) -> None:
    """From 0004, which had one generation per collection, and back."""
    store = Store.open(empty_url)
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
    store.close()
    migrate(empty_url, "0004")
    assert migrate(empty_url) == ("0004", HEAD_REVISION)
    store = Store.open(empty_url)
    with store.read() as unit:
        (only,) = unit.generations.summaries(calls.collection_id)
        assert unit.collections.get("calls") == calls
        assert len(unit.utterances.ids(calls, Filter(customer="c"))) == 1
    store.close()
    assert (only.generation, only.activated_at) == (calls.generation, only.created_at)


@pytest.mark.parametrize("taught", [False, True])
def test_a_fit_outlives_its_annotations_if_it_learned_nothing_from_them(empty_url: str, taught: bool) -> None:
    """To 0008, which knows no annotations, and back."""
    store, map_ = Store.open(empty_url), (taught_map if taught else emotion_map)("customer:c")
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        recording_id = unit.recordings.add(calls, recording("a", customer="c"), PROVENANCE)
        unit.annotations.put({recording_id: "sad"})
        version = unit.fitted_spaces.draw_version(calls)
        unit.fitted_spaces.replace(calls, version, map_, utterances=1, annotated=1, seq=1)
    store.close()
    migrate(empty_url, "0008")
    assert "annotations" not in tables_in(empty_url)
    assert migrate(empty_url) == ("0008", HEAD_REVISION)
    store = Store.open(empty_url)
    with store.write() as unit:
        fitted = unit.fitted_spaces.find(calls)
        assert (fitted is None) == taught
        assert unit.fitted_spaces.knows_people(calls) != taught
        assert unit.fitted_spaces.draw_version(calls) == 2
        assert not len(unit.annotations.of_utterances(calls)[0])
    store.close()


def test_an_older_database_is_not_upgraded_silently(empty_url: str) -> None:
    migrate(empty_url)
    with connected(empty_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(SchemaOutdatedError, match=f"revision 0000, {HEAD_REVISION} is expected: run `emovec migrate`"):
        Store.open(empty_url)


def test_a_newer_database_is_refused(empty_url: str) -> None:
    migrate(empty_url)
    with connected(empty_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (Store.open, migrate):
        with pytest.raises(SchemaOutdatedError, match=rf"revision 9999.*{HEAD_REVISION} is its newest"):
            attempt(empty_url)


def test_a_database_of_something_else_is_left_alone(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        Path(parse_url(empty_url).database or "").parent.mkdir()
    with connected(empty_url) as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))
    with pytest.raises(SchemaOutdatedError, match="holds tables that emovec-db did not make"):
        Store.open(empty_url)
    assert tables_in(empty_url) == {"recipes"}


def test_an_unknown_revision_is_refused(empty_url: str) -> None:
    with pytest.raises(QueryError, match="no schema revision 'head2': expected head, base or one of 0001, "):
        migrate(empty_url, "head2")
    assert tables_in(empty_url) == set()


def open_and_add(url: str, name: str) -> None:
    store = Store.open(url)
    with store.write() as unit:
        unit.collections.create(name, IDENTITY, RECIPE)
    store.close()


def test_two_processes_may_start_on_an_empty_database_at_once(empty_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=open_and_add, args=(empty_url, f"c{number}")) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    store = Store.open(empty_url)
    with store.read() as unit:
        assert [each.collection.name for each in unit.collections.summaries()] == ["c0", "c1", "c2"]
    store.close()


def test_sqlite_is_set_up_for_concurrency_and_deletion(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'emovec.db'}")
    with connected(store.url) as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "page_size", "secure_delete", "foreign_keys", "busy_timeout")
        }
    store.close()
    assert settings == {
        "journal_mode": "wal",
        "page_size": 32768,
        "secure_delete": 1,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
    assert sorted(file.name for file in tmp_path.iterdir()) == ["emovec.db"], "no lock file, no log stays"


def test_files_that_are_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, " * 99)
    with pytest.raises(EmovecError, match=r"notes.txt failed: file is not a database"):
        Store.open(f"sqlite:///{file}")
    with pytest.raises(SettingsError, match=r"the database's folder .*notes.txt can't be made"):
        Store.open(f"sqlite:///{file}/emovec.db")


def test_a_migration_that_would_break_references_is_undone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'emovec.db'}"
    migrate(url)
    raw = sqlite3.connect(tmp_path / "emovec.db")
    raw.execute("INSERT INTO embeddings VALUES (7, x'00')")
    raw.commit()
    raw.close()
    with pytest.raises(EmovecError, match="1 rows without what they refer to: undone"):
        migrate(url)
