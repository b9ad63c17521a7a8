"""Recordings by the course of their emotion: what an archive takes, and how well planted ones are found.

python -m benchmarks.trajectories
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks import made_up_calls
from benchmarks.clips import SPEECH
from benchmarks.planted import CLARITIES, Planted, plant, precision_and_recall, quality
from benchmarks.processes import ProcessRun, emovec, run
from benchmarks.report import Report, Spread, arguments, figure, table

RECORDINGS = 100_000
PLANTED = 90
QUESTIONS = {
    "`'neutral > angry 5s > calm'`": ["neutral > angry 5s > calm"],
    "the same, 1 % of the recordings": ["neutral > angry 5s > calm", "--customer", "customer-07"],
    "`'fearful 60s > sad 60s'` (none)": ["fearful 60s > sad 60s"],
    "`--like 17`": ["--like", "17"],
}


def asked(folder: Path, words: Sequence[str]) -> ProcessRun:
    """One question as the command, from its start to its end."""
    done = run(emovec("trajectories", *words, "--json"), folder)
    assert "matches" in json.loads(done.stdout)
    return done


def speed_rows(folder: Path, count: int, rounds: int) -> list[list[str]]:
    """A row per question; questions take turns."""
    runs: dict[str, list[ProcessRun]] = {name: [] for name in QUESTIONS}
    for _ in range(rounds):
        for name, words in QUESTIONS.items():
            runs[name].append(asked(folder, words))
    return [
        [
            name,
            str(Spread.of([one.seconds for one in done])),
            str(Spread.of([one.cpu_s for one in done])),
            figure(count / Spread.of([one.cpu_s for one in done]).median),
            figure(max(one.peak_mb for one in done)),
        ]
        for name, done in runs.items()
    ]


def quality_rows(planted: Sequence[Planted]) -> list[list[str]]:
    """A row for tracks and one for utterances."""
    rows = []
    for name, tracks in {
        "the track": [one.track for one in planted],
        "its utterances": [one.by_utterances for one in planted],
    }.items():
        of_three, of_two, off_s = quality(planted, tracks)
        rows.append([name, f"{of_three:.2f}", f"{of_two:.2f}", f"{off_s:.1f}"])
    return rows


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--recordings", type=int, default=RECORDINGS, help=f"made up (default {RECORDINGS})")
    parser.add_argument("--rounds", type=int, default=3, help="of each question (default 3)")
    parser.add_argument("--planted", type=int, default=PLANTED, help=f"of each pause (default {PLANTED})")
    asked_for = parser.parse_args()
    if asked_for.smoke:
        asked_for.recordings, asked_for.rounds, asked_for.planted = 200, 1, 3
    report = Report("trajectories", asked_for.out)
    folder = made_up_calls.fill(asked_for.out.absolute() / f"tracks-{asked_for.recordings}", asked_for.recordings)
    speed = speed_rows(folder, asked_for.recordings, asked_for.rounds)
    tables = [table(["question", "seconds", "CPU seconds", "recordings per CPU second", "peak MB"], speed)]
    figures: dict[str, object] = {"recordings": asked_for.recordings, "speed": speed}
    if SPEECH.is_dir():
        planted = plant(asked_for.out.absolute() / "planted", asked_for.planted)
        found = quality_rows(planted)
        shares = [[f"{clarity:.1f}", *precision_and_recall(planted, clarity)] for clarity in CLARITIES]
        head = ["searched by", "mAP of three parts", "mAP of two", "change found to (s, median)"]
        tables += [table(head, found), table(["clarity", "precision", "recall"], shares)]
        figures |= {"planted": len(planted), "quality": found, "clarities": shares}
    report.publish(tables, figures)


if __name__ == "__main__":
    main()
