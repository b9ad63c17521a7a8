"""Time and memory of Emotion2Vec+ against the length of one recording, 3 s to 3 h; each in a process of its own.

python -m benchmarks.encoder_lengths

Recordings up to 30 s are encoded whole, longer ones cut as an archive's are; then all frame scores are computed.
With --plot FILE time and memory are drawn.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import python, run
from benchmarks.report import Report, arguments, figure, table
from benchmarks.variants import loader, model_directory

LENGTHS_S = (3, 10, 30, 100, 300, 1000, 10_800)
COLUMNS = ("variant", "what", "length, s", "took, s", "× real time", "peak MB")
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


@dataclass(frozen=True, slots=True)
class Measured:
    """One process."""

    variant: str
    work: str
    length_s: int
    took_s: float
    peak_mb: float

    def row(self) -> list[object]:
        """As the table shows it."""
        return [
            self.variant, self.work, self.length_s, figure(self.took_s), figure(self.length_s / self.took_s),
            figure(self.peak_mb),
        ]  # fmt: skip


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument(
        "--variants", nargs="+", default=["torch bf16", "torch int8"], help="as benchmarks.encoder names them"
    )
    parser.add_argument("--longest", type=int, default=LENGTHS_S[-1], help="seconds of sound (default 10800)")
    parser.add_argument("--longest-frames", type=int, default=1000, help="the same for frame scores (default 1000)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one per core")
    parser.add_argument("--plot", type=Path, help="draw time and memory into this file (.svg, .png); needs matplotlib")
    asked = parser.parse_args()
    # each process imports torch anew: one of each kind of work is enough to show that it runs
    lengths, variants = (LENGTHS_S[:1], asked.variants[:1]) if asked.smoke else (LENGTHS_S, asked.variants)
    longest = {"utterances": asked.longest, "frame scores": asked.longest_frames}
    report = Report("encoder_lengths", asked.out)
    directory = model_directory(asked.out, tiny=asked.smoke)
    measured = [
        measure(variant, work, seconds, directory, asked)
        for seconds in lengths
        for variant in variants
        for work in WORK
        if seconds <= longest[work]
    ]
    report.publish(
        [f"{asked.threads} threads:", table(COLUMNS, [one.row() for one in measured])],
        {"threads": asked.threads, "measured": measured},
    )
    if asked.plot:
        plot(asked.plot, measured)


def measure(variant: str, work: str, seconds: int, directory: Path, asked: argparse.Namespace) -> Measured:
    """In a process of its own: one short piece to warm up, then the clock runs."""
    load = loader(variant, directory, asked.threads)
    code = _ENCODE.format(loader=load, seconds=seconds, work=WORK[work].format(seconds=seconds))
    done = run(python(code), asked.out / "data")
    return Measured(variant, work, seconds, json.loads(done.stdout.splitlines()[-1]), done.peak_mb)


def plot(path: Path, measured: Sequence[Measured]) -> None:
    """Seconds and memory over length, both axes linear."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams["svg.hashsalt"] = "emovec-db"  # the same drawing is the same file
    drawing, axes = pyplot.subplots(1, 2, figsize=(10, 4))
    for variant, work in dict.fromkeys((one.variant, one.work) for one in measured):
        own = [one for one in measured if (one.variant, one.work) == (variant, work)]
        minutes = [one.length_s / 60 for one in own]
        axes[0].plot(minutes, [one.took_s / 60 for one in own], marker="o", label=f"{variant}, {work}")
        axes[1].plot(minutes, [one.peak_mb for one in own], marker="o")
    for axis, unit in zip(axes, ("minutes to encode", "peak memory, MB"), strict=True):
        axis.set(xlabel="length of the recording, minutes", ylabel=unit, xlim=(0, None), ylim=(0, None))
    axes[0].legend()
    drawing.tight_layout()
    drawing.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
