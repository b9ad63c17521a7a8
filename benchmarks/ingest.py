"""`emovec ingest` over many clips: recordings/s, × real time, peak memory; again unchanged; and what bounds it.

python -m benchmarks.ingest
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.clips import LIMITS, gather
from benchmarks.processes import ProcessRun, emovec, run
from benchmarks.report import Report, Spread, arguments, figure, table
from emovec_db.audio.decode import decode
from emovec_db.domain.sound import Sound
from emovec_db.encoder.compact import CompactEncoder
from emovec_db.services.encoding import encode_sounds
from emovec_db.speech.windows import Windows

#: as many sounds as `emovec ingest` hands to the encoder at once
BATCH = 64
FIRST, AGAIN = "`emovec ingest`", "the same again, nothing new"
DECODE = "decode alone, one thread"


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds, on the clock and of the processor, and peak memory of the same thing in every round."""

    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    def took(self, process: ProcessRun) -> None:
        """Note a process."""
        self.seconds.append(process.seconds)
        self.cpu_s.append(process.cpu_s)
        self.peak_mb.append(process.peak_mb)


class Rounds:
    """The whole ingest and its parts over the same clips; they take turns in each round."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths = sorted(folder.iterdir())
        cores = len(os.sched_getaffinity(0))
        self._encoders = {_encoding(threads): CompactEncoder(threads=threads) for threads in sorted({1, cores})}
        self.of = {name: Measured() for name in (FIRST, AGAIN, DECODE, *self._encoders)}
        #: seconds of sound in the clips
        self.sound_s = 0.0

    def play(self) -> None:
        """One more round, on a fresh data folder."""
        with tempfile.TemporaryDirectory() as folder:
            for name, expected in ((FIRST, "ingested"), (AGAIN, "unchanged")):
                done = run(emovec("ingest", self._folder, "--json"), Path(folder) / "data")
                _check(json.loads(done.stdout), expected, len(self.paths))
                self.of[name].took(done)
        with self._timed(DECODE):
            sounds = [decode(path, limits=LIMITS)[0] for path in self.paths]
        self.sound_s = sum(sound.duration_s for sound in sounds)
        for name, encoder in self._encoders.items():
            with self._timed(name):
                _encode(encoder, sounds)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began_s, cpu_s = perf_counter(), process_time()
        yield
        self.of[name].seconds.append(perf_counter() - began_s)
        self.of[name].cpu_s.append(process_time() - cpu_s)


def _encoding(threads: int) -> str:
    return f"encode alone, {threads} thread{'s' if threads > 1 else ''}"


def _encode(encoder: CompactEncoder, sounds: Sequence[Sound]) -> None:
    windows = Windows()
    for start in range(0, len(sounds), BATCH):
        encode_sounds(encoder, [(sound, windows.cut(sound.waveform)) for sound in sounds[start : start + BATCH]])


def _check(document: dict[str, int], expected: str, count: int) -> None:
    """Clips that decode to the same samples are recordings of their own, so every file counts."""
    if document[expected] != count:
        raise SystemExit(f"expected {count} {expected}, got {document}")


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=1000, help="how many clips (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how many runs, each on a fresh data folder (default 3)")
    asked = parser.parse_args()
    clips, rounds = (4, 1) if asked.smoke else (asked.clips, asked.rounds)
    report = Report("ingest", asked.out)
    folder, what = gather(asked.out, clips)
    measured = Rounds(folder)
    count = len(measured.paths)
    for _ in range(rounds):
        measured.play()
    seconds = {name: Spread.of(one.seconds) for name, one in measured.of.items()}
    cpu = {name: Spread.of(one.cpu_s) for name, one in measured.of.items()}
    peaks = {name: Spread.of(one.peak_mb) for name, one in measured.of.items() if one.peak_mb}
    rates = {name: Spread.of([count / took_s for took_s in one.seconds]) for name, one in measured.of.items()}
    report.publish(
        [
            f"{count} {what}, {measured.sound_s / 60:.0f} minutes of sound; {rounds} rounds, each on a fresh "
            "data folder; the first two are whole processes; medians (p10–p90):",
            table(
                ["what", "recordings/s", "× real time", "seconds", "CPU seconds", "peak memory, MB"],
                [
                    [name, rates[name], figure(measured.sound_s / took.median), took, cpu[name], peaks.get(name, "")]
                    for name, took in seconds.items()
                ],
            ),
        ],
        {
            "clips": count,
            "sounds": what,
            "sound_s": measured.sound_s,
            "seconds": seconds,
            "cpu_s": cpu,
            "recordings_per_s": rates,
            "peak_mb": peaks,
        },
    )


if __name__ == "__main__":
    main()
