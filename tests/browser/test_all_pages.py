"""Every page at desktop and phone width in both languages: it fits, is accessible, has a heading and title of its own.

With EMOVEC_SHOTS=FOLDER their pictures lie there, for people to look at.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site, site
from tests.conftest import ROOT

CALL = ROOT / "samples" / "amara" / "2026-04-14_call.webm"
STORM = ROOT / "samples" / "beatriz" / "2026-04-02_storm.webm"
#: the code with which `emovec ingest` ends when some recordings failed
SOME_FAILED = 3
UNBROKEN_CUSTOMERS = ("a" * 120, "b" * 120)
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


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server over recordings, customers and a job whose names give no place to break a line."""
    folder = tmp_path_factory.mktemp("unbroken")
    for customer, sound in zip(UNBROKEN_CUSTOMERS, (CALL, STORM), strict=True):
        kept = folder / "recordings" / customer
        kept.mkdir(parents=True)
        shutil.copy(sound, kept / ("c" * 200 + ".webm"))
        (kept / ("d" * 200 + ".wav")).write_bytes(b"no sound")
    with site(folder) as one:
        assert one.emovec.run("ingest", folder / "recordings", "--customer-from", "{customer}/*").code == SOME_FAILED
        assert one.emovec.run("cluster", "-k", "2").code == 0
        yield one


@pytest.mark.parametrize(
    "path",
    [
        "/search?like=1",
        "/archive",
        "/archive/1",
        "/archive/1/deletion",
        "/jobs",
        "/jobs/1",
        "/customers",
        f"/customers/{UNBROKEN_CUSTOMERS[0]}",
        "/customer-comparison?first={}&second={}".format(*UNBROKEN_CUSTOMERS),
        "/clusters?colour=customer",
        "/clusters/1",
        "/server",
    ],
)
def test_names_without_a_break_fit_on_a_phone(unbroken: Site, open_page: Callable[..., Page], path: str) -> None:
    page = open_page(unbroken.url(path), phone=True)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == page.evaluate("window.innerWidth")
