"""What people say of recordings, as a request that can be kept and carried out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Unpack

from emovec_db.domain.calendar import recording_time
from emovec_db.domain.ingest import IngestFields, IngestRequest
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import MIX
from emovec_db.sources.remote.address import address_of, scheme_of


def request_of(zone: tzinfo, paths: Sequence[str | Path] = (), **said: Unpack[IngestFields]) -> IngestRequest:
    """A request; times without a zone are `zone`'s.

    Raises:
        QueryError: a channel, role, time or address makes no sense.
    """
    channels, roles = tuple(said.get("channels", (MIX,))), said.get("roles") or {}
    manifest = said.get("manifest")
    details = Details(
        customer=said.get("customer"),
        speaker=said.get("speaker"),
        role=said.get("role"),
        recorded_at=said.get("recorded_at"),
        metadata=said.get("metadata") or {},
    )
    return IngestRequest(
        paths=tuple(_path(path) for path in paths),
        manifest=None if manifest is None else _absolute(manifest),
        columns=said.get("columns") or {},
        customer_from=said.get("customer_from"),
        details=localised(details, zone),
        channels=channels if channels != (MIX,) or not roles else tuple(roles),
        roles=roles,
        allow_again=said.get("allow_again", False),
    )


def request_of_upload(
    zone: tzinfo,
    details: Details,
    *,
    channels: Sequence[str] = (MIX,),
    roles: Mapping[str, str] | None = None,
    allow_again: bool = False,
) -> IngestRequest:
    """The same for a file that comes by itself.

    Raises:
        QueryError: a channel, role or time makes no sense.
    """
    request = request_of(zone, channels=channels, roles=roles, allow_again=allow_again)
    return replace(request, details=localised(details, zone))


def localised(details: Details, zone: tzinfo) -> Details:
    """With the time in UTC; one without a zone is `zone`'s. Raises QueryError: no recording was made then."""
    if details.recorded_at is None:
        return details
    return replace(details, recorded_at=recording_time(details.recorded_at, zone))


def _path(path: str | Path) -> str:
    """A path in full, or an address as it is, if recordings are read from such ones."""
    if isinstance(path, Path) or scheme_of(path) is None:
        return _absolute(path)
    address_of(path)
    return path


def _absolute(path: str | Path) -> str:
    return os.path.abspath(Path(path).expanduser())
