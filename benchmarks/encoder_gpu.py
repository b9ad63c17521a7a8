"""Emotion2Vec+ on a GPU against FunASR's `generate` on the same GPU.

python -m benchmarks.encoder_gpu

Needs an NVIDIA GPU with 8 GB and a torch built for CUDA (pip install torch from its CUDA index); says so where there
is none. FLOP utilisation is against the fastest product of 8192 × 8192 × 8192 in the same precision, measured here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.encoder import take_turns
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.variants import GENERATE, clips_of, gflop, model_directory
from emovec_db.domain.sound import SAMPLE_RATE_HZ
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder

PRECISIONS = ("fp32", "bf16")


def limit_gflops(precision: str) -> float:
    """The fastest of ten large products, 10^9 a second."""
    import torch

    x = torch.randn(8192, 8192, device="cuda", dtype=torch.float32 if precision == "fp32" else torch.bfloat16)
    fastest_s = min(_waited(lambda: x @ x) for _ in range(10))
    return 2 * 8192**3 / 1e9 / fastest_s


def _waited(work: Callable[[], Any]) -> float:
    import torch

    torch.cuda.synchronize()
    began_s = perf_counter()
    work()
    torch.cuda.synchronize()
    return perf_counter() - began_s


def _generate(directory: Path) -> Callable[[Any], Any]:
    from emovec_db.encoder.emotion2vec.oracle import FunasrOracle

    oracle = FunasrOracle(directory, device="cuda")
    return lambda clips: [oracle.generate(clip) for clip in clips]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=400, help="how many clips of 3 to 8 s (default 400)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant encodes them (default 5)")
    asked = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print(f"no GPU: torch {torch.__version__} sees none. {(__doc__ or '').split('Needs')[1].split(';')[0].strip()}")
        return
    report = Report("encoder_gpu", asked.out)
    directory = model_directory(asked.out, tiny=asked.smoke)
    clips, what = clips_of(asked.out, 6 if asked.smoke else asked.clips)
    encoders = [Emotion2vecEncoder(directory, device="cuda", precision=precision) for precision in PRECISIONS]
    turns = take_turns(
        {GENERATE: _generate(directory)} | {encoder.identity.precision: encoder.encode for encoder in encoders},
        clips,
        1 if asked.smoke else asked.rounds,
    )
    seconds, work = sum(map(len, clips)) / SAMPLE_RATE_HZ, gflop(clips, directory)
    rows = []
    for name, own in turns.items():
        took = Spread.of(own.clock_s)
        ratios = Spread.of([base / ours for base, ours in zip(turns[GENERATE].clock_s, own.clock_s, strict=True)])
        share = 100 * work / took.median / limit_gflops("fp32" if name == GENERATE else name)
        rows.append([name, figure(seconds / took.median), ratios, f"{share:.0f} %"])
    report.publish(
        [
            f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {len(clips)} pieces of 3 to 8 s, {what}:",
            table(["variant", "× real time", "× generate", "of the limit"], rows),
        ],
        {"gpu": torch.cuda.get_device_name(), "turns": turns},
    )


if __name__ == "__main__":
    main()
