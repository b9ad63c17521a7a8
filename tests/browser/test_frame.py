"""What every page has around its content: languages, colours, sign-in, the page about the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site, site

LOADED = "[...document.querySelectorAll('[rel=stylesheet], script[src]')].map((one) => one.href || one.src)"
KEY = "a-key-for-tests-only-0123456789"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that others than this machine may reach, so that it asks for a key."""
    environment = {"EMOVEC_HOST": "0.0.0.0", "EMOVEC_API_KEY": KEY}
    with site(tmp_path_factory.mktemp("locked"), environment=environment) as one:
        yield Site(one.address.replace("0.0.0.0", "127.0.0.1"), one.emovec)


def test_about_the_server(samples: Site, open_page: OpenPage, accessible: Callable[[Page], None]) -> None:
    page = open_page(samples.url("/server"))
    expect(page.get_by_role("heading", level=1)).to_have_text("About this server")
    expect(page.locator("article", has_text="default")).to_contain_text("26")
    expect(page.locator(".state").first).to_have_text("ready")
    accessible(page)


@pytest.mark.parametrize(("phone", "dark"), [(True, False), (False, True)])
def test_on_phones_and_in_the_dark(
    samples: Site, open_page: OpenPage, accessible: Callable[[Page], None], *, phone: bool, dark: bool
) -> None:
    page = open_page(samples.url("/server"), locale="zh-CN", phone=phone, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    accessible(page)


def test_the_browsers_language_then_the_readers_own(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/server?collection=default"), locale="zh-CN")
    expect(page.get_by_role("heading", level=1)).to_have_text("关于本服务器")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("About this server")
    assert page.url.endswith("/server?collection=default")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("About this server")


def test_colours_stay_as_they_were_chosen(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/server"))
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Colours").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate(ground) != light
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_signing_in_with_the_key(locked: Site, open_page: OpenPage, accessible: Callable[[Page], None]) -> None:
    page = open_page(locked.url("/server"), locale="zh-CN")
    assert "/signin" in page.url
    accessible(page)
    page.expected_failures = {401}  # type: ignore[attr-defined]
    page.get_by_label("API 密钥").fill("not the key, surely")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("这不是本服务器的密钥。")
    page.get_by_label("API 密钥").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("关于本服务器")
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("API 密钥")).to_be_visible()


def test_nothing_there_says_so_in_the_readers_language(
    samples: Site, open_page: OpenPage, accessible: Callable[[Page], None]
) -> None:
    page = open_page(samples.url("/server"), locale="zh-CN")
    page.expected_failures = {404}  # type: ignore[attr-defined]
    page.goto(samples.url("/nosuch"))
    expect(page.get_by_role("alert")).to_contain_text("该地址下没有内容")
    accessible(page)


def test_the_keyboard_reaches_the_content_at_once(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/server"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_what_a_page_loads_is_compressed_and_kept(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/server"))
    for address in page.evaluate(LOADED):
        headers = page.request.get(address).headers
        assert "immutable" in headers["cache-control"], address
    style = page.locator("[rel=stylesheet]").get_attribute("href")
    assert page.request.get(samples.url(style)).headers["content-encoding"] in {"br", "gzip", "zstd"}


def test_the_api_to_be_tried_is_accessible(samples: Site, open_page: OpenPage, accessible: Callable[..., None]) -> None:
    page = open_page(samples.url("/docs"))
    operation = page.locator(".opblock-summary-control").first
    operation.wait_for()
    accessible(page, also=())
    operation.click()
    expect(operation).to_have_attribute("aria-expanded", "true")
    assert "#/" in page.url  # which says which one is open
