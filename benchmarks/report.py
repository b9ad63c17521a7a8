"""What every benchmark prints and keeps: the machine, the date, the load, Markdown tables, JSON."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import load, machine

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Spread:
    """Many measurements of one thing."""

    count: int
    median: float
    p10: float
    p90: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Percentiles, interpolated between neighbours."""
        p10, median, p90, p95 = np.percentile(values, [10, 50, 90, 95])
        return cls(len(values), float(median), float(p10), float(p90), float(p95))

    def __str__(self) -> str:
        return f"{figure(self.median)} ({figure(self.p10)}–{figure(self.p90)})"

    def p50_p95(self) -> str:
        """As tables of latencies show it."""
        return f"{figure(self.median)} / {figure(self.p95)}"


def figure(value: float) -> str:
    """Three significant digits, or all that stand before the point."""
    if value == 0:
        return "0"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's run: begun, then published."""

    name: str
    out: Path
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    load_before: float = field(default_factory=load)

    def publish(self, tables: Sequence[str], figures: dict[str, Any]) -> None:
        """Print the tables, and write the figures to a file of the benchmark's name."""
        conditions = {
            "date": f"{self.began:%Y-%m-%d}",
            "machine": machine(),
            "load_before": round(self.load_before, 1),
            "load_after": round(load(), 1),
        }
        print(
            f"`{self.name}`, {conditions['date']}, {conditions['machine']}; load average "
            f"{conditions['load_before']} before, {conditions['load_after']} after.\n"
        )
        print("\n\n".join(tables))
        self.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**conditions, **figures}, indent=2, default=asdict)
        (self.out / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser of the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for figures and data (default build/benchmarks)")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    return parser
