"""The pages of maps and K-Means runs, from the first run to two runs side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from urllib.request import Request, urlopen

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CUSTOMER_FROM
from tests.browser.sites import Site, site
from tests.conftest import ROOT, require

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]
Shots = Callable[[Page, str], None]
#: the first map by UMAP compiles it
UMAP_MS = 180_000


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server over the samples, of which two runs are stored."""
    with site(tmp_path_factory.mktemp("grouped"), ingest=[ROOT / "samples", "--customer-from", CUSTOMER_FROM]) as one:
        for space in ("embedding", "scores"):
            body = json.dumps({"k": 4, "space": space}).encode()
            address = one.url("/v1/collections/default/clusterings")
            urlopen(Request(address, body, {"Content-Type": "application/json"})).close()
        yield one


def drawn(page: Page, timeout_ms: float = 5_000) -> Page:
    expect(page.locator("#map")).to_have_attribute("aria-busy", "false", timeout=timeout_ms)
    return page


def reloaded(page: Page) -> Page:
    page.reload()
    return drawn(page)


def legend(page: Page) -> dict[str, int]:
    """How many points have each colour, by what it means."""
    found = page.locator("#legend button")
    found.first.wait_for()
    names = found.locator(".name").all_inner_texts()
    counts = found.locator(".small").all_inner_texts()
    return {name: int(count.split(",")[0]) for name, count in zip(names, counts, strict=True)}


def test_the_map_in_each_colour(grouped: Site, open_page: OpenPage, accessible: Check, shots: Shots) -> None:
    page = drawn(open_page(grouped.url("/clusters")))
    utterances = sum(legend(page).values())
    assert {name.split()[-1] for name in legend(page)} >= {"Angry", "Happy", "Neutral"}
    page.get_by_label("Coloured by").select_option("customer")
    page.get_by_role("button", name="Show", exact=True).click()
    drawn(page)
    assert "colour=customer" in page.url
    assert legend(page).keys() == {"amara", "beatriz", "conor"}
    page.get_by_label("Coloured by").select_option("cluster")
    page.locator("[name=run]").select_option("1")
    page.get_by_role("button", name="Show", exact=True).click()
    drawn(page)
    assert legend(page).keys() == {f"Cluster {n}" for n in range(4)}
    assert sum(legend(page).values()) == utterances
    accessible(page)
    shots(page, "clusters")


def test_other_layouts_and_spaces(grouped: Site, open_page: OpenPage) -> None:
    page = drawn(open_page(grouped.url("/clusters")))
    page.get_by_label("Laid out by").select_option("tsne")
    page.get_by_label("What counts as similar").select_option("embedding")
    page.get_by_role("button", name="Show", exact=True).click()
    drawn(page)
    expect(page.locator("#map-gist")).to_contain_text("by t-SNE in space embedding")


def test_umap_lays_out_all_of_it_and_keeps_neighbours(grouped: Site, open_page: OpenPage) -> None:
    require(find_spec("umap") is not None, "no UMAP: pip install 'emovec-db[maps]'")
    page = drawn(open_page(grouped.url("/clusters")))
    everything = legend(page)
    page.get_by_label("Laid out by").select_option("umap")
    page.get_by_label("What counts as similar").select_option("scores")
    with page.expect_response("**/maps?*", timeout=UMAP_MS) as answer:
        page.get_by_role("button", name="Show", exact=True).click()
    drawn(page, UMAP_MS)
    expect(page.locator("#map-gist")).to_contain_text("by UMAP in space scores")
    assert legend(page) == everything

    # of the same emotion are those that lie nearest, far more often than by chance
    columns = answer.value.json()
    places = np.array([columns["x"], columns["y"]], float).T
    apart = np.linalg.norm(places[:, None] - places, axis=2) + np.diag([np.inf] * len(places))
    labels = np.array(columns["label"])
    alike = np.mean(labels[apart.argmin(axis=1)] == labels)
    by_chance = np.mean(labels[:, None] == labels)
    assert alike > 2 * by_chance


