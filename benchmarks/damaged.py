"""`emovec ingest` of damaged recordings: each is taken in or fails with a code; how long it takes, and how much memory.

python -m benchmarks.damaged
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from benchmarks.clips import babble
from benchmarks.damage import Damaged, bombs, spoil
from benchmarks.processes import ProcessRun, emovec, run
from benchmarks.report import ROOT, Report, arguments, figure, table
from emovec_db.audio.wav import write_wav

FIXTURES = ROOT.parent / "shared" / "data" / "fixtures"
#: over the limit of a file in an archive, 6 hours
BOMB_HOURS = 6.5
TAKEN_IN = "taken in"
#: exit codes of an ingest: all taken in, some failed
CODES = (0, 3)


def sources(folder: Path) -> list[Path]:
    """Real recordings where they lie beside the project, else generated ones."""
    real = [path for path in sorted(FIXTURES.rglob("*")) if path.is_file() and path.suffix not in {".md", ".csv"}]
    if real:
        return real
    made = [folder / f"{seed}.wav" for seed in range(3)]
    for seed, path in enumerate(made):
        write_wav(path, babble(3.5, seed))
    return made


def outcomes(damaged: Sequence[Damaged], document: dict[str, object]) -> dict[str, Counter[str]]:
    """By kind of damage, how many files were taken in, and how many failed with each code."""
    errors = document["errors"]
    assert isinstance(errors, list)
    codes = {Path(unquote(error["uri"])).name: error["code"] for error in errors}
    found: dict[str, Counter[str]] = {}
    for one in damaged:
        found.setdefault(one.kind, Counter())[codes.get(one.path.name, TAKEN_IN)] += 1
    return found


def ingest(paths: Path | Sequence[Path], place: Path) -> tuple[ProcessRun, dict[str, object]]:
    """Ingest into a fresh data folder."""
    asked = [paths] if isinstance(paths, Path) else paths
    done = run(emovec("ingest", *asked, "--json"), place / "data", codes=CODES)
    document: dict[str, object] = json.loads(done.stdout)
    return done, document


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--files", type=int, default=600, help="how many damaged files (default 600)")
    asked = parser.parse_args()
    count, hours = (20, 0.01) if asked.smoke else (asked.files, BOMB_HOURS)
    report = Report("damaged", asked.out)
    with tempfile.TemporaryDirectory() as place:
        folder, whole, spoilt = (Path(place) / name for name in ("sources", "whole", "spoilt"))
        for made in (folder, whole, spoilt):
            made.mkdir()
        originals = sources(folder)
        undamaged, _ = ingest(originals, whole)
        archive = spoilt / "archive"
        archive.mkdir()
        damaged = [*spoil(originals, archive, count), *bombs(archive, hours)]
        size_mb = sum(one.path.stat().st_blocks * 512 for one in damaged) / 1e6
        took, document = ingest(archive, spoilt)
        checked = json.loads(run(emovec("check", "--json"), spoilt / "data").stdout)
    found = outcomes(damaged, document)
    codes = sorted(set().union(*found.values()) - {TAKEN_IN})
    everything = sum(found.values(), Counter[str]())
    if sum(everything.values()) != len(damaged) or not checked["consistent"]:
        raise SystemExit(f"{len(damaged)} files, but {everything}; check says {checked}")
    report.publish(
        [
            f"{len(damaged)} files, {size_mb:.0f} MB, made from {len(originals)} recordings; what became of them:",
            table(
                ["damage", "files", TAKEN_IN, "failed", "with the codes"],
                [
                    [kind, counts.total(), counts[TAKEN_IN], counts.total() - counts[TAKEN_IN], _told(counts, codes)]
                    for kind, counts in [*found.items(), ("all", everything)]
                ],
            ),
            "The ingest of them, and of the recordings that they were made from:",
            table(
                ["files", "seconds", "CPU seconds", "greatest process, MB"],
                [
                    [what, figure(one.seconds), figure(one.cpu_s), figure(one.peak_mb)]
                    for what, one in (("damaged", took), ("whole", undamaged))
                ],
            ),
        ],
        {"outcomes": found, "damaged": took.cpu_s, "peak_mb": took.peak_mb, "peak_mb_whole": undamaged.peak_mb},
    )


def _told(counts: Counter[str], codes: Sequence[str]) -> str:
    return ", ".join(f"{code} {counts[code]}" for code in codes if counts[code])


if __name__ == "__main__":
    main()
