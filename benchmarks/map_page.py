"""The page of a large collection's map in a real browser: how soon it is drawn, and how soon it follows.

python -m benchmarks.map_page

Needs Chromium. Uses the databases of `benchmarks.search` below --out, and writes them where they are absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium
from benchmarks.http_search import served
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.stored import fill

SIZES, DIM = (10_000, 100_000), 1024
COLOURS = ("label", "customer")
#: notes when the map is drawn, in milliseconds since the page was asked for
_WATCH = """
addEventListener("DOMContentLoaded", () => {
  const map = document.getElementById("map");
  new MutationObserver(() => {
    if (map.getAttribute("aria-busy") === "false") window.drawnMs ??= performance.now();
  }).observe(map, { attributes: true });
});
"""
_LOADED = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const map = all.find(({ name }) => name.includes("/maps?"));
  return {
    drawn_ms: window.drawnMs,
    map_ms: map.duration,
    bytes: all.reduce((sum, one) => sum + one.encodedBodySize, 0),
    map_bytes: map.encodedBodySize,
    heap_bytes: performance.memory.usedJSHeapSize,
  };
}"""
#: what readers do, each until two frames later
_FOLLOWS = """async (act) => {
  const acts = {
    alone: () => document.querySelector("#legend button").click(),
    step: () => document.getElementById("plane").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" })),
    zoom: () => document.querySelector("[data-zooms]").click(),
  };
  const began = performance.now();
  acts[act]();
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
ACTS = {"alone": "one colour alone", "step": "to the next point by a key", "zoom": "closer"}


@dataclass(slots=True)
class Seen:
    """What was measured of one collection's page."""

    #: the first in a new process of the server, and those after it, for which the server keeps the map
    first: dict[str, float]
    again: list[dict[str, float]] = field(default_factory=list)
    acts_ms: dict[str, list[float]] = field(default_factory=lambda: {act: [] for act in ACTS})


def seen(browser: Browser, folder: Path, rounds: int) -> Seen:
    """Open the page in a new server, then again with each colour by turns."""
    with served(folder) as connection:
        address = f"http://{connection.host}:{connection.port}/clusters?space=embedding"
        with _opened(browser, address) as (_, loaded):
            found = Seen(loaded)
        for number in range(rounds):
            with _opened(browser, f"{address}&colour={COLOURS[number % len(COLOURS)]}") as (page, loaded):
                found.again.append(loaded)
                for act in ACTS:
                    found.acts_ms[act].append(page.evaluate(_FOLLOWS, act))
    return found


@contextmanager
def _opened(browser: Browser, address: str) -> Iterator[tuple[Page, dict[str, float]]]:
    """The page, in a browser that has nothing of it yet, once its map is drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    page.locator("#map[aria-busy='false']").wait_for(timeout=120_000)
    loaded: dict[str, float] = page.evaluate(_LOADED)
    yield page, loaded
    context.close()


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="utterances (default 10000 100000)")
    parser.add_argument("--rounds", type=int, default=10, help="visits for each size (default 10)")
    asked = parser.parse_args()
    sizes, dim, rounds = ((400,), 16, 2) if asked.smoke else (asked.sizes, DIM, asked.rounds)
    report = Report("map_page", asked.out)
    folders = {size: fill(asked.out / f"search-{size}-{dim}", size, dim).folder for size in sizes}
    with chromium() as browser:
        measured = {size: seen(browser, folder, rounds) for size, folder in folders.items()}
    report.publish(
        [
            f"Of {dim} dimensions, by PCA; {rounds} visits of each page by a browser that has nothing of it, after one "
            "in a server just started; medians (p10–p90). Bytes are as they are sent, compressed.",
            table(
                ["points", "first visit: drawn, s", "map kept: drawn, s", "of it the map's answer, s", "sent, KB",
                 "of it the map, KB", "JavaScript heap, MB"],
                [[f"{size:,}", *_loaded_row(one)] for size, one in measured.items()],
            ),
            table(
                ["points", *(f"{name}, ms" for name in ACTS.values())],
                [[f"{size:,}", *(str(Spread.of(one.acts_ms[act])) for act in ACTS)] for size, one in measured.items()],
            ),
        ],
        {str(size): one for size, one in measured.items()},
    )  # fmt: skip


def _loaded_row(one: Seen) -> Iterator[str]:
    def spread(name: str, per: float) -> Spread:
        return Spread.of([loaded[name] / per for loaded in one.again])

    yield figure(one.first["drawn_ms"] / 1000)
    yield str(spread("drawn_ms", 1000))
    yield str(spread("map_ms", 1000))
    yield figure(spread("bytes", 1000).median)
    yield figure(spread("map_bytes", 1000).median)
    yield figure(spread("heap_bytes", 1e6).median)


if __name__ == "__main__":
    main()
