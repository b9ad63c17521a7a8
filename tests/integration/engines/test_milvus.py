"""Milvus beyond what every engine does: a server that is away, others beside, and what it holds of names."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import emovec_db
from emovec_db.database import Database
from emovec_db.errors import MissingPartError, SettingsError, UnavailableError
from emovec_db.index.milvus import server as milvus_server
from emovec_db.services.indexes.milvus_names import MilvusName
from emovec_db.spaces.registry import space_named
from tests.contract.engines.made_up import NAME, add, fill, queries
from tests.milvus_inside import copy
from tests.milvus_servers import MilvusServer

EMBEDDING = space_named("embedding")


def opened(folder: Path, socket_file: Path | str, **more: str) -> Database:
    asked = "&".join(f"{name}={value}" for name, value in more.items())
    return emovec_db.open(folder, encoder="fake", index_url=f"milvus+unix://{socket_file}{'?' if asked else ''}{asked}")


def ids_near(database: Database, k: int = 5, **chosen: Any) -> list[int]:
    matches = database.collection(NAME).similar_to_vector(queries()[0], k=k, **chosen)
    return [match.utterance.utterance_id for match in matches]


@contextmanager
def reached_by(socket_file: Path, server: MilvusServer) -> Iterator[None]:
    """Another way to the server, which goes away in the end."""
    ends: list[socket.socket] = []

    def forward(listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(server.uri.removeprefix("unix:"))
            ends.extend((client, behind))
            for source, sink in ((client, behind), (behind, client)):
                Thread(target=copy, args=(source, sink), daemon=True).start()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_file))
        listening.listen()
        thread = Thread(target=forward, args=(listening,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            socket_file.unlink()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for end in ends:
                with closing(end), suppress(OSError):  # the other side hung up
                    end.shutdown(socket.SHUT_RDWR)


def test_a_server_that_is_away_is_told_and_found_again(
    milvus: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus_server, "TIMEOUT_S", 2.0)
    way = tmp_path / "milvus.sock"
    with opened(tmp_path / "data", way) as database:
        calls = fill(database, 20)  # storing needs no server
        with pytest.raises(UnavailableError, match=r"Milvus at unix:.* is away .*see whether it runs") as told:
            ids_near(database)
        assert told.value.http_status == 503
        with reached_by(way, milvus):
            before = ids_near(database)
            assert len(before) == 5
        with pytest.raises(UnavailableError):
            ids_near(database)
        with pytest.raises(UnavailableError):
            database.collection(NAME).delete(before[0])
        assert database.collection(NAME).summary().utterances == 19
        with database._parts.store.write() as unit:
            added = add(unit, calls, 500, queries()[0])
        with reached_by(way, milvus):
            assert ids_near(database) == [added, *before[1:5]]


def test_what_is_lost_there_comes_again_with_the_next_search(milvus: MilvusServer, tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    with opened(tmp_path, milvus.uri.removeprefix("unix:")) as database:
        calls = fill(database, 20)
        before = ids_near(database)
        with closing(MilvusClient(milvus.uri)) as client:
            client.drop_collection(str(MilvusName.of("emovec", calls, EMBEDDING)))
        assert ids_near(database) == before


def test_an_older_database_is_followed_anew(milvus: MilvusServer, tmp_path: Path) -> None:
    file = tmp_path / "emovec.db"
    with opened(tmp_path, milvus.uri.removeprefix("unix:")) as database:
        calls = fill(database, 20)
        database._parts.store.compact()
        database.close()
        old = file.read_bytes()
        with database._parts.store.write() as unit:
            added = add(unit, calls, 500, queries()[0])
        assert added in ids_near(database)
        database._parts.store.compact()
        database.close()
        for beside in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            beside.unlink(missing_ok=True)
        file.write_bytes(old)
        assert len(ids_near(database, 100)) == 20


def test_deployments_keep_apart(milvus: MilvusServer, tmp_path: Path) -> None:
    socket_file = milvus.uri.removeprefix("unix:")
    with opened(tmp_path / "a", socket_file) as first, opened(tmp_path / "b", socket_file, prefix="other") as second:
        fill(first, 10)
        fill(second, 20)
        assert (len(ids_near(first, 100)), len(ids_near(second, 100))) == (10, 20)
        second.collection(NAME).delete_customer("c1")
        assert (len(ids_near(first, 100)), len(ids_near(second, 100))) == (10, 17)


def test_no_name_leaves_the_database(milvus: MilvusServer, tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    with opened(tmp_path, milvus.uri.removeprefix("unix:")) as database:
        calls = fill(database, 8)
        ids_near(database)
        with closing(MilvusClient(milvus.uri)) as client:
            name = str(MilvusName.of("emovec", calls, EMBEDDING))
            rows = client.query(
                name, filter="utterance_id > 0", output_fields=["*"], limit=10, consistency_level="Strong"
            )
    assert len(rows) == 8
    for row in rows:
        assert {type(value) for field, value in row.items() if field != "vector"} == {int, float}


def test_a_client_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(MissingPartError, match=r"run pip install 'emovec-db\[milvus\]'"):
        emovec_db.open(tmp_path, index_url="milvus://localhost")


def test_opening_asks_no_server_and_shows_no_secret(tmp_path: Path) -> None:
    with emovec_db.open(tmp_path, index_url="milvus://me:secret@127.0.0.1:1") as database:
        assert "secret" not in repr(database.settings)
        fill(database, 3)
        with pytest.raises(UnavailableError, match=r"Milvus at http://127.0.0.1:1 is away") as told:
            ids_near(database)
        assert "secret" not in str(told.value)
    with pytest.raises(SettingsError, match="can't be read"):
        emovec_db.open(tmp_path, index_url="milvus://me:secret@host:port")
