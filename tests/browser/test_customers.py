"""Customers at a glance, one's profile, two side by side, and what is taken along of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from emovec_db.audio.decode import decode
from tests.browser.conftest import CUSTOMER_FROM, LIMITS
from tests.browser.sites import Site, site
from tests.conftest import ROOT
from tests.sounds import write

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]
Shots = Callable[[Page, str], None]
SAMPLES = ROOT / "samples"
ODD_NAMES = ("a/b", "a//b", "/../recordings/1", "<script>alert(1)</script>", "客户 甲", "?x#y", "100%25")
CUSTOMERS = "/v1/collections/default/customers"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Beside the three of the samples: rosa, who grows angry, and customers of odd names."""
    folder = tmp_path_factory.mktemp("people")
    with site(folder, ingest=[SAMPLES, "--customer-from", CUSTOMER_FROM]) as one:
        outcome = one.emovec.run("ingest", "--manifest", str(_more_people(folder)))
        assert outcome.code == 0, outcome.stderr
        yield one


def _more_people(folder: Path) -> Path:
    calm, angry = SAMPLES / "conor" / "2026-03-25_pictures.mp3", SAMPLES / "amara" / "2026-03-17_delivery.ogg"
    spoken = {path: decode(path, limits=LIMITS)[0].waveform for path in (calm, angry)}
    begin, rows = datetime.fromisoformat("2026-03-02T10:00:00+00:00"), []

    def say(customer: str, path: Path, days: int) -> None:
        # no two files are the same, else the second would be passed over
        file = write(folder / f"{len(rows)}.wav", spoken[path][: -160 * (len(rows) + 1)])
        rows.append((str(file), customer, (begin + timedelta(days=days)).isoformat()))

    for call in range(18):
        say("rosa", calm if call < 9 else angry, 3 * call)
    for number, name in enumerate(ODD_NAMES):
        say(name, (calm, angry)[number % 2], number)
    manifest = folder / "people.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("uri", "customer", "recorded_at"), *rows])
    return manifest


def answer(page: Page, people: Site, path: str) -> Any:
    found = page.request.get(people.url(path))
    assert found.ok, found.text()
    return found.json()


def names(page: Page) -> list[str]:
    return page.locator("table.customers tbody th").all_inner_texts()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_all_customers_sorted_sought_and_as_the_api_says(
    people: Site, open_page: OpenPage, accessible: Check, shots: Shots
) -> None:
    page = open_page(people.url("/customers"))
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Customer")
    assert names(page) == [one["customer"] for one in answer(page, people, CUSTOMERS)["items"]]
    rosa = page.locator("tr", has=page.get_by_role("link", name="rosa"))
    expect(rosa.locator(".direction")).to_have_text("↗ rising")
    expect(page.locator("tr", has_text="beatriz").locator(".badge")).to_contain_text("Happy")
    accessible(page)
    shots(page, "customers-en-desktop")

    page.get_by_role("link", name="Recordings", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Recordings")
    assert names(page)[:2] == ["rosa", "amara"]
    page.get_by_label("Sort by").focus()
    page.keyboard.press("ArrowUp")  # on the way to another: nothing is sent before it is said
    page.get_by_label("Sort by").select_option("sad")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Mean scores")
    assert names(page) == [one["customer"] for one in answer(page, people, f"{CUSTOMERS}?sort=sad")["items"]]
    page.get_by_label("Name contains").fill("NOR")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.customers tbody th")).to_have_text(["conor"])
    assert "sort=sad" in page.url
    page.goto(people.url("/customers?containing=nobody"))
    expect(page.get_by_text("No customer's name contains “nobody”.")).to_be_visible()


def test_further_pages(people: Site, open_page: OpenPage) -> None:
    page = open_page(people.url("/customers?limit=3&sort=angry"))
    seen = names(page)
    while page.get_by_role("link", name="Next page").count():
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("table.customers tbody th").first).not_to_have_text(seen[-3])
        seen += names(page)
    assert seen == [one["customer"] for one in answer(page, people, f"{CUSTOMERS}?sort=angry")["items"]]
    page.get_by_role("link", name="Back to the first").click()
    expect(page.locator("table.customers tbody th")).to_have_text(seen[:3])


@pytest.mark.parametrize("phone", [False, True])
def test_a_profile_says_what_the_api_says(
    people: Site, open_page: OpenPage, accessible: Check, shots: Shots, *, phone: bool
) -> None:
    page = open_page(people.url("/customers/rosa"), phone=phone)
    profile = answer(page, people, f"{CUSTOMERS}/rosa/profile")
    for label, one in profile["scores"].items():
        row = page.locator(f"section:has(#scores) tr[data-label={label}]")
        expect(row).to_contain_text(f"{one['mean'] * 100:.1f}\u00a0%")
        expect(row).to_contain_text(f"{one['low'] * 100:.1f}\u00a0% to {one['high'] * 100:.1f}\u00a0%")
    words = {"higher": "risen", "lower": "fallen", "unclear": "no clear change"}
    verdicts = {label: one["verdict"] for label, one in profile["change"]["scores"].items()}
    assert verdicts["angry"] == "higher"
    for label, verdict in verdicts.items():
        expect(page.locator(f"tr[data-label={label}] .verdict")).to_contain_text(words[verdict])
    expect(page.locator("#volatility")).to_have_text(f"{profile['volatility']:.2f}".rstrip("0"))
    shown = [int(one.get_attribute("recording") or 0) for one in page.locator(".match clip-player").all()]
    assert shown == [one["recording_id"] for one in (*profile["typical"], *profile["unusual"])]
    expect(page.locator("table.nearest tbody th")).to_have_text([one["customer"] for one in profile["nearest"]])
    assert fits(page)
    page.get_by_text("The trend as a table").click()
    expect(page.locator("details[open] tbody tr")).to_have_count(len(profile["trend"]))
    accessible(page)
    shots(page, f"customer-en-{'phone' if phone else 'desktop'}")


