"""Where a Milvus server is, and how collections are made there, as one URL says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from emovec_db.errors import SettingsError

#: by scheme, what the client's own URL begins with
SCHEMES: Final = {"milvus": "http://", "milvus+tls": "https://", "milvus+unix": "unix:"}
PORT = 19530
EXPECTED = (
    "expected milvus://host:port/database, milvus+tls://… or milvus+unix:///path/of/socket, with user:password@ or "
    "token@ before the host and ?shards=2&replicas=2&prefix=name after it where needed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MilvusAddress:
    """A server, the database in it, and what is asked of collections that are made there."""

    #: as the client wants it, without secrets
    uri: str
    #: user:password, or a token
    token: str = field(default="", repr=False)
    database: str = ""
    #: into how many parts Milvus shares a collection out, and how many copies of it are searched
    shards: int = 1
    replicas: int = 1
    #: names of collections begin so: two deployments that search one database name different ones
    prefix: str = "emovec"


def milvus_address(url: str) -> MilvusAddress:
    """What a URL says.

    Raises:
        SettingsError: it can't be read; its secrets are not in the message.
    """
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        return MilvusAddress(
            uri=_uri(parts),
            token=_token(parts),
            database="" if parts.scheme == "milvus+unix" else unquote(parts.path.strip("/")),
            shards=_number(asked.pop("shards", "1")),
            replicas=_number(asked.pop("replicas", "1")),
            prefix=_name(asked.pop("prefix", "emovec")),
            **asked,  # what is left is not known
        )
    except (TypeError, ValueError) as error:
        scheme = url.partition(":")[0]
        raise SettingsError(f"EMOVEC_INDEX_URL is {scheme}:… and can't be read: {EXPECTED}") from error


def _uri(parts: SplitResult) -> str:
    start = SCHEMES[parts.scheme]
    if parts.scheme == "milvus+unix":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("no path")
        return start + unquote(parts.path)
    if not parts.hostname:
        raise ValueError("no host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{start}{host}:{parts.port or PORT}"


def _token(parts: SplitResult) -> str:
    user, password = unquote(parts.username or ""), parts.password
    return user if password is None else f"{user}:{unquote(password)}"


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise ValueError("not 1 to 64")
    return number


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", text):
        raise ValueError("no name")
    return text
