"""Decoding in this process against decoder processes: ms per clip, clips/s by threads, and what a process costs.

python -m benchmarks.decoding
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.clips import LIMITS, gather, waveforms
from benchmarks.report import Report, Spread, arguments, figure, table
from emovec_db.audio.decode import decode
from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.audio.decoders.process import DecoderProcess
from emovec_db.audio.wav import write_wav
from emovec_db.domain.sound import Sound

TIMEOUT_S = 60
DIRECT, POOL = "this process", "decoder processes"

Decode = Callable[[Path], tuple[Sound, ...]]


def in_this_process(path: Path) -> tuple[Sound, ...]:
    """Decode where the caller is."""
    return decode(path, limits=LIMITS)


class Way:
    """One way to decode, and what it took, file by file."""

    def __init__(self, decode_one: Decode) -> None:
        self._decode = decode_one
        self.ms: list[float] = []
        self.cpu_ms: list[float] = []

    def take(self, path: Path) -> None:
        """Decode and measure."""
        began_s, cpu_s = perf_counter(), _cpu_s()
        self._decode(path)
        self.ms.append(1000 * (perf_counter() - began_s))
        self.cpu_ms.append(1000 * (_cpu_s() - cpu_s))


def _cpu_s() -> float:
    """Of this process and of those that it started in this thread."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return (
        process_time() + sum(int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children) / 1e9
    )


def latencies(kinds: dict[str, list[Path]]) -> list[list[object]]:
    """A row per kind of file: ms in both ways, which take turns at each file."""
    pool = DecoderPool(1, timeout_s=TIMEOUT_S)
    rows: list[list[object]] = []
    for kind, paths in kinds.items():
        direct, pooled = Way(in_this_process), Way(lambda path: pool.decode(path, limits=LIMITS))
        for path in (paths[0], *paths):
            direct.take(path)
            pooled.take(path)
        spreads = [Spread.of(values[1:]) for values in (direct.ms, pooled.ms, direct.cpu_ms, pooled.cpu_ms)]
        rows.append([kind, len(paths), *spreads])
    pool.close()
    return rows


def rate(way: Decode, paths: Sequence[Path], threads: int) -> float:
    """Clips per second."""
    with ThreadPoolExecutor(threads) as executor:
        began_s = perf_counter()
        for _ in executor.map(way, paths):
            pass
        return len(paths) / (perf_counter() - began_s)


def rates(paths: Sequence[Path], most: int, rounds: int) -> list[list[object]]:
    """A row per number of threads: clips/s in both ways, in turns."""
    rows: list[list[object]] = []
    for threads in range(1, most + 1):
        pool = DecoderPool(threads, timeout_s=TIMEOUT_S)

        def decoded(path: Path, pool: DecoderPool = pool) -> tuple[Sound, ...]:
            return pool.decode(path, limits=LIMITS)

        rate(decoded, paths[:threads], threads)  # starts them
        found: dict[str, list[float]] = {DIRECT: [], POOL: []}
        for _ in range(rounds):
            found[DIRECT].append(rate(in_this_process, paths, threads))
            found[POOL].append(rate(decoded, paths, threads))
        pool.close()
        spreads = {name: Spread.of(values) for name, values in found.items()}
        rows.append([threads, spreads[DIRECT], spreads[POOL], figure(spreads[POOL].median / spreads[DIRECT].median)])
    return rows


def starts(count: int) -> list[object]:
    """Seconds until a process is ready, its CPU seconds, its memory in MB."""
    seconds, cpu_s, memory_mb = [], [], []
    for _ in range(count):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began_s = perf_counter()
        process = DecoderProcess()
        seconds.append(perf_counter() - began_s)
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory_mb.append(int(status.partition("VmRSS:")[2].split()[0]) / 1000)
        process.end()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return [count, Spread.of(seconds), Spread.of(cpu_s), Spread.of(memory_mb)]


def five_seconds(clips: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """WAV files of 5 s of the clips."""
    paths = [folder / f"{number:04}.wav" for number in range(count)]
    for path, waveform in zip(paths, waveforms(clips, 5, count), strict=True):
        write_wav(path, waveform)
    return paths


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=300, help="how many clips (default 300)")
    parser.add_argument("--rounds", type=int, default=5, help="how many runs of each rate (default 5)")
    asked = parser.parse_args()
    count, rounds, cores = (3, 1, 1) if asked.smoke else (asked.clips, asked.rounds, len(os.sched_getaffinity(0)))
    report = Report("decoding", asked.out)
    folder, what = gather(asked.out, count)
    clips = sorted(folder.iterdir())
    with tempfile.TemporaryDirectory() as place:
        wavs = five_seconds(clips, Path(place), count)
        by_kind = latencies({"5 s, WAV, 16 kHz": wavs, what: clips})
    by_threads = rates(clips, cores, rounds)
    started = starts(1 if asked.smoke else 10)
    report.publish(
        [
            f"One file at a time, in turns, in {DIRECT} and in a process of the pool; medians (p10–p90):",
            table(["files", "count", f"ms, {DIRECT}", "ms, pool", f"CPU ms, {DIRECT}", "CPU ms, pool"], by_kind),
            f"{len(clips)} {what}, clips/s; {rounds} rounds in turns:",
            table(["threads", f"clips/s in {DIRECT}", f"clips/s in as many {POOL}", "ratio"], by_threads),
            "A decoder process, until it is ready:",
            table(["starts", "seconds", "CPU seconds", "memory, MB"], [started]),
        ],
        {"latencies": by_kind, "rates": by_threads, "starts": started},
    )


if __name__ == "__main__":
    main()
