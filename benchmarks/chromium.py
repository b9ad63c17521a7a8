"""A real browser for benchmarks of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    """Where Chromium is; None where there is none."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium; SystemExit where there is none."""
    found = program()
    if found is None:
        raise SystemExit("no Chromium: `apt install chromium`")
    with sync_playwright() as playwright:
        # the pages are the project's own, and root may not use the sandbox
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