def test_a_method_that_is_not_installed(grouped: Site, open_page: OpenPage) -> None:
    page = open_page(grouped.url("/server"))
    page.expected_failures = {501}  # type: ignore[attr-defined]
    missing = {"code": "missing_part", "message": "run pip install 'emovec-db[maps]'", "detail": {}}
    page.route("**/maps?*", lambda route: route.fulfill(status=501, json=missing))
    page.goto(grouped.url("/clusters?method=umap"))
    expect(page.get_by_role("alert")).to_contain_text("pip install 'emovec-db[maps]'")


def test_filters_narrow_the_map(grouped: Site, open_page: OpenPage) -> None:
    page = drawn(open_page(grouped.url("/clusters?colour=customer")))
    page.get_by_text("Only some utterances").click()
    page.locator("[name=customer]").fill("amara")
    page.get_by_role("button", name="Show", exact=True).click()
    drawn(page)
    assert legend(page).keys() == {"amara"}
    page.locator("[name=customer]").fill("nobody")
    page.expected_failures = {400}  # type: ignore[attr-defined]
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("no utterance of collection 'default' matches")


def test_a_lasso_by_mouse_and_what_lies_in_it(
    grouped: Site, open_page: OpenPage, accessible: Check, shots: Shots
) -> None:
    page = drawn(open_page(grouped.url("/clusters")))
    counts = legend(page)
    page.get_by_role("button", name="Draw a line around some").click()
    box = page.locator("#plane").bounding_box()
    assert box is not None
    left, top, right, bottom = box["x"] + 3, box["y"] + 3, box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    selection = page.locator("#selection")
    expect(selection.get_by_role("heading", name="Selected on the map")).to_be_focused()
    expect(selection).to_contain_text(f"{sum(counts.values())} utterances")
    for name, count in counts.items():
        expect(selection.get_by_role("row", name=name.split()[-1])).to_contain_text(f"{count}, ")
    expect(selection.locator("clip-player")).to_have_count(min(50, sum(counts.values())))
    searched = selection.get_by_role("link", name="Search for more like these").get_attribute("href")
    assert searched is not None
    assert len(re.findall(r"like=\d+", searched)) == min(50, sum(counts.values()))
    accessible(page)
    shots(page, "clusters-lasso")
    assert "within=" in reloaded(page).url
    expect(selection).to_contain_text(f"{sum(counts.values())} utterances")
    page.get_by_role("button", name="Clear the selection").click()
    expect(selection).to_be_hidden()
    assert "within=" not in page.url


def test_points_by_keyboard(grouped: Site, open_page: OpenPage) -> None:
    page = drawn(open_page(grouped.url("/clusters")))
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#point clip-player")).to_be_visible()
    first = page.url
    page.keyboard.press("ArrowLeft")
    expect(page).not_to_have_url(first)
    page.keyboard.press("Enter")
    expect(page.locator("#ring")).to_be_visible()
    page.get_by_role("button", name="Those around the point").click()
    expect(page.locator("#selection clip-player").first).to_be_visible()
    at = re.search(r"point=(\d+)", page.url)
    assert at is not None
    reloaded(page)
    more = page.locator("#point").get_by_role("link", name="More like this")
    expect(more).to_have_attribute("href", f"/search?like={at[1]}")


