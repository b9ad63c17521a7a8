"""Take the README's pictures of the pages: `python -m tools.make_pictures` writes docs/images/ anew.

Of a server of its own over the samples, by Chromium (`apt install chromium`), with few colours so that they stay small.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

import emovec_db
from benchmarks.chromium import chromium
from benchmarks.http_search import served
from emovec_db.database import Collection

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CUSTOMER_FROM = "{customer}/{recorded_at:%Y-%m-%d}_{topic}.*"
DESKTOP, PHONE = (1280, 900), (390, 844)
COLOURS = 128


def main() -> None:
    """Ingest the samples, serve them, take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with emovec_db.open(data) as database:
            names = _stored(database.collection())
        with served(data) as server, chromium() as browser:
            _take_all(browser, f"http://{server.host}:{server.port}", names)


def _stored(samples: Collection) -> dict[str, int]:
    """The samples, ingested and clustered; ids of the call and of a complaint's utterance."""
    samples.ingest(ROOT / "samples", customer_from=CUSTOMER_FROM)
    run = samples.cluster(4)
    for cluster, name in enumerate(("glad", "calm", "cross", "taken aback")):
        samples.name_cluster(run.clustering_id, cluster, name)
    ids = {(one.uris[0].rpartition("/")[2]): one.recording_id for one in samples.recordings(limit=100).items}
    complaint = samples.utterances(ids["2026-03-26_complaint.webm"])[0]
    return {"call": ids["2026-04-14_call.webm"], "complaint": complaint.utterance_id, "run": run.clustering_id}


def _take_all(browser: Browser, server: str, ids: dict[str, int]) -> None:
    page = _opened(browser, f"{server}/")
    page.locator("input[type=file]").set_input_files(ROOT / "samples" / "amara" / "2026-04-14_call.webm")
    page.locator("input[value=frame]").check()
    page.locator("form button[type=submit], form button:not([type])").last.click()
    page.wait_for_url("**/drafts/*")
    draft = page.url
    _take(page, "classified")
    for name, path in {
        "search": f"/search?like={ids['complaint']}",
        "recording": f"/archive/{ids['call']}",
        "customer": "/customers/beatriz",
        "clusters": f"/clusters?colour=cluster&run={ids['run']}",
    }.items():
        _take(_opened(browser, server + path), name)
    _take(_opened(browser, draft, PHONE, "zh-CN"), "phone")


def _opened(browser: Browser, address: str, size: tuple[int, int] = DESKTOP, locale: str = "en-GB") -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=locale, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    return page


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    if name in {"search", "customer", "clusters"}:
        _past_the_form(page)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    page.context.close()


def _past_the_form(page: Page) -> None:
    """To what the page is about."""
    page.locator("main h2").nth(1).scroll_into_view_if_needed()
    page.locator("main h2").nth(1).evaluate("heading => window.scrollTo(0, heading.offsetTop - 20)")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
