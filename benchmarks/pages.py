"""What a browser loads for each page at first, and how soon a clip of 5 s that somebody chose has its result shown.

python -m benchmarks.pages

Needs Chromium (`apt install chromium`).
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium
from benchmarks.draft import SECONDS, clips
from benchmarks.http_search import served
from benchmarks.processes import run
from benchmarks.report import ROOT, Report, Spread, arguments, table

#: by name the address of each page; {draft} is a draft of the samples' server
PAGES = {
    "Classify": "/",
    "a result": "/drafts/{draft}",
    "Search": "/search?like=7",
    "Archive": "/archive",
    "a recording": "/archive/10",
    "Jobs": "/jobs",
    "Customers": "/customers",
    "a customer": "/customers/amara",
    "Clusters": "/clusters",
    "Server": "/server",
}
CUSTOMER_FROM = "{customer}/{recorded_at:%Y-%m-%d}_{topic}.*"
#: granularity, and what is drawn last of its result
WAYS = {"utterance": "#wave canvas", "frame": "#curve canvas"}
LABEL, ALL = "label shown", "all of it drawn"
Took = dict[str, dict[str, list[float]]]


def loaded(opened: Browser, address: str) -> tuple[int, int]:
    """Requests and bytes, as they come over the wire with headers, of a page by a browser that has nothing yet."""
    context = opened.new_context(locale="en-GB")
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    sizes: list[int] = []
    protocol.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    protocol.send("Network.enable")
    answer = page.goto(address, wait_until="networkidle")
    if answer is None or not answer.ok:
        raise SystemExit(f"{address}: {answer and answer.status}")
    context.close()
    return len(sizes), sum(sizes)


def took_ms(page: Page, start: str, granularity: str, clip: bytes) -> tuple[float, float]:
    """From choosing a clip until its label is shown, and until all of its result is drawn."""
    page.goto(start)
    page.check(f"[name=granularity][value={granularity}]")
    chosen: Any = {"name": "clip.wav", "mimeType": "audio/wav", "buffer": clip}
    began_s = perf_counter()
    page.set_input_files("#recording", chosen)
    page.click("#send")
    page.wait_for_selector(".wording")
    shown_s = perf_counter()
    page.wait_for_selector(WAYS[granularity])
    return (shown_s - began_s) * 1000, (perf_counter() - began_s) * 1000


def classified(opened: Browser, start: str, sent: Sequence[bytes]) -> tuple[Took, str]:
    """Each granularity by turns, no clip twice; and the token of a draft, as its page's address has it."""
    page = opened.new_page()
    for granularity, clip in zip(WAYS, sent, strict=False):  # whoever is first fills the browser's cache
        took_ms(page, start, granularity, clip)
    took: Took = {granularity: {LABEL: [], ALL: []} for granularity in WAYS}
    for granularity, clip in zip(itertools.cycle(WAYS), sent[len(WAYS) :], strict=False):
        label_ms, all_ms = took_ms(page, start, granularity, clip)
        took[granularity][LABEL].append(label_ms)
        took[granularity][ALL].append(all_ms)
    token = page.url.rpartition("/")[2]
    page.close()
    return took, token


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="clips for each granularity (default 30)")
    asked = parser.parse_args()
    rounds = 2 if asked.smoke else asked.rounds
    report = Report("pages", asked.out)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.out) as folder:
        data = Path(folder).absolute() / "data"
        # so that pages have something to show
        run([sys.executable, "-m", "emovec_db", "ingest", ROOT / "samples", "--customer-from", CUSTOMER_FROM], data)
        with served(data) as server, chromium() as opened:
            site = f"http://{server.host}:{server.port}"
            took, draft = classified(opened, site + "/", clips(asked.out, (rounds + 1) * len(WAYS)))
            sizes = {name: loaded(opened, site + address.format(draft=draft)) for name, address in PAGES.items()}
    report.publish(
        [
            "First load of each page, by a browser that has nothing of it yet; compressed, with headers:",
            table(
                ["page", "address", "requests", "KB"],
                [[name, f"`{PAGES[name]}`", count, f"{size / 1000:.0f}"] for name, (count, size) in sizes.items()],
            ),
            f"{rounds} clips of {SECONDS:g} s for each granularity, 16-bit WAV, by turns in one browser, no clip "
            "twice, by `compact`; ms from choosing the clip, median (10th to 90th percentile):",
            table(
                ["granularity", LABEL, ALL, "slowest label"],
                [
                    [way, Spread.of(times[LABEL]), Spread.of(times[ALL]), f"{max(times[LABEL]):.0f}"]
                    for way, times in took.items()
                ],
            ),
        ],
        {"bytes": {name: size for name, (_, size) in sizes.items()}, "ms": took},
    )


if __name__ == "__main__":
    main()