def test_one_colour_alone_stays_alone(grouped: Site, open_page: OpenPage) -> None:
    page = drawn(open_page(grouped.url("/clusters?colour=customer")))
    page.get_by_role("button", name="conor").click()
    reloaded(page)
    expect(page.get_by_role("button", name="conor")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Play a random point").click()
    expect(page.locator("#point .origin")).to_contain_text("conor")


def test_a_click_on_a_point_plays_it(grouped: Site, open_page: OpenPage) -> None:
    page = drawn(open_page(grouped.url("/clusters")))
    page.emulate_media(reduced_motion="reduce")  # nothing glides while its place is measured
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    ring = page.locator("#ring")
    expect(page).to_have_url(re.compile("point="))
    box = ring.bounding_box()
    assert box is not None
    reached = page.url
    page.keyboard.press("ArrowDown")
    expect(page).not_to_have_url(reached)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(reached)
    expect(page.locator("#point").get_by_role("button", name="Pause")).to_be_visible()


def test_run_name_and_delete(grouped: Site, open_page: OpenPage, accessible: Check) -> None:
    page = drawn(open_page(grouped.url("/clusters?customer=amara")))
    page.expected_failures = {400, 422}  # type: ignore[attr-defined]
    clusters = page.get_by_label("Number of clusters")
    clusters.fill("900")
    page.get_by_role("button", name="Run K-Means").click()
    expect(page.get_by_role("alert")).to_contain_text("k is 900, but only")
    clusters.fill("2")
    page.get_by_role("button", name="Run K-Means").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 clusters")
    expect(page.locator(".facts")).to_contain_text("customer amara")
    drawn(page)
    accessible(page)
    name = "<script>alert(1)</script>"
    card = page.locator("#cluster-1")
    card.get_by_label("Name").fill(name)
    page.keyboard.press("Enter")
    expect(card.get_by_role("status")).to_have_text("Saved.")
    for _ in range(2):
        expect(page.get_by_role("heading", level=3, name=name)).to_be_visible()
        expect(page.locator("#legend")).to_contain_text(name)
        reloaded(page)
    card.get_by_role("link", name="All members").click()
    members = page.locator("#members")
    expect(members).to_contain_text(f"Members of {name}")
    size = int(card.get_by_text("utterance").inner_text().split()[0])
    expect(members.locator("clip-player")).to_have_count(size)
    card.get_by_role("link", name="Show only this on the map").click()
    expect(page.locator("#legend").get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert "amara" not in page.locator("table").inner_text()


def test_two_runs_side_by_side(grouped: Site, open_page: OpenPage, accessible: Check, shots: Shots) -> None:
    page = drawn(open_page(grouped.url("/clusters/1")))
    page.get_by_label("Compare with").select_option("2")
    page.get_by_role("button", name="Compare").click()
    agreement = page.request.get(grouped.url("/v1/collections/default/clustering-comparisons?first=1&second=2")).json()
    expect(page.locator(".facts")).to_contain_text(f"{agreement['adjusted_rand']:.3f}".rstrip("0"))
    cells = page.locator(".contingency tbody td")
    said = [int(text.split()[0]) for text in cells.all_inner_texts()]
    assert said == [count for row in agreement["contingency"] for count in row]
    accessible(page)
    shots(page, "clusters-comparison")
    page.get_by_label("Second run").select_option("1")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".facts")).to_contain_text("Adjusted Rand index")
    expect(page.locator(".facts strong").first).to_have_text("1")


@pytest.mark.parametrize(("locale", "phone"), [("en-GB", True), ("zh-CN", False), ("zh-CN", True)])
def test_on_phones_and_in_chinese(
    grouped: Site, open_page: OpenPage, accessible: Check, shots: Shots, *, locale: str, phone: bool
) -> None:
    for number, path in enumerate(
        ("/clusters?colour=customer", "/clusters/1?cluster=0", "/cluster-comparison?first=1&second=2")
    ):
        page = open_page(grouped.url(path), locale=locale, phone=phone, dark=phone)
        if number < 2:
            drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        accessible(page)
        shots(page, f"clusters-{number}-{locale[:2]}-{'phone' if phone else 'desk'}")


def test_what_is_not_there(grouped: Site, open_page: OpenPage) -> None:
    page = open_page(grouped.url("/clusters"))
    page.expected_failures = {400, 404, 422}  # type: ignore[attr-defined]
    page.goto(grouped.url("/clusters/999"))
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto(grouped.url("/clusters?colour=cluster&run=999"))
    expect(page.get_by_role("alert")).to_contain_text("no clustering 999")
    page.goto(grouped.url("/clusters/1?cluster=nine"))
    expect(page.get_by_role("alert")).to_contain_text("expected a whole number")
    page.goto(grouped.url("/clusters?method=stars"))
    expect(page.get_by_role("alert")).to_be_visible()


def test_pages_without_charts_do_not_load_them(grouped: Site, open_page: OpenPage) -> None:
    page = open_page(grouped.url("/server"))
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.encodedBodySize, 0)"
    )
    assert 0 < loaded < 60_000
    page.goto(grouped.url("/clusters"))
    drawn(page)
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.encodedBodySize, 0)"
    )
    assert 60_000 < loaded < 400_000
