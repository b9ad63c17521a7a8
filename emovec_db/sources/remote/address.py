"""Addresses of recordings that lie elsewhere: what is fetched, and what may be stored and shown of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from emovec_db.errors import QueryError, UnreadableError

#: object storage, which has listings
BUCKETS: Final = ("s3", "gs")
#: single files
WEB: Final = ("http", "https")

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
#: kept as they are in a stored uri's path
_PLAIN: Final = "/!$&'()*+,;=:@~-._"
#: of an address whose query told which recording is meant: a digest of it stands in the stored uri
_DIGEST: Final = re.compile(r"query=[0-9a-f]{12}")
#: parts of a query that only say who may fetch, by the makers of presigned addresses: AWS, Google, Azure, CloudFront
_SIGNING: Final = re.compile(
    r"x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|signature|expires|policy|key-pair-id"
    r"|sig|se|sp|sv|sr|st|spr|sip|skoid|sktid|skt|ske|sks|skv",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a recording lies, or in object storage also a folder of them or a pattern."""

    scheme: str
    #: what is fetched: bucket and key, or the whole URL; never stored, shown or logged, since it may hold a secret
    location: str = field(repr=False)
    #: what is stored: percent-encoded, without secrets
    uri: str

    @property
    def name(self) -> str:
        """The recording's own name, for people."""
        return unquote(urlsplit(self.uri).path.rstrip("/").rpartition("/")[2]) or self.uri

    @property
    def server(self) -> str:
        """Whose outage would be this address's: of object storage there is one server."""
        return self.scheme if self.scheme in BUCKETS else urlsplit(self.uri).netloc

    @property
    def has_listing(self) -> bool:
        """Whether folders and patterns make sense there."""
        return self.scheme in BUCKETS

    @property
    def is_shortened(self) -> bool:
        """Whether the query was left out of the uri."""
        return self.scheme in WEB and "?" in self.location


def scheme_of(text: str) -> str | None:
    """The scheme of what looks like an address, in lower case; None for a path."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else None


def address_of(text: str) -> Address:
    """What people or manifests give: keys of objects as they are, URLs percent-encoded.

    Raises:
        QueryError: no such addresses are read, or it holds a password.
    """
    scheme = scheme_of(text)
    rest = text.partition("://")[2]
    if scheme in BUCKETS:
        return object_address(str(scheme), *_bucket_and_key(str(scheme), rest))
    if scheme in WEB:
        return _web_address(str(scheme), rest)
    raise QueryError(
        f"{scheme}:// is no address that recordings are read from: expected a path, s3://, gs://, http:// or https://"
    )


def object_address(scheme: str, bucket: str, key: str) -> Address:
    """Of an object as listings name it; `key` may be empty, or end with a slash."""
    return Address(scheme, f"{bucket}/{key}", f"{scheme}://{bucket}/{quote(key, safe=_PLAIN)}")


def stored_address(uri: str) -> Address:
    """The inverse: where a stored uri's recording lies.

    Raises:
        QueryError: the uri is none of an address.
        UnreadableError: what is stored of its address does not suffice.
    """
    scheme = scheme_of(uri)
    if scheme in BUCKETS:
        bucket, _, key = uri.partition("://")[2].partition("/")
        return object_address(str(scheme), bucket, unquote(key))
    address = address_of(uri)
    if _DIGEST.fullmatch(urlsplit(uri).query):
        raise UnreadableError(
            f"{address.name} can't be fetched: the query of its address was not stored, since it may hold a secret; "
            "ingest it again by its whole address"
        )
    return address


def _bucket_and_key(scheme: str, rest: str) -> tuple[str, str]:
    bucket, _, key = rest.partition("/")
    _refuse_password(scheme, bucket)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]*", bucket):
        raise QueryError(
            f"{scheme}:// needs a bucket: expected {scheme}://bucket/folder/ or {scheme}://bucket/call.wav"
        )
    return bucket, key


def _web_address(scheme: str, rest: str) -> Address:
    host, slash, path_and_query = rest.partition("#")[0].partition("/")
    _refuse_password(scheme, host)
    path, _, query = path_and_query.partition("?")
    if not host or "?" in host:
        raise QueryError(f"{scheme}:// needs a host and a path: expected {scheme}://host/folder/call.wav")
    if "*" in path or not slash or not path or path.endswith("/"):
        raise QueryError(
            f"over {scheme}:// only single files are read, since web servers list none: give one address for each, "
            "or a manifest that lists them"
        )
    start = f"{scheme}://{host.lower()}/{quote(path, safe=_PLAIN + '%')}"
    return Address(scheme, f"{start}?{quote(query, safe=_PLAIN + '%/?')}" if query else start, start + _told(query))


def _told(query: str) -> str:
    """What of a query is stored: nothing of a signature, else a digest, which keeps different recordings apart."""
    telling = "&".join(part for part in query.split("&") if part and not _SIGNING.fullmatch(part.partition("=")[0]))
    return f"?query={hashlib.sha256(telling.encode()).hexdigest()[:12]}" if telling else ""


def _refuse_password(scheme: str, authority: str) -> None:
    if "@" in authority:
        raise QueryError(
            f"the {scheme}:// address holds a name or password before its @, which would end in the database: leave it "
            "away, and give credentials the way that docs/cli.md tells"
        )
