"""What went wrong, in plain words of either language, with the server's own words below."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from emovec_db.api.app import EmovecApp
from emovec_db.api.pages.problems import EXPLANATIONS, explanations, told
from emovec_db.errors import NotFoundError, TooLongError
from tests.api.requests import Api, wav

INVALID = {"en": "A field is missing or out of range.", "zh": "缺少字段或字段超出范围。"}
NO_RUN = {"en": "There is no such run, or it was deleted.", "zh": "没有这次聚类，或者它已被删除。"}
SIGNED_OUT = {"en": "You are signed out. Sign in again.", "zh": "您已退出登录。请重新登录。"}
TOO_LARGE = {"en": "The file is larger than this server accepts.", "zh": "文件超过了本服务器允许的大小。"}


def alert(text: str) -> list[str]:
    """The lines of what is said to have gone wrong."""
    found = re.search(r'role="alert">(.*?)</div>', text, re.DOTALL)
    assert found, text
    return re.findall(r"<p[^>]*>([^<]+)", html.unescape(found[1]))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("address", "said", "detail"),
    [
        ("/archive?min_confidence=2", INVALID, "min_confidence: Input should be less than or equal to 1"),
        ("/clusters?colour=cluster&run=99", NO_RUN, "no clustering 99 in collection 'default'"),
        ("/cluster-comparison?first=1&second=99", NO_RUN, "no clustering 1 in collection 'default'"),
    ],
)
def test_plain_words_first_and_details_below(
    api: Api, language: str, address: str, said: dict[str, str], detail: str
) -> None:
    api.stored_id(wav(400))
    first, second = alert(api.client.get(address, headers={"Accept-Language": language}).text)
    assert first == said[language]
    assert second.startswith(detail)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_too_large_an_upload(client: FlaskClient, language: str) -> None:
    headers = {"Accept": "text/html", "Accept-Language": language}
    page = client.post("/archive/uploads", data={"x": "x" * 3_000_000}, headers=headers)
    assert page.status_code == 413
    first, second = alert(page.text)
    assert first.startswith(TOO_LARGE[language])
    assert "EMOVEC_UPLOAD_MAX_MB" in second


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_form_that_is_sent_after_the_session_ended_leads_to_sign_in(
    locked_client: FlaskClient, language: str
) -> None:
    headers = {
        "Accept": "text/html", "Accept-Language": language, "Origin": "http://localhost",
        "Referer": "http://localhost/jobs/1?collection=default",
    }  # fmt: skip
    page = locked_client.post("/jobs/1/retry", headers=headers)
    assert page.status_code == 401
    assert alert(page.text)[0] == SIGNED_OUT[language]
    assert 'href="/signin?next=/jobs/1?collection%3Ddefault"' in page.text
    assert "Bearer" not in page.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_scripts_know_the_same_sentences(app: EmovecApp, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert explanations().keys() == EXPLANATIONS.keys()
        error = TooLongError("4000 s; expected 60 s at most")
        assert told(error).explanation == explanations()["too_long"]
        assert told(error).message == error.message
        assert told(error, "Not here.") == told(error)
        assert told(NotFoundError("no x"), "Not here.").explanation == "Not here."