def test_a_profile_in_chinese_on_a_phone(people: Site, open_page: OpenPage, accessible: Check, shots: Shots) -> None:
    page = open_page(people.url("/customers/rosa"), locale="zh-CN", phone=True)
    expect(page.get_by_role("heading", name="与自身基线相比的变化")).to_be_visible()
    expect(page.locator("tr[data-label=angry] .verdict")).to_have_text("▲ 上升")
    assert fits(page)
    accessible(page)
    shots(page, "customer-zh-phone")


def test_another_history_stays_in_the_address(people: Site, open_page: OpenPage) -> None:
    page = open_page(people.url("/customers/rosa"))
    legend = page.locator("#legend")
    expect(legend.locator("input:checked")).to_have_count(3)
    fearful = legend.get_by_label("Fearful")
    fearful.focus()
    page.keyboard.press("Space")
    assert "show=fearful" in page.url
    page.get_by_label("Trend by").select_option("month")
    page.get_by_label("Recorded from").fill("2026-03-10")
    page.get_by_label("Counts as recent from").fill("2026-04-01")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Apr 1, 2026 on, called recent: 8.")).to_be_visible()
    expect(page.get_by_text("Mean scores month by month.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Trend by")).to_have_value("month")
    expect(legend.get_by_label("Fearful")).to_be_checked()
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert all(part in page.url for part in ("period=month", "since=2026-03-10", "show=fearful"))


def test_too_few_recordings_are_called_so(people: Site, open_page: OpenPage, accessible: Check) -> None:
    page = open_page(people.url("/customers/a/b"))
    expect(page.get_by_text("With fewer than three recordings there are no intervals")).to_be_visible()
    expect(page.get_by_text("Too few recordings to tell")).to_be_visible()
    expect(page.locator("tr .verdict")).to_have_count(0)
    accessible(page)


def test_odd_names_work_in_every_link(people: Site, open_page: OpenPage) -> None:
    page = open_page(people.url("/customers"))
    for name in ODD_NAMES:
        page.goto(people.url("/customers"))
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        table = page.get_by_role("link", name="Table (CSV)").get_attribute("href") or ""
        assert name in page.request.get(people.url(table)).text()
        page.get_by_label("Compare with").fill("rosa")
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} and rosa side by side")


def test_two_side_by_side(people: Site, open_page: OpenPage, accessible: Check, shots: Shots) -> None:
    page = open_page(people.url("/customers"))
    page.get_by_label("Compare conor").check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.get_by_role("alert")).to_contain_text("tick exactly two")
    expect(page.get_by_label("One", exact=True)).to_have_value("conor")
    page.get_by_label("The other").press_sequentially("OS")
    offered = page.locator("datalist[id^=customer-names] option")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("value", "rosa")
    page.go_back()
    page.get_by_label("Compare conor").check()
    page.get_by_label("Compare amara").check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("amara and conor side by side")
    asked = "/v1/collections/default/customer-comparisons?first=amara&second=conor"
    comparison = answer(page, people, asked)
    expect(page.locator("#similarity")).to_contain_text(f"{comparison['similarity'] * 100:.1f}")
    words = {"higher": "higher: amara", "lower": "higher: conor", "unclear": "no clear difference"}
    assert {one["verdict"] for one in comparison["differences"].values()} == set(words)
    for label, one in comparison["differences"].items():
        row = page.locator(f"tr[data-label={label}]")
        expect(row.locator(".verdict")).to_contain_text(words[one["verdict"]])
        expect(row).to_contain_text(f"{one['difference'] * 100:+.1f}" if round(one["difference"], 3) else "0.0")
        expect(row).to_contain_text(f"{comparison['second']['scores'][label]['mean'] * 100:.1f}\u00a0%")
    difference = comparison["differences"]["angry"]["difference"]
    accessible(page)
    shots(page, "comparison-en-desktop")
    page.get_by_role("link", name="Swap").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("conor and amara side by side")
    expect(page.locator("tr[data-label=angry] .verdict")).to_contain_text("higher: amara")

    rows = csv_of(page, people, page.get_by_role("link", name="Table (CSV)").get_attribute("href") or "")
    (angry,) = [row for row in rows if (row["section"], row["name"]) == ("difference", "angry")]
    assert float(angry["value"]) == pytest.approx(-difference)
    assert {row["customer"] for row in rows} == {"amara", "conor"}


