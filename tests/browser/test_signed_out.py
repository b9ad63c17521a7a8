"""A session that ends while a page is open, as when somebody signs out in another tab."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site, site
from tests.conftest import ROOT

KEY = "a-key-for-tests-only-0123456789"
CLIP = ROOT / "samples" / "amara" / "2026-03-26_complaint.webm"
CALL = CLIP.with_name("2026-04-14_call.webm")
SAID = {
    "en-GB": ("You are signed out. Sign in again.", "Sign in"),
    "zh-CN": ("您已退出登录。请重新登录。", "登录"),
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that asks for a key, with something to play and to put in clusters."""
    with site(tmp_path_factory.mktemp("locked"), ingest=[CALL], environment={"EMOVEC_API_KEY": KEY}) as one:
        yield one


def classify(page: Page) -> None:
    page.locator("#recording").set_input_files(CLIP)
    page.locator("#send").click()


def upload(page: Page) -> None:
    page.locator("#add summary").click()
    page.set_input_files("#files", CLIP)
    page.locator("#upload button").last.click()


def play(page: Page) -> None:
    page.locator(".match clip-player button").first.click()


def cluster(page: Page) -> None:
    page.locator("[name=k]").fill("2")
    page.locator("form:has([name=k]) button").last.click()


@pytest.mark.parametrize("locale", list(SAID))
@pytest.mark.parametrize(
    ("path", "act"), [("/", classify), ("/archive", upload), ("/search?like=1", play), ("/clusters", cluster)]
)
def test_whatever_is_done_leads_to_the_form_for_the_key_and_back(
    locked: Site, open_page: Callable[..., Page], locale: str, path: str, act: Callable[[Page], None]
) -> None:
    page = open_page(locked.url(path), locale=locale)
    page.expected_failures = {401}  # type: ignore[attr-defined]
    page.locator("#key").fill(KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(locked.url(path))
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    act(page)
    said, sign_in = SAID[locale]
    notice = page.locator("#signed-out")
    expect(notice).to_contain_text(said)
    expect(page.locator("main")).not_to_contain_text("Bearer")
    link = notice.get_by_role("link", name=sign_in)
    expect(link).to_have_attribute(
        "href", re.compile("^" + re.escape(f"/signin?next={quote(path.split('?', maxsplit=1)[0], safe='')}"))
    )
    link.click()
    page.locator("#key").fill(KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(locked.url(path) + "**")
