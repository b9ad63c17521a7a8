"""A table that lists recordings: where each lies, who speaks on which channel, when, and anything else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from emovec_db.audio.channels import picks_of
from emovec_db.audio.source import shown
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import MIX
from emovec_db.errors import BadRowError, EmovecError, QueryError
from emovec_db.sources.found import Found
from emovec_db.sources.local import path_of, uri_of
from emovec_db.sources.manifest.cells import is_empty, metadata_of, name_of, storable, text_of, time_of
from emovec_db.sources.manifest.columns import Layout, check_given, layout_of
from emovec_db.sources.manifest.table import Row, Table, open_table
from emovec_db.sources.remote.address import address_of, scheme_of


def is_row(uri: str) -> bool:
    """Whether the uri is that of a manifest's row that made no sense, and of no recording."""
    return "#" in uri


@dataclass(frozen=True, slots=True)
class Manifest:
    """A table of recordings; nothing but its header is read before it is iterated."""

    table: Table
    #: column by field, where their names don't say
    given: Mapping[str, str]
    #: of times that name none
    zone: tzinfo

    @classmethod
    def open(cls, path: Path, given: Mapping[str, str], zone: tzinfo) -> Manifest:
        """Check what can be checked before the first row.

        Raises:
            QueryError: no manifest by its name, no column has the uris, or a column that was given is not there.
            MissingPartError: pyarrow is not installed.
            UnreadableError, NotAudioError (empty): there are no bytes to read.
        """
        check_given(given)
        table = open_table(path)
        if table.names is not None:
            for column in given.values():
                if column and column not in table.names:
                    raise QueryError(
                        f"{shown(path)} has no column {column!r}: expected one of {', '.join(table.names)}"
                    )
            layout_of(table.names, given)
        return cls(table, given, zone)

    @property
    def uri(self) -> str:
        return uri_of(self.table.path)

    def found(self) -> Iterator[Found]:
        """Its recordings in order; rows next to each other with one uri and different channels come as one.

        A row that makes no sense comes as Found with an error; its uri is the manifest's with `#line=7` or `#row=7`.
        """
        pending: Found | None = None
        for one in map(self._found, self.table.rows()):
            if pending is not None and pending.uri == one.uri and not pending.told.keys() & one.told.keys():
                pending = replace(pending, told={**pending.told, **one.told})
                continue
            if pending is not None:
                yield pending
            pending = one
        if pending is not None:
            yield pending

    def recordings(self, asked: int) -> Iterator[int]:
        """How many recordings each row stands for, where `asked` channels are taken of files without a channel."""
        for row in self.table.rows():
            try:
                column = layout_of(tuple(row.values), self.given).columns.get("channel")
            except QueryError:
                column = None
            named = row.problem is not None or (column is not None and not is_empty(row.values[column]))
            yield 1 if named else asked

    def _found(self, row: Row) -> Found:
        try:
            return self._read(row)
        except EmovecError as error:
            return self._malformed(row.place, error)

    def _read(self, row: Row) -> Found:
        if row.problem is not None:
            raise QueryError(row.problem)
        layout = layout_of(tuple(row.values), self.given)
        cells = {name: row.values[column] for name, column in layout.columns.items()}
        uri = text_of(cells["uri"], layout.columns["uri"])
        if uri is None:
            raise QueryError(f"its {layout.columns['uri']} is empty")
        channel = name_of(cells.get("channel"), "channel")
        if channel is not None:
            channel = channel.lower()
            picks_of([channel])
        told = {channel: self._details(cells, row.values, layout)}
        if scheme_of(uri) not in {None, "file"}:
            address = address_of(uri)
            return Found(address, address.uri, address.name, told=told)
        path = self._path(uri)
        return Found(path, uri_of(path), self._relative(path), told=told)

    def _details(self, cells: Mapping[str, Any], values: Mapping[str, Any], layout: Layout) -> Details:
        role = name_of(cells.get("role"), "role")
        return Details(
            customer=name_of(cells.get("customer"), "customer"),
            speaker=name_of(cells.get("speaker"), "speaker"),
            role=None if role is None else role.lower(),
            recorded_at=time_of(cells.get("recorded_at"), "recorded_at", self.zone),
            metadata={
                storable(name, "a column's name"): metadata_of(values[name], name)
                for name in layout.others
                if not is_empty(values[name])
            },
        )

    def _path(self, uri: str) -> Path:
        if "\0" in uri:
            raise QueryError("its uri holds a NUL character; no file can have it")
        if uri.startswith("file:"):
            return path_of(uri)
        return self.table.path.parent / uri

    def _relative(self, path: Path) -> str:
        folder = self.table.path.parent
        below = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
        return os.fsencode(below).decode(errors="replace")

    def _malformed(self, place: str, error: EmovecError) -> Found:
        path = self.table.path
        name, _, number = place.partition(" ")
        return Found(
            path,
            f"{self.uri}#{name}={number.replace(' to ', '-')}",
            shown(path),
            BadRowError(f"{shown(path)}, {place}: {error.message}"),
            {MIX: Details()},
        )
