"""fsspec as the rest of `sources` sees it: the state of a file, its bytes as a stream, and listings page by page."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from time import time_ns
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from emovec_db.domain.recording import Source
from emovec_db.errors import MissingPartError
from emovec_db.sources.remote.address import Address, object_address

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

#: without a byte, seconds
STALL_S: Final = 20
CONNECT_S: Final = 10
#: in memory at a time, of object storage
BLOCK_BYTES: Final = 8 << 20
#: objects in one answer; S3 gives no more
PAGE_OBJECTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing names it."""

    key: str
    source: Source


def require_library(scheme: str) -> None:
    """Raise MissingPartError, with the command that mends it, where what reads such addresses is not installed."""
    _filesystem(scheme)


def state(address: Address) -> Source | None:
    """Size and state of a file or object now; None where a folder lies, in object storage.

    `mtime_ns` stands for whatever the server tells changes by: see `_version`. Raises what fsspec raises.
    """
    info = _filesystem(address.scheme).info(address.location)
    return None if info.get("type") == "directory" else _source(address.uri, info)


def open_stream(address: Address) -> tuple[BinaryIO, int | None]:
    """The file's bytes from the start, and how many there should be, if that is told; raises what fsspec raises.

    Reading raises too, also where an object of S3 is replaced meanwhile. Over HTTP, aiohttp raises where bytes are
    missing in the end.
    """
    files = _filesystem(address.scheme)
    if address.has_listing:
        stream = files.open(address.location, "rb", block_size=BLOCK_BYTES, cache_type="readahead")
        return cast("BinaryIO", stream), int(stream.details["size"])
    # any size, or fsspec asks for it first; of no block size, or it asks for many ranges
    stream = files.open(address.location, "rb", block_size=0, size=1)
    return cast("BinaryIO", stream), stream.r.content_length


def list_page(folder: Address, prefix: str, token: str | None) -> tuple[list[Listed], str | None]:
    """Objects of the folder's bucket whose keys begin with `prefix`, in the order of their keys: the page of a token.

    None is the first page's token, and what the last page gives for the next. Raises what fsspec raises.
    """
    bucket = folder.location.partition("/")[0]
    if folder.scheme == "s3":
        more = {"ContinuationToken": token} if token else {}
        answer = _filesystem("s3").call_s3(
            "list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=PAGE_OBJECTS, **more
        )
        found = [(one["Key"], {**one, "size": one["Size"]}) for one in answer.get("Contents", [])]
        return [_listed(folder, bucket, *one) for one in found], answer.get("NextContinuationToken")
    answer = _filesystem("gs").call(
        "GET", "b/{}/o", bucket, prefix=prefix or None, maxResults=PAGE_OBJECTS, pageToken=token, json_out=True
    )
    return [_listed(folder, bucket, one["name"], one) for one in answer.get("items", [])], answer.get("nextPageToken")


def _listed(folder: Address, bucket: str, key: str, info: Mapping[str, Any]) -> Listed:
    return Listed(key, _source(object_address(folder.scheme, bucket, key).uri, info))


def _source(uri: str, info: Mapping[str, Any]) -> Source:
    return Source(uri=uri, size_bytes=int(info.get("size") or 0), mtime_ns=_version(info))


def _version(info: Mapping[str, Any]) -> int:
    """What changes when the file does, as a number of 63 bits.

    Google's generation or an ETag by its digest, which HEAD and listings agree on (they round times differently);
    else the time of the last change; where the server tells none of them the present, so that the file counts as
    changed.
    """
    tag = info.get("generation") or info.get("ETag") or info.get("etag")
    if tag:
        return int.from_bytes(hashlib.sha256(str(tag).encode()).digest()[:8]) >> 1
    changed = info.get("LastModified") or info.get("Last-Modified")
    try:
        moment = changed if isinstance(changed, datetime) else parsedate_to_datetime(str(changed))
    except ValueError:
        return time_ns()
    return int(moment.timestamp()) * 1_000_000_000


def _filesystem(scheme: str) -> AbstractFileSystem:
    """fsspec's, which keeps one per process; credentials come from where the libraries look for them.

    Raises:
        MissingPartError: fsspec, or what it needs for the scheme, is not installed.
    """
    try:
        import fsspec

        if scheme == "s3":
            return fsspec.filesystem("s3", config_kwargs=_s3_config(), use_listings_cache=False)
        if scheme == "gs":
            logging.getLogger("gcsfs").setLevel(logging.CRITICAL)  # it logs what becomes an error of the recording
            return fsspec.filesystem("gs", access="read_only", requests_timeout=_gs_timeout(), use_listings_cache=False)
        return fsspec.filesystem(
            "http", encoded=True, client_kwargs=_web_client(), headers={"Accept-Encoding": "identity"}
        )
    except ImportError:
        raise MissingPartError(
            f"{scheme}:// addresses need libraries that are not installed: pip install 'emovec-db[remote]'"
        ) from None


def _s3_config() -> dict[str, Any]:
    return {
        "connect_timeout": CONNECT_S,
        "read_timeout": STALL_S,
        "retries": {"total_max_attempts": 1},  # `with_patience` does it
    }


def _web_client() -> dict[str, Any]:
    import aiohttp

    return {"timeout": aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=STALL_S), "trust_env": True}


def _gs_timeout() -> Any:
    import aiohttp

    return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=STALL_S)
