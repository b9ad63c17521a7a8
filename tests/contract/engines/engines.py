"""The engines that search, and how to look into each from outside and do it harm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

import emovec_db
from emovec_db.database import Database
from emovec_db.domain.collection import Collection
from emovec_db.index.protocol import VectorIndex
from emovec_db.services.indexes.live import LiveIndexes
from emovec_db.services.indexes.milvus_names import MilvusName
from emovec_db.spaces.protocol import Space
from emovec_db.store.schema import migrate
from emovec_db.store.vector_tables import vectors_table
from tests.contract.engines.made_up import DIM
from tests.servers import PostgresServer


class Engine(ABC):
    """One engine over one database."""

    @abstractmethod
    def open(self) -> Database: ...

    @abstractmethod
    def held(self, collection: Collection, space: Space) -> set[int]:
        """Ids of the utterances that it holds, by its own word."""

    @abstractmethod
    def lose(self, collection: Collection, space: Space) -> None:
        """Take away all that it holds."""

    @abstractmethod
    def spoil(self, collection: Collection, space: Space, utterance_id: int) -> None:
        """Replace a vector by another one."""

    @abstractmethod
    def drop(self, collection: Collection, space: Space, utterance_id: int) -> None:
        """Take away one vector."""


@dataclass
class Faiss(Engine):
    folder: Path
    url: str | None = None
    opened: list[Database] = field(default_factory=list)

    def open(self) -> Database:
        self.opened.append(emovec_db.open(self.folder, database_url=self.url, encoder="fake", index_url="faiss:"))
        return self.opened[-1]

    def _indexes(self, collection: Collection, space: Space) -> list[VectorIndex]:
        live = [database._parts.indexes for database in self.opened]
        found = [each.of(collection, space)._index for each in live if isinstance(each, LiveIndexes)]
        return [each.index for each in found if each is not None]

    def held(self, collection: Collection, space: Space) -> set[int]:
        # its memory follows the log when it is asked
        with self.opened[0]._parts.indexes.level(collection, space):
            pass
        return {int(one) for index in self._indexes(collection, space)[:1] for one in index.ids()}

    def lose(self, collection: Collection, space: Space) -> None:
        for index in self._indexes(collection, space):
            index.remove(index.ids())

    def spoil(self, collection: Collection, space: Space, utterance_id: int) -> None:
        for index in self._indexes(collection, space):
            index.add(np.array([utterance_id]), -_vector(self.opened[0], collection, space, utterance_id)[None])

    def drop(self, collection: Collection, space: Space, utterance_id: int) -> None:
        for index in self._indexes(collection, space):
            index.remove(np.array([utterance_id]))


@dataclass
class Pgvector(Engine):
    folder: Path
    url: str

    def open(self) -> Database:
        return emovec_db.open(self.folder, database_url=self.url, encoder="fake", index_url="pgvector:")

    def _execute(self, statement: str, space: Space, *values: Any) -> list[tuple[Any, ...]]:
        table = vectors_table(space.dim(DIM)).name
        chosen = "set_id IN (SELECT set_id FROM emovec_vector_sets WHERE space = %s AND version = %s)"
        with psycopg.connect(self.url) as connection:
            done = connection.execute(
                statement.format(table=table, chosen=chosen), (*values, space.name, space.version)
            )
            return done.fetchall() if done.description else []

    def held(self, collection: Collection, space: Space) -> set[int]:
        return {row[0] for row in self._execute("SELECT utterance_id FROM {table} WHERE {chosen}", space)}

    def lose(self, collection: Collection, space: Space) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(f"DROP TABLE {vectors_table(space.dim(DIM)).name}")

    def spoil(self, collection: Collection, space: Space, utterance_id: int) -> None:
        self._execute(
            "UPDATE {table} SET vector = array_fill(0.01::real, ARRAY[vector_dims(vector)])::vector "
            "WHERE utterance_id = %s AND {chosen}",
            space,
            utterance_id,
        )

    def drop(self, collection: Collection, space: Space, utterance_id: int) -> None:
        self._execute("DELETE FROM {table} WHERE utterance_id = %s AND {chosen}", space, utterance_id)


class PgvectorDatabases:
    """Databases of one server; each new one is a copy of one that has its tables."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._template = server.create_database()
        migrate(server.url(self._template))

    def new(self, folder: Path) -> Pgvector:
        name = f"engine_{next(_numbers)}"
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return Pgvector(folder, self._server.url(name))


_numbers = count(1)


def _vector(database: Database, collection: Collection, space: Space, utterance_id: int) -> Any:
    with database._parts.store.read() as unit:
        return space.project(unit.utterances.vectors(collection, [utterance_id]))[0]


@dataclass
class Milvus(Engine):
    folder: Path
    uri: str

    def open(self) -> Database:
        return emovec_db.open(self.folder, encoder="fake", index_url=f"milvus+{self.uri.replace('unix:', 'unix://')}")

    def _name(self, collection: Collection, space: Space) -> str:
        return str(MilvusName.of("emovec", collection, space))

    def held(self, collection: Collection, space: Space) -> set[int]:
        with closing(self._client()) as client:
            rows = client.query(
                self._name(collection, space),
                filter="utterance_id >= 0",
                output_fields=["utterance_id"],
                limit=16_384,
                consistency_level="Strong",
            )
        return {row["utterance_id"] for row in rows}

    def lose(self, collection: Collection, space: Space) -> None:
        with closing(self._client()) as client:
            client.drop_collection(self._name(collection, space))

    def spoil(self, collection: Collection, space: Space, utterance_id: int) -> None:
        name = self._name(collection, space)
        with closing(self._client()) as client:
            (row,) = client.query(name, ids=[utterance_id], output_fields=["*"], consistency_level="Strong")
            client.upsert(name, [{**row, "vector": [-each for each in row["vector"]]}])
            self._settle(client, name)

    def drop(self, collection: Collection, space: Space, utterance_id: int) -> None:
        name = self._name(collection, space)
        with closing(self._client()) as client:
            client.delete(name, ids=[utterance_id])
            self._settle(client, name)

    def _settle(self, client: Any, name: str) -> None:
        """What nobody tells emovec-db of shows in a while; waited for here."""
        client.query(name, ids=[1], consistency_level="Strong")

    def _client(self) -> Any:
        from pymilvus import MilvusClient

        return MilvusClient(self.uri)
