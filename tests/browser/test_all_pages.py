"""Every page at desktop and phone width in both languages: it fits, is accessible, has a heading and title of its own.

With EMOVEC_SHOTS=FOLDER their pictures lie there, for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site
from tests.conftest import ROOT

CALL = ROOT / "samples" / "amara" / "2026-04-14_call.webm"
#: by the name of the picture
PAGES = {
    "classify": "/",
    "search": "/search?like=7&unlike=9",
    "archive": "/archive?sort=-duration_s",
    "recording": "/archive/10",
    "deletion": "/archive/10/deletion",
    "jobs": "/jobs",
    "job": "/jobs/1",
    "customers": "/customers",
    "customer": "/customers/amara?period=month",
    "two-customers": "/customer-comparison?first=amara&second=beatriz",
    "clusters": "/clusters?colour=customer",
    "run": "/clusters/1",
    "two-runs": "/cluster-comparison?first=1&second=2",
    "server": "/server",
}
CASES = [(locale, phone) for locale in ("en-GB", "zh-CN") for phone in (False, True)]


@pytest.fixture(scope="module")
def clustered(samples: Site) -> Site:
    for k in ("3", "4"):
        assert samples.emovec.run("cluster", "-k", k).code == 0
    return samples


@pytest.mark.parametrize(("locale", "phone"), CASES)
def test_every_page(
    clustered: Site,
    open_page: Callable[..., Page],
    accessible: Callable[[Page], None],
    shots: Callable[[Page, str], None],
    locale: str,
    *,
    phone: bool,
) -> None:
    page = open_page(clustered.url("/server"), locale=locale, phone=phone)
    with CALL.open("rb") as recording:
        draft = page.request.post(
            clustered.url("/v1/collections/default/drafts"),
            multipart={
                "granularity": "frame",
                "recording": {"name": CALL.name, "mimeType": "audio/webm", "buffer": recording.read()},
            },
        ).json()
    titles = set()
    for name, path in {**PAGES, "draft": f"/drafts/{draft['token']}"}.items():
        page.goto(clustered.url(path), wait_until="networkidle")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        assert page.locator("html").get_attribute("lang") == {"en-GB": "en", "zh-CN": "zh-CN"}[locale]
        titles.add(page.title())
        accessible(page)
        shots(page, f"{name}-{locale[:2]}-{'phone' if phone else 'desktop'}")
    assert len(titles) == len(PAGES) + 1