def csv_of(page: Page, people: Site, href: str) -> list[dict[str, str]]:
    text = page.request.get(people.url(href)).body().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_comparison_in_chinese_on_a_phone(people: Site, open_page: OpenPage, accessible: Check, shots: Shots) -> None:
    page = open_page(people.url("/customer-comparison?first=amara&second=rosa"), locale="zh-CN", phone=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("amara 与 rosa 并排对比")
    assert fits(page)
    accessible(page)
    shots(page, "comparison-zh-phone")


def test_the_table_of_a_profile_is_that_of_its_time(people: Site, open_page: OpenPage) -> None:
    page = open_page(people.url("/customers/rosa?since=2026-04-01&period=month"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Table (CSV)").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    profile = answer(page, people, f"{CUSTOMERS}/rosa/profile?since=2026-04-01&period=month")
    scores = {row["name"]: float(row["value"]) for row in rows if row["section"] == "score"}
    assert scores == {label: one["mean"] for label, one in profile["scores"].items()}
    assert {row["note"] for row in rows if row["section"] == "trend"} == {"month"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/customers/a/b", "emovec-a_b.png"),
        ("/customers/rosa", "emovec-rosa.png"),
        ("/customer-comparison?first=rosa&second=%E5%AE%A2%E6%88%B7%20%E7%94%B2", "emovec-rosa-客户_甲.png"),
    ],
)
def test_a_picture_to_take_along(people: Site, open_page: OpenPage, path: str, name: str) -> None:
    page = open_page(people.url(path), locale="zh-CN", dark=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="图片 (PNG)").click()
    assert download.value.suggested_filename == name
    with Image.open(download.value.path()) as image:
        assert image.format == "PNG"
        assert image.width == 2000
        assert 1000 < image.height < 4000
        # white paper, whatever the page's colours, and something drawn on it
        assert image.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
        assert len(image.convert("RGB").getcolors(1_000_000) or ()) > 100
    assert page.locator("html").get_attribute("data-theme") == "auto"


@pytest.mark.parametrize("path", ["/customers/rosa", "/customer-comparison?first=rosa&second=amara"])
def test_on_paper_there_is_the_report_alone(people: Site, open_page: OpenPage, path: str) -> None:
    page = open_page(people.url(path))
    expect(page.locator("#trend canvas")).to_be_visible()
    page.evaluate("""() => {
      window.widths = [];
      window.addEventListener("beforeprint", () => widths.push(document.querySelector("#trend canvas").clientWidth));
    }""")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 1 <= pdf.count(b"/Type /Page\n") <= 4
    assert page.evaluate("widths") == [680], "drawn as wide as the paper"
    expect(page.locator("#trend canvas")).not_to_have_css("width", "680px")
    page.emulate_media(media="print")
    for unwanted in ("header nav", "form", "#exports", "#legend", "#deletion", "clip-player"):
        for one in page.locator(unwanted).all():
            expect(one).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#caveat")).to_contain_text("Do not judge people by them")


def test_whoever_is_unknown(people: Site, open_page: OpenPage, accessible: Check) -> None:
    page = open_page(people.url("/customers"))
    page.expected_failures = {400, 404, 422}  # type: ignore[attr-defined]
    page.goto(people.url("/customers/nobody"))
    expect(page.get_by_role("alert")).to_contain_text("no customer 'nobody'")
    page.goto(people.url("/customers/rosa?since=2030-01-01"))
    expect(page.get_by_role("alert")).to_contain_text("no recordings in that period")
    expect(page.get_by_label("Recorded from")).to_have_value("2030-01-01")
    accessible(page)
    page.get_by_role("link", name="All time").click()
    expect(page.get_by_role("heading", name="At a glance")).to_be_visible()
    page.goto(people.url("/customer-comparison?first=rosa&second=nobody"))
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    expect(page.get_by_label("One", exact=True)).to_have_value("rosa")
    page.goto(people.url("/customer-comparison?first=rosa&second=rosa"))
    expect(page.get_by_role("alert")).to_contain_text("compared with itself")
    page.goto(people.url("/customer-comparison"))
    expect(page.get_by_text("Name two customers")).to_be_visible()
    accessible(page)
    page.goto(people.url("/customers/rosa?period=year"))
    expect(page.get_by_role("alert")).to_contain_text("period")


def test_deleting_asks_first(people: Site, open_page: OpenPage, accessible: Check) -> None:
    outcome = people.emovec.run(
        "ingest", str(SAMPLES / "beatriz"), "--collection", "other", "--customer", "x/<b>", "--encoder", "compact"
    )
    assert outcome.code == 0, outcome.stderr
    page = open_page(people.url(f"/customers/{quote('x/<b>')}?collection=other"))
    page.get_by_role("button", name="Delete …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("all recordings (8)")
    accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete …").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("status")).to_have_text("The customer is deleted. Recordings that are gone: 8.")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="All customers").click()
    expect(page.get_by_text("No recording says yet whose emotion it is.")).to_be_visible()
    assert "collection=other" in page.url
    accessible(page)
