"""URLs of Milvus servers: what they say, and that no secret of them is said again."""

from __future__ import annotations

import pytest

from emovec_db.errors import SettingsError
from emovec_db.index.milvus.address import MilvusAddress, milvus_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("milvus://localhost", MilvusAddress(uri="http://localhost:19530")),
        ("milvus://[::1]:1/calls", MilvusAddress(uri="http://[::1]:1", database="calls")),
        ("milvus+tls://me:p%40ss@host:2/", MilvusAddress(uri="https://host:2", token="me:p@ss")),
        ("milvus+tls://key@host", MilvusAddress(uri="https://host:19530", token="key")),
        ("milvus+unix:///run/milvus.sock", MilvusAddress(uri="unix:/run/milvus.sock")),
        (
            "milvus://host/a?shards=2&replicas=3&prefix=tests",
            MilvusAddress(uri="http://host:19530", database="a", shards=2, replicas=3, prefix="tests"),
        ),
    ],
)
def test_what_a_url_says(url: str, address: MilvusAddress) -> None:
    assert milvus_address(url) == address


@pytest.mark.parametrize(
    "rest",
    ["", "//", "//:secret@", "//secret@host:port", "//secret@host?shards=0", "//secret@host?replicas=many",
     "//secret@host?prefix=1-2", "//secret@host?shard=2", "//secret@host?shards", "//secret@host?uri=x"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_without_its_secrets(rest: str) -> None:
    with pytest.raises(
        SettingsError, match=r"EMOVEC_INDEX_URL is milvus:… and can't be read: expected milvus://"
    ) as told:
        milvus_address(f"milvus:{rest}")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("url", ["milvus+unix://host/path", "milvus+unix:path", "milvus+unix://"])
def test_a_socket_is_a_path(url: str) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        milvus_address(url)


def test_an_address_shows_no_token() -> None:
    assert "p@ss" not in repr(milvus_address("milvus://me:p%40ss@host"))
