"""Searching by examples, by a mixture of emotions, by a recording of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sites import Site
from tests.conftest import ROOT

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]
CLIP = ROOT / "samples" / "amara" / "2026-03-26_complaint.webm"


def shares(page: Page) -> list[float]:
    """Similarities of the matches, in their order."""
    return [float(text.split("%")[0]) for text in page.locator(".match strong").all_inner_texts()]


def test_examples_for_and_against(
    samples: Site, open_page: OpenPage, accessible: Check, shots: Callable[..., None]
) -> None:
    page = open_page(samples.url("/search?like=7"))
    matches = page.locator(".match")
    expect(matches).to_have_count(24)
    assert shares(page) == sorted(shares(page), reverse=True)
    accessible(page)
    shots(page, "search-en-desktop")

    first = matches.first.locator(".origin").inner_text()
    matches.first.get_by_role("link", name="More like this").click()
    expect(page.locator(".examples li")).to_have_count(2)
    expect(page.locator(".match .origin", has_text=first.split("\n")[0])).to_have_count(0)
    page.locator(".match").nth(3).get_by_role("link", name="Not like this").click()
    expect(page.locator(".examples .meaning").last).to_have_text("not like")
    assert "unlike=" in page.url
    said = page.locator(".match").first.inner_text()
    page.reload()
    assert page.locator(".match").first.inner_text() == said


def test_the_matches_are_those_of_the_api(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/search?like=7&customer=beatriz"))
    answer = page.request.post(
        samples.url("/v1/collections/default/searches"), data={"like": [7], "k": 24, "filter": {"customer": "beatriz"}}
    ).json()
    shown = [int(one.get_attribute("recording") or 0) for one in page.locator(".match clip-player").all()]
    assert shown == [match["recording_id"] for match in answer["matches"]]


def test_a_mixture_by_the_keyboard(samples: Site, open_page: OpenPage, accessible: Check) -> None:
    page = open_page(samples.url("/search"), locale="zh-CN", phone=True)
    page.get_by_text("情绪组合", exact=True).click()
    slider = page.get_by_role("slider", name="难过")
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(page.locator("output[for=mix-sad]")).to_have_text("60")
    page.get_by_role("button", name="按组合搜索").click()
    expect(page.locator(".match").first).to_contain_text("难过")
    assert "mix_sad=60" in page.url
    assert "mix_angry" not in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    accessible(page)


def test_filters_groups_and_further_matches(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/search?like=7"))
    page.get_by_role("link", name="Show further ones").click()
    expect(page.locator(".match")).to_have_count(5)
    page.get_by_role("link", name="Back to the first").click()
    page.get_by_label("group by customer").check()
    page.locator("select[name=label]").select_option("angry")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("section h3 .small").first).to_contain_text("similar")
    assert set(page.locator(".match .badge").all_inner_texts()) != set()
    for badge in page.locator(".match .badge").all():
        expect(badge).to_contain_text("Angry")
    expect(page.locator(".examples li")).to_have_count(1)


def test_an_utterance_is_heard(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/search?like=7"))
    player = page.locator(".match clip-player").first
    player.get_by_role("button").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    page.locator(".match clip-player").nth(1).get_by_role("button").click()
    expect(player.get_by_role("button", name="Play")).to_be_visible()


def test_two_that_are_pressed_at_once_are_not_heard_together(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/search?like=7"))
    page.add_init_script("""
        const made = (window.sounds = []);
        window.Audio = class extends Audio { constructor(source) { super(source); made.push(this); } };
    """)
    page.reload()
    expect(page.locator(".match clip-player button").nth(1)).to_be_visible()
    page.evaluate("for (const one of [0, 1]) document.querySelectorAll('.match clip-player button')[one].click()")
    expect(page.locator(".match clip-player").nth(1).get_by_role("button", name="Pause")).to_be_visible()
    page.evaluate("(async () => { while (!(sounds[1].currentTime > 0)) await new Promise(requestAnimationFrame); })()")
    assert page.evaluate("sounds.map((one) => one.paused)") == [True, False]
    expect(page.get_by_role("button", name="Pause")).to_have_count(1)


def test_a_clip_is_wound_by_keyboard(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/archive/10"))  # a call whose utterances do not begin with it
    page.add_init_script("""
        const made = (window.sounds = []);
        window.Audio = class extends Audio { constructor(source) { super(source); made.push(this); } };
    """)
    page.reload()
    page.locator("table.utterances clip-player button").nth(1).focus()
    start_s = page.evaluate("Number(document.activeElement.parentElement.getAttribute('start'))")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate("sounds.at(-1).currentTime") == pytest.approx(start_s + 1)
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("sounds.at(-1).currentTime") == pytest.approx(start_s)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("like=x", "whole number"),
        ("mix_sad=much", "expected a number"),
        ("like=7&label=cheerful", "label"),
    ],
)
def test_what_makes_no_sense_is_said(samples: Site, open_page: OpenPage, query: str, said: str) -> None:
    page = open_page(samples.url("/search"))
    page.expected_failures = {400, 404, 422}  # type: ignore[attr-defined]
    page.goto(samples.url(f"/search?{query}"))
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_by_a_recording_of_ones_own(samples: Site, open_page: OpenPage, accessible: Check) -> None:
    # the stretch is of whatever was looked for before
    page = open_page(samples.url("/search?customer=amara&start_s=50&end_s=60"))
    page.get_by_label("Recording", exact=True).set_input_files(CLIP)
    page.get_by_role("button", name="Search by it").click()
    expect(page.locator(".match").first).to_contain_text("2026-03-26_complaint.webm")
    expect(page.locator(".match strong").first).to_have_text("100.0 % similar")
    assert "customer=amara" in page.url
    assert "_s=" not in page.url
    accessible(page)
    page.reload()
    expect(page.locator(".match strong").first).to_have_text("100.0 % similar")


def turn_away(page: Page, at: int) -> None:
    page.locator(".match").nth(at).get_by_role("link", name="Not like this").click()


def test_a_recording_of_ones_own_and_not_like_a_match(samples: Site, open_page: OpenPage, accessible: Check) -> None:
    page = open_page(samples.url("/search?customer=amara"))
    page.get_by_label("Recording", exact=True).set_input_files(CLIP)
    page.get_by_role("button", name="Search by it").click()
    expect(page.locator(".match strong").first).to_have_text("100.0 % similar")
    nearest = page.locator(".match").first.inner_text()

    turn_away(page, 0)
    expect(page.locator(".examples .meaning")).to_have_text(["not like"])
    assert "draft=" in page.url
    assert "unlike=" in page.url
    assert "customer=amara" in page.url
    expect(page.get_by_role("link", name="Your recording, and what was heard in it")).to_be_visible()
    expect(page.locator(".match .origin", has_text="2026-03-26_complaint.webm")).to_have_count(0)
    assert page.locator(".match").count() > 0
    accessible(page)
    said = page.locator("#matches").inner_text()
    page.reload()
    assert page.locator("#matches").inner_text() == said

    turn_away(page, 1)
    expect(page.locator(".examples .meaning")).to_have_count(2)
    for left in (1, 0):
        page.locator(".examples").get_by_role("link", name="out of the question").first.click()
        expect(page.locator(".examples .meaning")).to_have_count(left)
    expect(page.locator(".match").first).to_contain_text(nearest.split("\n")[0])
    expect(page.locator(".match strong").first).to_have_text("100.0 % similar")


@pytest.mark.parametrize(
    ("query", "body", "kept"),
    [
        ("recording=10", {"recording_id": 10}, "Like recording 10 as a whole."),
        ("of_customer=amara", {"of_customer": "amara"}, "Like customer amara on the whole."),
        ("mix_sad=60&mix_angry=20", {"scores": {"sad": 60, "angry": 20}}, "A mixture of emotions"),
        ("like=7&like=9", {"like": [7, 9]}, "like"),
    ],
)
def test_whatever_is_looked_for_is_kept_and_turned_away(
    samples: Site, open_page: OpenPage, accessible: Check, query: str, body: dict[str, Any], kept: str
) -> None:
    page = open_page(samples.url(f"/search?{query}"))
    before = page.locator(".match").count()
    for at in (0, 2):
        turn_away(page, at)
    given = parse_qs(urlsplit(page.url).query)
    unlike = [int(one) for one in given.pop("unlike")]
    assert given == parse_qs(query)
    assert len(set(unlike)) == 2
    expect(page.locator("section", has=page.locator("#wanted"))).to_contain_text(kept)
    expect(page.locator(".examples .meaning", has_text="not like")).to_have_count(2)
    assert page.locator(".match").count() <= before
    answer = page.request.post(
        samples.url("/v1/collections/default/searches"), data={**body, "unlike": unlike, "k": 24}
    ).json()
    shown = [int(one.get_attribute("recording") or 0) for one in page.locator(".match clip-player").all()]
    assert shown == [match["recording_id"] for match in answer["matches"]]
    accessible(page)

    page.get_by_label("group by customer").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".examples .meaning", has_text="not like")).to_have_count(2)
    page.locator(".match").first.get_by_role("link", name="More like this").click()
    given = parse_qs(urlsplit(page.url).query)
    assert [int(one) for one in given["unlike"]] == unlike
    assert "like" in given
    assert not given.keys() & {"recording", "of_customer", "mix_sad"}


def test_a_mixture_that_is_changed_stays_turned_away(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/search?mix_sad=60&unlike=7"))
    slider = page.get_by_role("slider", name="Angry")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Search by the mixture").click()
    page.wait_for_url("**mix_angry=5**")
    expect(page.locator(".examples .meaning")).to_have_text(["not like"])
    page.get_by_label("Recording", exact=True).set_input_files(CLIP)
    page.get_by_role("button", name="Search by it").click()
    page.wait_for_url("**draft=**")
    assert "unlike" not in page.url
    assert "mix_" not in page.url


def test_a_file_that_is_no_recording_is_refused_in_place(samples: Site, open_page: OpenPage) -> None:
    page = open_page(samples.url("/search"), locale="zh-CN")
    page.expected_failures = {400, 415, 422}  # type: ignore[attr-defined]
    page.get_by_label("录音", exact=True).set_input_files(
        {"name": "x.wav", "mimeType": "audio/wav", "buffer": b"no sound"}
    )
    page.get_by_role("button", name="用它搜索").click()
    expect(page.get_by_role("alert")).to_contain_text("没有可读取的声音")


def test_without_scripts_no_recording_is_sent(samples: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(samples.url("/search?like=7"))
    assert "needs scripts" in page.locator("#by-clip noscript").inner_html()
    expect(page.get_by_role("button", name="Search by it")).to_be_disabled()
    expect(page.locator(".match").first).to_be_visible()
    context.close()
