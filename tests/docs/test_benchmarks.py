"""Every benchmark is documented and still runs; how quick anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks import chromium
from benchmarks.mixture import Mixture
from benchmarks.report import Spread, figure, table
from tests.conftest import ROOT, require
from tests.docs.pages import read

PAGE = "docs/benchmarks.md"
FOLDER = ROOT / "benchmarks"
FILES = sorted(path for path in FOLDER.rglob("*.py") if path.stem != "__init__")
#: those that measure: they have the common options
SCRIPTS = [path.stem for path in FILES if "arguments(__doc__)" in path.read_text(encoding="utf-8")]
#: says what it needs where that is absent
NEEDS_GPU = "encoder_gpu"
#: open pages in a browser
NEED_BROWSER = {"map_page", "pages"}


def python(*words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def heads(text: str) -> set[str]:
    """The head of each Markdown table."""
    lines = text.splitlines()
    return {head for head, rule in pairwise(lines) if rule.startswith("| ---")}


def test_every_file_is_named_in_the_page() -> None:
    page = read(PAGE)

    names = [path.relative_to(FOLDER).as_posix() for path in FILES]
    assert [name for name in names if f"`{name}`" not in page] == []
    assert [name for name in SCRIPTS if f"python -m benchmarks.{name}\n" not in page] == []


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all benchmarks, as people have it: clips, models and databases are made once."""
    return tmp_path_factory.mktemp("benchmarks")


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != NEEDS_GPU])
def test_benchmark_runs_and_prints_the_tables_of_the_page(name: str, out: Path) -> None:
    if name in NEED_BROWSER:
        require(chromium.program(), "no Chromium: `apt install chromium`")
    printed = python(f"benchmarks.{name}", "--smoke", "--out", out)

    assert heads(printed)
    assert heads(printed) <= heads(read(PAGE))
    kept = (out / f"{name}.json").read_text(encoding="utf-8")
    assert {"date", "machine", "load_before", "load_after"} < json.loads(kept).keys()
    assert str(ROOT) not in printed + kept


def test_machine_is_described_in_one_line() -> None:
    assert python("benchmarks.machine").count("\n") == 1


def test_spread_and_figures() -> None:
    assert Spread.of(range(101)) == Spread(101, 50, 10, 90, 95)
    assert [figure(value) for value in (0, 0.012345, 1.2345, 12.345, 123.45, 12345.6)] == [
        "0", "0.0123", "1.23", "12.3", "123", "12,346",
    ]  # fmt: skip
    assert table(["a", "b"], [[1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |"


def test_mixture_is_the_same_every_time_and_has_its_structure() -> None:
    drawn, again = (Mixture(64).block(3) for _ in range(2))

    np.testing.assert_array_equal(drawn.vectors, again.vectors)
    np.testing.assert_allclose(np.linalg.norm(drawn.vectors, axis=1), 1, atol=1e-6)
    similarities = drawn.vectors @ drawn.vectors.T
    same_emotion = drawn.emotions[:, None] == drawn.emotions
    same_speaker = drawn.speakers[:, None] == drawn.speakers
    np.fill_diagonal(same_emotion, val=False)
    # squares of the weights over their sum: 0.36, 0.25, 0.09 and 0.49 of 1.19
    assert similarities[same_emotion & ~same_speaker].mean() == pytest.approx(0.36 / 1.19, abs=0.05)
    assert similarities[same_speaker & ~same_emotion].mean() == pytest.approx(0.25 / 1.19, abs=0.05)
