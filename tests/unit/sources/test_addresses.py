"""What is fetched from an address, and what may be stored of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.errors import QueryError, UnreadableError
from emovec_db.sources.manifest.manifest import is_row
from emovec_db.sources.remote.address import address_of, scheme_of, stored_address

KEYS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


@given(scheme=st.sampled_from(["s3", "gs"]), key=KEYS)
def test_any_key_is_stored_as_printable_text_that_leads_back_to_it(scheme: str, key: str) -> None:
    address = address_of(f"{scheme}://calls/{key}")
    assert address.location == f"calls/{key}"
    assert re.fullmatch(r"[!-~]+", address.uri)
    assert not is_row(address.uri)
    assert stored_address(address.uri) == address


@pytest.mark.parametrize(
    ("given", "fetched", "stored"),
    [
        ("https://Host/a%20b.wav", "https://host/a%20b.wav", "https://host/a%20b.wav"),
        ("HTTP://host:81/ä b.wav#x", "http://host:81/%C3%A4%20b.wav", "http://host:81/%C3%A4%20b.wav"),
        ("https://h/a.wav?X-Goog-Signature=s&x-amz-date=1", "https://h/a.wav?X-Goog-Signature=s&x-amz-date=1",
         "https://h/a.wav"),
        ("https://h/a.wav?sv=1&sig=s%2F", "https://h/a.wav?sv=1&sig=s%2F", "https://h/a.wav"),
        ("https://h/get?id=7", "https://h/get?id=7", "https://h/get?query=5d9a0f4d6c5c"),
    ],
)  # fmt: skip
def test_of_a_url_the_query_is_fetched_and_not_stored(given: str, fetched: str, stored: str) -> None:
    address = address_of(given)
    assert (address.location, re.sub("query=.*", "", address.uri)) == (fetched, re.sub("query=.*", "", stored))
    assert "?query=" not in stored or re.search(r"\?query=[0-9a-f]{12}$", address.uri)


@given(query=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=6, max_size=20))
def test_different_queries_are_different_recordings(query: str) -> None:
    one, other = address_of(f"https://h/get?id={query}"), address_of(f"https://h/get?id={query}x")
    assert one.uri != other.uri
    assert f"={query}" not in one.uri
    assert query not in repr(one)


def test_a_signature_does_not_make_another_recording() -> None:
    uris = {address_of(f"https://h/get?id=7&Expires={time}&Signature={time}").uri for time in range(3)}
    assert uris == {address_of("https://h/get?id=7").uri}


def test_what_was_stored_without_its_query_says_so() -> None:
    with pytest.raises(UnreadableError, match="query of its address was not stored"):
        stored_address(address_of("https://h/get?id=7").uri)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ftp://h/a.wav", "ftp:// is no address"),
        ("s3://", "needs a bucket"),
        ("s3:///a.wav", "needs a bucket"),
        ("s3://key:secret@bucket/a.wav", "name or password"),
        ("https://me:secret@h/a.wav", "name or password"),
        ("https://h", "only single files"),
        ("https://h/", "only single files"),
        ("https://h/calls/", "only single files"),
        ("https://h/*.wav", "only single files"),
        ("https:///a.wav", "needs a host"),
    ],
)
def test_what_can_not_be_read_is_refused(given: str, said: str) -> None:
    with pytest.raises(QueryError, match=said) as refused:
        address_of(given)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("path", ["calls/a.wav", "/calls/a.wav", "s3:/a", "a://"[:1], "C:\\calls", "calls/s3://x"])
def test_paths_are_no_addresses(path: str) -> None:
    assert scheme_of(path) is None
