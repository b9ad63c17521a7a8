"""Agent and customer of one call can be told apart wherever their utterances are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site, site
from tests.conftest import ROOT

OpenPage = Callable[..., Page]
CALL = ROOT / "samples" / "amara" / "2026-04-14_call.webm"
SIDES = {
    "en-GB": (("agent", "left channel"), ("customer", "right channel")),
    "zh-CN": (("坐席", "左声道"), ("客户", "右声道")),
}


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both sides of a call, each a recording, in clusters."""
    with site(tmp_path_factory.mktemp("call"), ingest=[CALL, "--roles", "left=agent,right=customer"]) as one:
        assert one.emovec.run("cluster", "-k", "2").code == 0
        yield one


def sides(page: Page, cards: str) -> set[tuple[str, ...]]:
    """What is said of each utterance after its file and time."""
    page.locator(cards).first.wait_for()
    return {tuple(card.locator("span").all_inner_texts()[1:]) for card in page.locator(cards).all()}


@pytest.mark.parametrize("locale", list(SIDES))
def test_the_two_sides_of_a_call(call: Site, open_page: OpenPage, locale: str) -> None:
    page = open_page(call.url("/search?like=1"), locale=locale)
    assert sides(page, ".match .origin") == set(SIDES[locale])
    page.goto(call.url("/clusters/1"))
    assert sides(page, ".cluster .origin") == set(SIDES[locale])
    page.goto(call.url("/clusters"))
    expect(page.locator("#map")).to_have_attribute("aria-busy", "false")
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    assert sides(page, "#point .origin") <= set(SIDES[locale])
    page.get_by_role("button", name={"en-GB": "Those around the point", "zh-CN": "选当前点周围"}[locale]).click()
    assert sides(page, "#selection .origin") == set(SIDES[locale])
