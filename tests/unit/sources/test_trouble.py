"""What is tried again, and what people are told of the libraries' errors."""

from __future__ import annotations

import errno

import pytest

from emovec_db.errors import NotAudioError, UnreachableError, UnreadableError
from emovec_db.sources.remote.trouble import Changed, trouble_of, with_patience

aiohttp = pytest.importorskip("aiohttp")
botocore = pytest.importorskip("botocore.exceptions")

ADDRESS = "https://host/a.wav?token=s3cr3t"


def of_status(status: int) -> Exception:
    import yarl
    from multidict import CIMultiDict, CIMultiDictProxy

    request = aiohttp.RequestInfo(yarl.URL(ADDRESS), "GET", CIMultiDictProxy(CIMultiDict()), yarl.URL(ADDRESS))
    return aiohttp.ClientResponseError(request, (), status=status, message=ADDRESS)


def caused(error: OSError, cause: Exception) -> OSError:
    error.__cause__ = cause
    return error


def of_s3(status: int) -> Exception:
    response = {"Error": {"Code": str(status)}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return caused(OSError(errno.EIO, ADDRESS), botocore.ClientError(response, "GetObject"))


@pytest.mark.parametrize(
    ("error", "passes", "said"),
    [
        (of_status(404), False, "nothing at that address"),
        (of_status(403), False, "not permitted"),
        (of_status(418), False, "answered 418"),
        (of_status(500), True, "answered 500"),
        (of_status(503), True, "answered 503"),
        (caused(FileNotFoundError(ADDRESS), of_status(503)), True, "answered 503"),
        (caused(FileNotFoundError(ADDRESS), of_status(403)), False, "not permitted"),
        (FileNotFoundError(ADDRESS), False, "nothing at that address"),
        (PermissionError(ADDRESS), False, "not permitted"),
        (of_s3(500), True, "answered 500"),
        (of_s3(403), False, "not permitted"),
        (OSError(errno.EBUSY, "SlowDown"), True, "connection failed"),
        (TimeoutError(ADDRESS), True, "in time"),
        (aiohttp.ServerTimeoutError(ADDRESS), True, "in time"),
        (aiohttp.ClientPayloadError(ADDRESS), True, "connection failed"),
        (ConnectionResetError(), True, "connection failed"),
        (Changed(), True, "changed meanwhile"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), True, "connection failed"),
        (aiohttp.NonHttpUrlRedirectClientError("file:///etc/passwd"), False, "makes no sense"),
        (aiohttp.InvalidURL(ADDRESS), False, "makes no sense"),
        (botocore.NoCredentialsError(), False, "no valid credentials"),
        (botocore.EndpointConnectionError(endpoint_url=ADDRESS), True, "connection failed"),
        (RuntimeError(ADDRESS), False, "RuntimeError"),
    ],
)
def test_each_error_has_its_words(error: Exception, passes: bool, said: str) -> None:
    trouble = trouble_of("a.wav", error)
    assert trouble.passes is passes
    assert type(trouble.error) is (UnreachableError if passes else UnreadableError)
    assert said in trouble.error.message
    assert "s3cr3t" not in trouble.error.message


def test_the_libraries_errors_do_not_hang_on_ours() -> None:
    """A traceback would tell the whole address."""

    def attempt() -> None:
        raise of_status(403)

    with pytest.raises(UnreadableError) as failed:
        with_patience("a.wav", attempt, ())
    assert failed.value.__suppress_context__


def test_it_is_tried_as_often_as_there_are_pauses_and_once_more() -> None:
    tries = []

    def attempt() -> None:
        tries.append(1)
        raise of_status(503)

    with pytest.raises(UnreachableError):
        with_patience("a.wav", attempt, (0.0, 0.0))
    assert len(tries) == 3


def test_errors_raised_on_purpose_are_not_tried_again() -> None:
    def attempt() -> None:
        tries.append(1)
        raise NotAudioError("empty")

    tries: list[int] = []
    with pytest.raises(NotAudioError):
        with_patience("a.wav", attempt, (0.0, 0.0))
    assert len(tries) == 1
