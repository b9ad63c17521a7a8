"""Time and memory of Emotion2Vec+ against the length of one recording, 3 s to 3 h; each in a process of its own.

python -m benchmarks.encoder_lengths

Recordings up to 30 s are encoded whole, longer ones cut as an archive's are; then all frame scores are computed.
Writes encoder_lengths.csv, and encoder_lengths.png where matplotlib is installed.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
from pathlib import Path

from benchmarks.processes import python, run
from benchmarks.report import Report, arguments, figure, table
from benchmarks.variants import loader, model_directory

LENGTHS_S = (3, 10, 30, 100, 300, 1000, 3600, 10_800)
_ENCODE = """
import json, numpy, resource
from time import perf_counter
from benchmarks.clips import babble
from emovec_db.speech.windows import segment, slice_of
{loader}
second = numpy.concatenate([babble(1, seed) for seed in range(8)])
waveform = numpy.resize(second, {seconds} * 16000)
encode([waveform[:48000]])
began_s = perf_counter()
{work}
print(json.dumps(perf_counter() - began_s))
"""
WORK = {
    "utterances": "encode([slice_of(waveform, part) for part in segment({seconds})])",
    "frame scores": "encode.__self__.encode_frames(waveform)",
}


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--variant", default="torch fp32", help="as benchmarks.encoder names it (default torch fp32)")
    parser.add_argument("--longest", type=int, default=LENGTHS_S[-1], help="seconds (default 10800)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one per core")
    asked = parser.parse_args()
    lengths = LENGTHS_S[:2] if asked.smoke else [seconds for seconds in LENGTHS_S if seconds <= asked.longest]
    report = Report("encoder_lengths", asked.out)
    load = loader(asked.variant, model_directory(asked.out, tiny=asked.smoke), asked.threads)
    rows = []
    for seconds in lengths:
        for name, work in WORK.items():
            code = _ENCODE.format(loader=load, seconds=seconds, work=work.format(seconds=seconds))
            done = run(python(code), asked.out / "data")
            rows.append((name, seconds, json.loads(done.stdout.splitlines()[-1]), done.peak_mb))
    shown = [[name, length, figure(took), figure(length / took), figure(peak)] for name, length, took, peak in rows]
    report.publish(
        [
            f"{asked.variant}, {asked.threads} threads:",
            table(
                ["what", "length, s", "took, s", "× real time", "peak MB"],
                shown,
            ),
        ],
        {"variant": asked.variant, "rows": rows},
    )
    _write(asked.out / "encoder_lengths.csv", rows)


def _write(path: Path, rows: list[tuple[str, int, float, float]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("what", "length_s", "took_s", "peak_mb"), *rows])
    if importlib.util.find_spec("matplotlib"):
        _plot(path.with_suffix(".png"), rows)


def _plot(path: Path, rows: list[tuple[str, int, float, float]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    drawing, axes = pyplot.subplots(1, 2, figsize=(10, 4))
    for name in WORK:
        own = [row for row in rows if row[0] == name]
        for axis, column, unit in zip(axes, (2, 3), ("seconds", "peak MB"), strict=True):
            axis.plot([row[1] / 60 for row in own], [row[column] for row in own], marker="o", label=name)
            axis.set(xlabel="length, minutes", ylabel=unit, ylim=(0, None))
    axes[0].legend()
    drawing.tight_layout()
    drawing.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
