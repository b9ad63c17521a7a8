"""How long the command takes to start, and which packages take the time.

python -m benchmarks.startup
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import ProcessRun, emovec, run
from benchmarks.report import Report, Spread, arguments, table

#: what the project allows `emovec --help` and `import emovec_db`
LIMIT_S = 0.4
LIMITED = ("`import emovec_db`", "`emovec --help`")
#: packages with a smaller share are not shown
LEAST_SHARE = 0.03
#: self time in µs, cumulative time, module: a line that -X importtime writes
_IMPORT = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)$", re.MULTILINE)

STARTS: dict[str, Sequence[str | Path]] = {
    "`python -c pass`": [sys.executable, "-c", "pass"],
    "`import emovec_db`": [sys.executable, "-c", "import emovec_db"],
    "`emovec --help`": emovec("--help"),
    "`emovec collections`": emovec("collections"),
}


def starts(data_dir: Path, rounds: int) -> dict[str, list[ProcessRun]]:
    """Each start; they take turns, after one turn that warms the disk cache and makes the database."""
    runs: dict[str, list[ProcessRun]] = {name: [] for name in STARTS}
    for turn in range(rounds + 1):
        for name, argv in STARTS.items():
            done = run(argv, data_dir)
            runs[name] += [done] if turn else []
    return runs


def import_times(argv: Sequence[str | Path], data_dir: Path) -> Counter[str]:
    """Microseconds that importing each top-level package took by itself; the interpreter's tracing slows all alike."""
    stderr = run([sys.executable, "-X", "importtime", *argv[argv[0] == sys.executable :]], data_dir).stderr
    took_us: Counter[str] = Counter()
    for microseconds, module in _IMPORT.findall(stderr):
        package = module.partition(".")[0]
        own = package in sys.stdlib_module_names or package.startswith("_frozen")
        took_us["the standard library" if own else package] += int(microseconds)
    return took_us


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="how many starts of each kind (default 10)")
    asked = parser.parse_args()
    rounds = 1 if asked.smoke else asked.rounds
    report = Report("startup", asked.out)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        runs = starts(data_dir, rounds)
        imports = {name: import_times(argv, data_dir) for name, argv in STARTS.items()}
    took = {name: Spread.of([one.seconds for one in done]) for name, done in runs.items()}
    cpu = {name: Spread.of([one.cpu_s for one in done]) for name, done in runs.items()}
    bare_s = took["`python -c pass`"].median
    report.publish(
        [
            f"{rounds} starts of each in turns, files cached; medians (p10–p90):",
            table(
                ["start", "seconds", "CPU seconds", "× bare Python", f"within {LIMIT_S} s", "imports"],
                [
                    [
                        name,
                        spread,
                        cpu[name],
                        f"{spread.median / bare_s:.1f}",
                        _verdict(name, spread),
                        _shares(imports[name]),
                    ]
                    for name, spread in took.items()
                ],
            ),
        ],
        {"limit_s": LIMIT_S, "seconds": took, "cpu_s": cpu, "import_us": imports},
    )


def _verdict(name: str, spread: Spread) -> str:
    if name not in LIMITED:
        return "no limit"
    return "yes" if spread.median <= LIMIT_S else "**no**"


def _shares(took_us: Counter[str]) -> str:
    shares = [(name, took / took_us.total()) for name, took in took_us.most_common()]
    return ", ".join(f"{name} {share:.0%}" for name, share in shares if share >= LEAST_SHARE)


if __name__ == "__main__":
    main()
