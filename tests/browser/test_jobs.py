"""Jobs on pages: followed by events, or by asking where those can't be had; what failed; ending and retrying."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.sites import Site, site
from tests.conftest import ROOT
from tests.sounds import tone, write

OpenPage = Callable[..., Page]
Accessible = Callable[[Page], None]
CLIP = ROOT / "samples" / "amara" / "2026-03-26_complaint.webm"


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    """A server whose first job is an ingest in which two of three files failed; and their folder."""
    folder = tmp_path_factory.mktemp("jobs")
    calls = folder / "calls"
    calls.mkdir()
    (calls / "good.webm").write_bytes(CLIP.read_bytes())
    (calls / "<b>notes.wav").write_text("no sound at all", encoding="utf-8")
    write(calls / "silent.wav", tone(200, 2, level=0))
    with site(folder) as one:
        one.emovec.run("ingest", calls)
        yield one, calls


def upload(page: Page, site: Site, clip: str) -> str:
    """Queue a sample as a program would; the job's id."""
    sample = ROOT / "samples" / clip
    form = {"recording": {"name": sample.name, "mimeType": "audio/wav", "buffer": sample.read_bytes()}}
    answer = page.request.post(site.url("/v1/collections/uploads/recordings"), multipart=form)
    return str(answer.json()["job_id"])


def test_what_failed_and_why_and_again(
    failing: tuple[Site, Path], open_page: OpenPage, accessible: Accessible, shots: Callable[[Page, str], None]
) -> None:
    site, calls = failing
    page = open_page(site.url("/jobs"))
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.locator("#state").get_by_role("status")).to_contain_text("3 of 3 recordings")
    expect(page.locator("#failures tbody tr")).to_have_count(2)
    expect(page.locator("#failures")).to_contain_text("<b>notes.wav")
    accessible(page)
    shots(page, "job")
    page.locator(".kinds").get_by_role("link", name="silent").click()
    expect(page.locator("#failures tbody tr")).to_have_count(1)
    (calls / "silent.wav").write_bytes((ROOT / "samples" / "conor" / "2026-04-10_backup.wav").read_bytes())
    page.get_by_role("button", name="Retry what failed").click()
    expect(page).not_to_have_url(re.compile("/jobs/1"))
    expect(page.locator("#state").get_by_role("status")).to_contain_text("done")
    expect(page.locator("#state dl")).to_contain_text("stored1")
    expect(page.locator("#failures tbody tr")).to_have_count(1)


@pytest.mark.parametrize("blocked", [False, True])
def test_the_list_follows_jobs_with_events_or_without(
    failing: tuple[Site, Path], open_page: OpenPage, accessible: Accessible, *, blocked: bool
) -> None:
    site, _calls = failing
    page = open_page(site.url("/server"), locale="zh-CN", phone=True)
    page.expected_failures = {503}  # type: ignore[attr-defined]
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503, headers={"Retry-After": "5"}, body="")

    if blocked:
        page.route("**/v1/jobs/events*", refuse)
    page.goto(site.url("/jobs"))
    job = upload(page, site, "beatriz/2026-04-02_storm.webm" if blocked else "conor/2026-03-10_account.flac")
    row = page.locator("tr", has=page.locator(f"#job-{job}"))
    expect(row.locator(".state")).to_have_text("完成")
    assert bool(asked) == blocked
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    accessible(page)
    row.get_by_role("link").click()
    page.get_by_role("link", name=re.compile("storm|account")).click()
    expect(page).to_have_url(re.compile(r"/archive/\d+\?collection=uploads"))


def test_a_job_that_is_over_can_not_be_ended(failing: tuple[Site, Path], open_page: OpenPage) -> None:
    site, _calls = failing
    page = open_page(site.url("/jobs/1"))
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    answer = page.request.post(site.url("/jobs/1/cancel"), headers={"Accept": "text/html"})
    assert answer.status == 409
    assert "done already" in answer.text()


def test_a_server_that_is_away_is_told_until_it_answers(failing: tuple[Site, Path], open_page: OpenPage) -> None:
    site, _calls = failing
    page = open_page(site.url("/server"), locale="zh-CN")
    page.expected_failures = {"net::ERR"}  # type: ignore[attr-defined]
    for address in ("/jobs", "/jobs/1"):
        page.route("**/v1/jobs**", lambda route: route.abort("connectionrefused"))
        page.goto(site.url(address))
        expect(page.locator("#away")).to_have_text("无法连接服务器，正在重试 …")
        page.unroute("**/v1/jobs**")
        expect(page.locator("#away")).to_be_empty()


def test_a_job_is_known_by_its_file(failing: tuple[Site, Path], open_page: OpenPage, accessible: Accessible) -> None:
    site, calls = failing
    (calls / "odd.wav").write_text("no sound either", encoding="utf-8")
    site.emovec.run("ingest", calls)
    page = open_page(site.url("/server"), phone=True)
    name = "<i>" + "a_long_name_without_any_gap" * 5 + ".wav"
    form = {"recording": {"name": name, "mimeType": "audio/wav", "buffer": b"no sound"}}
    answer = page.request.post(site.url("/v1/collections/uploads/recordings"), multipart=form)
    page.goto(site.url("/jobs"))
    job = answer.json()["job_id"]
    row = page.locator("tr", has=page.locator(f"#job-{job}"))
    expect(row.locator(".file")).to_have_text(name)
    expect(page.locator("td.file", has_text=re.compile(r"\.wav …$")).first).to_be_visible()
    assert row.locator(".file").evaluate("cell => cell.getBoundingClientRect().width") < 390
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    accessible(page)
