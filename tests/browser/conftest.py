"""A real browser before a real server: `emovec serve` with the compact encoder, Debian's Chromium.

Whatever page a test looks at: nothing may go wrong in its scripts, and nothing may be asked of another host.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.chromium import program
from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SoundLimits
from tests.browser.sites import Site, site
from tests.conftest import ROOT, require
from tests.sounds import write

CUSTOMER_FROM = "{customer}/{recorded_at:%Y-%m-%d}_{topic}.*"
LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=60)
#: of what axe-core calls moderate
ALSO_WRONG = ("landmark-unique",)
#: a microphone into which a recording speaks
SPEAKS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--use-file-for-fake-audio-capture=")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Gone after each module: its fake microphone takes a share of a core from whatever is tested next."""
    found = program()
    require(found, "no Chromium: `apt install chromium`")
    sound = decode(ROOT / "samples" / "amara" / "2026-03-26_complaint.webm", limits=LIMITS)[0]
    spoken = write(tmp_path_factory.mktemp("microphone") / "spoken.wav", sound.waveform)
    with sync_playwright() as playwright:
        # the pages are the project's own, and root may not use the sandbox
        arguments = ["--no-sandbox", *SPEAKS[:2], SPEAKS[2] + str(spoken)]
        opened = playwright.chromium.launch(executable_path=found, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server over the samples of three customers; whoever changes what is stored uses another collection."""
    folder = tmp_path_factory.mktemp("site")
    with site(folder, ingest=[ROOT / "samples", "--customer-from", CUSTOMER_FROM]) as one:
        yield one


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of its own: ``open_page(address, locale="zh-CN", phone=True)``.

    At the end nothing must have gone wrong on any of them, but for answers that the test expects:
    ``page.expected_failures = {404}``, or for a server that is away ``{"net::ERR"}``.
    """
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def opened(address: str, *, locale: str = "en-GB", phone: bool = False, dark: bool = False) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = browser.new_context(
            viewport=size, locale=locale, color_scheme="dark" if dark else "light", permissions=["microphone"]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watches.append(Watch(page, address))
        page.goto(address)
        return page

    yield opened
    for watch in watches:
        watch.check()
    for context in contexts:
        context.close()


class Watch:
    """What happens on a page that should not."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        self._origin = "/".join(address.split("/")[:3])
        page.expected_failures = set()  # type: ignore[attr-defined]
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.wrong.append(f"error in a script: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def check(self) -> None:
        assert self.wrong == []

    def _said(self, kind: str, text: str) -> None:
        failures = self.page.expected_failures  # type: ignore[attr-defined]
        expected = any((f"status of {one}" if isinstance(one, int) else one) in text for one in failures)
        if kind in ("error", "warning") and not expected:
            self.wrong.append(f"console {kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self._origin, "data:", "blob:")):
            self.wrong.append(f"asks another host: {url}")


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which finds what keeps people from using a page."""
    path = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    require(path.exists(), "no axe-core: `make web`")
    return path.read_text(encoding="utf-8")


@pytest.fixture
def accessible(axe: str) -> Callable[..., None]:
    """Checks that axe-core finds nothing serious on a page, and no two places of one name."""

    def check(page: Page, also: Collection[str] = ALSO_WRONG) -> None:
        # neither as a script element nor with style elements of its own: the page's policy forbids those
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        serious = [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:200] for node in one['nodes']]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical") or one["id"] in also
        ]
        assert serious == []

    return check


@pytest.fixture
def shots() -> Callable[[Page, str], None]:
    """Keeps a picture of a page in the folder that EMOVEC_SHOTS names, for people to look at."""
    folder = os.environ.get("EMOVEC_SHOTS")

    def keep(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(
                path=Path(folder) / f"{name}.png", full_page=True, caret="initial"
            )  # hiding it takes a style

    return keep
