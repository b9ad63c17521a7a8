"""The database: transactions, and the repositories within one."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection

from emovec_db.store.annotations import Annotations
from emovec_db.store.changes import Changes
from emovec_db.store.clusterings import Clusterings
from emovec_db.store.collections import Collections
from emovec_db.store.customers import Customers
from emovec_db.store.engine import Engines, is_sqlite, parse_url, shown
from emovec_db.store.facets import Facets
from emovec_db.store.failures import Failures
from emovec_db.store.generations import Generations
from emovec_db.store.integrity import Integrity
from emovec_db.store.job_items import JobItems
from emovec_db.store.jobs import Jobs
from emovec_db.store.messages import Messages
from emovec_db.store.policies import Policies
from emovec_db.store.recordings import Recordings
from emovec_db.store.refusals import Refusals
from emovec_db.store.schema import ensure_schema, make_parent
from emovec_db.store.spaces import FittedSpaces
from emovec_db.store.summaries import Summaries
from emovec_db.store.suppressions import Suppressions
from emovec_db.store.tracks import Tracks
from emovec_db.store.translation import translated
from emovec_db.store.utterances import Utterances
from emovec_db.store.vector_indexing import VectorIndexing
from emovec_db.store.vector_search import VectorSearch
from emovec_db.store.vector_sets import VectorSets
from emovec_db.store.vector_tables import VectorTables
from emovec_db.store.waveforms import Waveforms


class Unit:
    """One transaction and the repositories that work in it; not for use after it ended."""

    def __init__(self, connection: Connection) -> None:
        self.collections = Collections(connection)
        self.generations = Generations(connection)
        self.recordings = Recordings(connection)
        self.utterances = Utterances(connection)
        self.summaries = Summaries(connection)
        self.tracks = Tracks(connection)
        self.waveforms = Waveforms(connection)
        self.facets = Facets(connection)
        self.customers = Customers(connection)
        self.annotations = Annotations(connection)
        self.fitted_spaces = FittedSpaces(connection)
        self.changes = Changes(connection)
        self.jobs = Jobs(connection)
        self.items = JobItems(connection)
        self.messages = Messages(connection)
        self.failures = Failures(connection)
        self.clusterings = Clusterings(connection)
        self.policies = Policies(connection)
        self.refusals = Refusals(connection)
        self.suppressions = Suppressions(connection)
        self.integrity = Integrity(connection)
        self.vector_tables = VectorTables(connection)
        self.vector_sets = VectorSets(connection)
        self.vector_search = VectorSearch(connection)
        self.vector_indexing = VectorIndexing(connection)


class Store:
    """A database whose tables are this version's; threads and forked children may share one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._parsed = parse_url(url)
        self._shown = shown(self._parsed)
        self._opened: tuple[int, Engines] | None = None
        _stores.add(self)

    def __repr__(self) -> str:
        return f"Store({self._shown!r})"

    @classmethod
    def open(cls, url: str) -> Self:
        """The store at a SQLite or PostgreSQL URL; an empty database gets its tables.

        Raises SettingsError for another kind of URL, MissingPartError if PostgreSQL's driver is not installed,
        SchemaOutdatedError if the database is at another revision of the schema.
        """
        store = cls(url)
        make_parent(store._parsed)
        try:
            with translated(store._shown):
                ensure_schema(url, store._engines())
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A transaction that sees one state of the database throughout and can't write.

        Like `write`, raises BusyError if the database is held by others for too long, ConflictError if rows contradict
        each other, QueryError for values that can't be stored.
        """
        with translated(self._shown), self._engines().read.begin() as connection:
            yield Unit(connection)

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """A transaction that is committed at the end, or undone if an error leaves it."""
        with translated(self._shown), self._engines().write.begin() as connection:
            yield Unit(connection)

    @contextmanager
    def one_by_one(self) -> Iterator[Unit]:
        """Statements that are each a transaction, for what PostgreSQL does in none that has others."""
        engine = self._engines().plain.execution_options(isolation_level="AUTOCOMMIT")
        with translated(self._shown), engine.connect() as connection:
            yield Unit(connection)

    def compact(self) -> bool:
        """Bring what was deleted out of SQLite's write-ahead log too; on PostgreSQL vacuuming does it.

        False: a reader still sees an older state; try again when it is done.
        """
        if not is_sqlite(self._parsed):
            return True
        with translated(self._shown), self._engines().plain.connect() as connection:
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            return not busy

    def close(self) -> None:
        """Close idle connections; the next transaction opens new ones."""
        opened, self._opened = self._opened, None
        if opened is not None and opened[0] == os.getpid():
            opened[1].plain.dispose()

    def _engines(self) -> Engines:
        """This process's engines: a connection must never be used on both sides of a fork."""
        opened = self._opened
        if opened is None or opened[0] != os.getpid():
            if opened is not None:
                _left_to_parent.append(opened[1])
            opened = self._opened = (os.getpid(), Engines.at(self._parsed))
        return opened[1]


_stores: weakref.WeakSet[Store] = weakref.WeakSet()

#: engines that came through a fork: closing their connections here could end the parent's
_left_to_parent: list[Engines] = []


def _close_before_fork() -> None:
    """SQLite keeps its locks per process and file; a child that inherits open files would trust locks it lacks."""
    for store in list(_stores):
        store.close()


os.register_at_fork(before=_close_before_fork)
