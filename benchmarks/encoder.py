"""Emotion2Vec+: every variant against FunASR's `generate`, in turns; parity, share of the processor's limit, memory.

python -m benchmarks.encoder
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from benchmarks.processes import python, run
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.variants import GENERATE, Variant, clips_of, gflop, limits_gflops, load, loader, model_directory, names
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.encoder.verify import measure

_FRESH = """
import json, numpy
from time import perf_counter
began_s = perf_counter()
{loader}
loaded_s = perf_counter() - began_s
if {samples}:
    encode([numpy.random.default_rng(0).standard_normal({samples}).astype("f4") * 0.1])
print(json.dumps(loaded_s))
"""
#: the last word of a variant's name to the kind of product whose speed limits it; the rest multiplies float32
KINDS = {"bf16": "bf16", "int8": "int8", "int8-onnx": "int8"}
#: the other variants differ in a word of what loads them
SMOKE_VARIANTS = (GENERATE, "onnxruntime fp32")
#: takes no seconds to import torch in each process
SMOKE_PROCESSES = SMOKE_VARIANTS[1:]


@dataclass(slots=True)
class Turns:
    """Seconds of each round, on the clock and of the processor."""

    clock_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)


def take_turns(variants: dict[str, Variant], clips: Sequence[Waveform], rounds: int) -> dict[str, Turns]:
    """Each round goes through all variants, beginning with another one each time; one round before is not counted."""
    turns = {name: Turns() for name in variants}
    order = list(variants)
    for number in range(rounds + 1):
        for name in order[number % len(order) :] + order[: number % len(order)]:
            began_s, cpu_s = perf_counter(), process_time()
            variants[name](clips)
            if number:
                turns[name].clock_s.append(perf_counter() - began_s)
                turns[name].cpu_s.append(process_time() - cpu_s)
    return turns


def speed_table(turns: dict[str, Turns], clips: Sequence[Waveform], directory: Path, limits: dict[str, float]) -> str:
    """Ratios are of the same round, so that what else the machine did falls on both sides."""
    seconds, work = sum(map(len, clips)) / SAMPLE_RATE_HZ, gflop(clips, directory)
    rows = []
    for name, own in turns.items():
        ratios = [base / ours for base, ours in zip(turns[GENERATE].clock_s, own.clock_s, strict=True)]
        cpu_ratios = [base / ours for base, ours in zip(turns[GENERATE].cpu_s, own.cpu_s, strict=True)]
        clock = Spread.of([took_s / seconds * 1000 for took_s in own.clock_s])
        limit = limits[KINDS.get(name.rpartition(" ")[2], "fp32")]
        share = f"{100 * work / float(np.median(own.clock_s)) / limit:.0f} %"
        rows.append([name, clock, figure(1000 / clock.median), Spread.of(ratios), Spread.of(cpu_ratios), share])
    head = ["variant", "ms per s of sound", "× real time", "× generate", "× generate, CPU time", "of the limit"]
    return table(head, rows)


def parity_table(directory: Path, clips: Sequence[Waveform], threads: int, variants: Sequence[str]) -> str:
    """Each variant's report."""
    rows = []
    for name in variants:
        encoder = load(name, directory, threads).__self__  # type: ignore[attr-defined]
        report = measure(encoder, directory, clips)
        rows.append(
            [name, f"{report.max_embedding_deviation:.1e}", f"{report.mean_embedding_deviation:.1e}",
             f"{report.max_score_deviation:.1e}", f"{report.min_cosine:.6f}", f"{report.top1_agreement:.0%}"]
        )  # fmt: skip
    return table(["variant", "max embedding", "mean embedding", "max score", "min cosine", "same top label"], rows)


def memory_table(directory: Path, folder: Path, threads: int, rounds: int, variants: Sequence[str]) -> str:
    """Fresh processes: seconds to load, imports included, and peak memory once loaded and after 30 s of sound."""
    bare = run(python("import torch, funasr"), folder / "data").peak_mb
    rows = [["import torch, funasr", "", figure(bare), ""]]
    for name in variants:
        runs = {
            samples: [
                run(python(_FRESH.format(loader=loader(name, directory, threads), samples=samples)), folder / "data")
                for _ in range(rounds)
            ]
            for samples in (0, 480_000)
        }
        loaded_s = Spread.of([float(done.stdout.splitlines()[-1]) for own in runs.values() for done in own])
        peaks = [Spread.of([done.peak_mb for done in own]) for own in runs.values()]
        rows.append([name, str(loaded_s), *map(str, peaks)])
    return table(["process", "load, s", "peak MB loaded", "peak MB after 30 s of sound"], rows)


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=24, help="how many clips of 3 to 8 s (default 24)")
    parser.add_argument("--rounds", type=int, default=7, help="how often each variant encodes them (default 7)")
    parser.add_argument("--processes", type=int, default=3, help="how many fresh processes of each kind (default 3)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one per core")
    asked = parser.parse_args()
    count, rounds = (3, 1) if asked.smoke else (asked.clips, asked.rounds)
    chosen = SMOKE_VARIANTS if asked.smoke else names()
    processes, alone = (1, SMOKE_PROCESSES) if asked.smoke else (asked.processes, names())
    report = Report("encoder", asked.out)
    directory = model_directory(asked.out, tiny=asked.smoke)
    clips, what = clips_of(asked.out, count)
    parity = parity_table(directory, clips, asked.threads, chosen[1:])
    variants = {name: load(name, directory, asked.threads) for name in chosen}
    limits = limits_gflops(rounds)
    turns = take_turns(variants, clips, rounds)
    variants.clear()
    limit_text = ", ".join(f"{name} {figure(limit)}" for name, limit in limits.items())
    report.publish(
        [
            f"{len(clips)} pieces of 3 to 8 s, {what}, {rounds} rounds in turns, {asked.threads} threads; "
            f"{gflop(clips, directory) / sum(map(len, clips)) * SAMPLE_RATE_HZ:.1f} GFLOP per second of sound; "
            f"limit (the blocks' largest product by itself, 512 × 1024 × 4096), GFLOP/s: {limit_text}.",
            speed_table(turns, clips, directory, limits),
            "Against `generate`, on random weights: bf16 and int8 have to be measured again on the real ones.",
            parity,
            memory_table(directory, asked.out, asked.threads, processes, alone),
        ],
        {"clips": count, "rounds": rounds, "threads": asked.threads, "limits_gflops": limits, "turns": turns},
    )


if __name__ == "__main__":
    main()
