"""The compact encoder: time per 5 s clip, load time, peak memory, × real time.

python -m benchmarks.compact
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.clips import gather, waveforms
from benchmarks.processes import python, run
from benchmarks.report import Report, Spread, arguments, figure, table
from emovec_db.domain.sound import Waveform
from emovec_db.encoder.compact import CompactEncoder

CLIP_S = 5.0
#: first runs allocate
WARM_UP = 10

_LIBRARIES = "import numpy, onnxruntime"
_LOADED = """
import json
from time import perf_counter
began_s = perf_counter()
import numpy
from emovec_db.encoder.compact import CompactEncoder
encoder = CompactEncoder(threads=1)
print(json.dumps(perf_counter() - began_s))
encoder.encode([numpy.random.default_rng(0).standard_normal({samples}).astype("f4") * 0.1])
"""
#: what a fresh process does, by the name that the table shows
PROCESSES = {
    "Python": "pass",
    "with numpy and onnxruntime": _LIBRARIES,
    "with the encoder, one clip of 5 s": _LOADED.format(samples=80_000),
    "with the encoder, one utterance of 30 s": _LOADED.format(samples=480_000),
}


def encode_each(clips: Sequence[Waveform], threads: Sequence[int]) -> dict[int, list[tuple[float, float]]]:
    """Milliseconds of each clip, on the clock and of the processor, by number of threads; they take turns."""
    encoders = {count: CompactEncoder(threads=count) for count in threads}
    took_ms: dict[int, list[tuple[float, float]]] = {count: [] for count in threads}
    for encoder in encoders.values():
        encoder.encode(clips[:WARM_UP])
    for clip in clips:
        for count, encoder in encoders.items():
            began_s, cpu_s = perf_counter(), process_time()
            encoder.encode([clip])
            took_ms[count].append(((perf_counter() - began_s) * 1000, (process_time() - cpu_s) * 1000))
    return took_ms


def fresh_processes(rounds: int) -> tuple[dict[str, list[float]], list[float]]:
    """Peak memory in MB of each of `PROCESSES`, in turns, and the seconds that loading took."""
    peaks: dict[str, list[float]] = {name: [] for name in PROCESSES}
    load_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, code in PROCESSES.items():
                done = run(python(code), Path(folder) / "data")
                peaks[name].append(done.peak_mb)
                load_s += [json.loads(done.stdout)] if done.stdout else []
    return peaks, load_s


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=500, help="how many clips of 5 s (default 500)")
    parser.add_argument("--rounds", type=int, default=7, help="how many fresh processes of each kind (default 7)")
    asked = parser.parse_args()
    clips, rounds = (5, 1) if asked.smoke else (asked.clips, asked.rounds)
    report = Report("compact", asked.out)
    folder, what = gather(asked.out, min(clips, 100))
    sounds = waveforms(sorted(folder.iterdir()), CLIP_S, clips)
    threads = sorted({1, len(os.sched_getaffinity(0))})
    took_ms = encode_each(sounds, threads)
    speed = {count: Spread.of([wall for wall, _ in took]) for count, took in took_ms.items()}
    cpu = {count: Spread.of([used for _, used in took]) for count, took in took_ms.items()}
    peaks, load_s = fresh_processes(rounds)
    memory, loading = {name: Spread.of(values) for name, values in peaks.items()}, Spread.of(load_s)
    report.publish(
        [
            f"{clips} clips of {CLIP_S:g} s, {what}, one at a time; medians (p10–p90):",
            table(
                ["threads", "ms per 5 s clip", "CPU ms", "× real time", "against one thread"],
                [
                    [
                        count,
                        took,
                        cpu[count],
                        figure(CLIP_S * 1000 / took.median),
                        f"{speed[1].median / took.median:.2f} ×",
                    ]
                    for count, took in speed.items()
                ],
            ),
            f"Fresh processes, {rounds} of each, in turns. Load time, imports included: {loading} s.",
            table(["process", "peak memory, MB"], [[name, peak] for name, peak in memory.items()]),
        ],
        {
            "clips": clips,
            "sounds": what,
            "ms_per_clip": speed,
            "cpu_ms_per_clip": cpu,
            "load_s": loading,
            "peak_mb": memory,
        },
    )


if __name__ == "__main__":
    main()
