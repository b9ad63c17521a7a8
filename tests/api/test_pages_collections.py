"""Pages of a server that holds nothing, and of collections that are not there."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.requests import Api, file, wav

NOTHING = {"en": "Nothing is stored yet", "zh": "尚未存储任何内容"}
MISSING = {"en": "Collection A does not exist.", "zh": "集合 A 不存在。"}
NOT_YET = {
    "en": "Collection A does not exist yet: the first recording that is added makes it.",
    "zh": "集合 A 尚不存在：添加第一条录音时会创建它。",
}
NAMES = {"en": "letters A to Z and a to z, digits", "zh": "字母 A–Z、a–z，数字"}
#: pages of what is stored, lists and then what they hold, and where links to other collections lead
LISTS = {
    "/search": "/search", "/search?like=1": "/search", "/search?draft=x": "/search", "/customers": "/customers",
    "/customer-comparison": "/customers", "/clusters": "/clusters", "/cluster-comparison": "/clusters",
    "/jobs": "/archive",
}  # fmt: skip
ONES = {
    "/customers/x": "/customers", "/archive/1": "/archive", "/archive/1/deletion": "/archive",
    "/clusters/1": "/clusters",
}  # fmt: skip
TAKE_IN = ("/", "/archive", "/server")


def shown(client: FlaskClient, address: str, language: str = "en", **query: str) -> tuple[TestResponse, str]:
    headers = {"Accept": "text/html", "Accept-Language": language}
    response = client.get(address, query_string=query or None, headers=headers)
    return response, html.unescape(response.text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_server_says_so_and_leads_to_the_archive(client: FlaskClient, language: str) -> None:
    for address in (*LISTS, *ONES):
        response, text = shown(client, address, language)
        assert response.status_code == (404 if address in ONES else 200), address
        assert f"<h1>{NOTHING[language]}</h1>" in text, address
        assert '<a class="button" href="/archive">' in text
        assert "expected one of" not in text
    for address in TAKE_IN:
        response, text = shown(client, address, language)
        assert response.status_code == 200, address
        assert NOTHING[language] + "</h1>" not in text, address


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_collection_that_is_not_there_is_told_with_those_that_are(api: Api, language: str) -> None:
    api.stored_id(wav(400), customer="x")
    for address, start in {**LISTS, **ONES}.items():
        response, text = shown(api.client, address.partition("?")[0], language, collection="A")
        assert response.status_code == 404, address
        assert MISSING[language] in text, address
        assert f'<a href="{start}?collection=default">default</a>' in text, address


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_new_collection_is_told_before_anything_is_sent(api: Api, language: str) -> None:
    api.stored_id(wav(400))
    for address in TAKE_IN:
        response, text = shown(api.client, address, language, collection="A")
        assert response.status_code == 200, address
        assert NOT_YET[language] in text, address
        assert f'<a href="{address}?collection=default">default</a>' in text
        assert NOT_YET[language] not in shown(api.client, address, language, collection="default")[1]
    assert api.database.collection_names() == ("default",)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_that_none_can_have_are_refused_at_once(client: FlaskClient, language: str) -> None:
    names = ("客服", "a/b", "..", ".", "-a", "a" * 65, "a b", "<i>")
    for address, name in [
        *(("/archive", name) for name in names),
        *((one, names[0]) for one in ("/", "/search", *ONES)),
    ]:
        response, text = shown(client, address, language, collection=name)
        assert response.status_code == 400, (address, name)
        assert NAMES[language] in text
        assert name in text
        assert "<i>" not in response.text
        assert 'type="file"' not in text
    for name in ("a", "A.b-c_9", "9", "a" * 64):
        assert shown(client, "/archive", collection=name)[0].status_code == 200


def test_where_there_are_several_none_is_chosen_for_the_reader(api: Api) -> None:
    api.stored_id(wav(400))
    api.send("/v1/collections/other/recordings", {"recording": file(wav(200))})
    _, text = shown(api.client, "/archive", collection="A")
    assert re.findall(r"<option selected[^>]*>([^<]+)", text.partition("</form>")[0]) == ["A"]
