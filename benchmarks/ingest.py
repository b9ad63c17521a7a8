"""Whole ingests: against what their stages take, with the real encoder's size, growing, and again unchanged.

python -m benchmarks.ingest

--only stages, emotion2vec or growth runs a part; what is left out keeps its figures in docs/benchmarks.md.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.clips import LIMITS, gather, gather_calls, generate
from benchmarks.processes import ProcessRun, emovec, run
from benchmarks.report import Report, Spread, arguments, figure, table
from benchmarks.stages import STAGES, StageTimes, take_stages
from benchmarks.variants import model_directory
from emovec_db.audio.decode import decode
from emovec_db.domain.sound import Sound
from emovec_db.encoder.compact import CompactEncoder
from emovec_db.encoder.protocol import Encoder
from emovec_db.encoder.registry import load_encoder
from emovec_db.services.encoding import encode_sounds
from emovec_db.speech.pauses import Pauses

CORES = len(os.sched_getaffinity(0))
PARTS = ("stages", "emotion2vec", "growth")


@dataclass(frozen=True, slots=True)
class Ran:
    """One `emovec ingest` of its own process."""

    #: of the process
    whole: ProcessRun
    #: between its first look at the archive and its last transaction
    seconds: float


def ingest(folder: Path, data_dir: Path, outcome: str, count: int, **environment: str) -> Ran:
    """Run it; every recording must have this outcome."""
    done = run(emovec("ingest", folder, "--json"), data_dir, environment=environment)
    document = json.loads(done.stdout)
    if document[outcome] != count:
        raise SystemExit(f"expected {count} {outcome}, got {document}")
    return Ran(done, float(document["seconds"]))


@dataclass(slots=True)
class Whole:
    """The pipeline and its stages over the same recordings, in turns."""

    folder: Path
    sound_s: float = 0.0
    stages: StageTimes = field(default_factory=StageTimes)
    first: list[Ran] = field(default_factory=list)
    again: list[Ran] = field(default_factory=list)

    def play(self, encoder: CompactEncoder) -> None:
        """One more round, on a fresh data folder."""
        paths = sorted(self.folder.iterdir())
        with tempfile.TemporaryDirectory() as folder:
            for ran, outcome in ((self.first, "ingested"), (self.again, "unchanged")):
                ran.append(ingest(self.folder, Path(folder) / "data", outcome, len(paths)))
        self.sound_s = take_stages(paths, encoder, self.stages)

    def ratios(self) -> list[float]:
        """The pipeline's rate over the bound: the stages' sum shared out over the cores without loss."""
        bounds_s = [total / CORES for total in self.stages.total_s()]
        return [bound_s / ran.seconds for bound_s, ran in zip(bounds_s, self.first, strict=True)]


def stages_part(out: Path, clips: int, calls: int, rounds: int) -> tuple[list[str], dict[str, object]]:
    """Clips and calls: each stage's cost, the bound, the pipeline, the second run."""
    encoder = CompactEncoder(threads=1)
    clip_folder, what = gather(out, clips)
    whole = {what: Whole(clip_folder), "made-up calls of 4 minutes (WAV, 8 kHz)": Whole(gather_calls(out, calls))}
    for _ in range(rounds):
        for one in whole.values():
            one.play(encoder)
    stage_rows = []
    run_rows = []
    for name, one in whole.items():
        count = len(list(one.folder.iterdir()))
        stage_rows.append(
            [f"{count} {name}", *(Spread.of([1000 * s / count for s in one.stages.of[stage]]) for stage in STAGES),
             Spread.of([1000 * s / count for s in one.stages.total_s()])]
        )  # fmt: skip
        for label, ran in (("`emovec ingest`", one.first), ("the same again, nothing new", one.again)):
            inside_s = Spread.of([each.seconds for each in ran])
            run_rows.append(
                [f"{label}, {count} {name}", figure(count / inside_s.median), figure(one.sound_s / inside_s.median),
                 Spread.of(one.ratios()) if ran is one.first else "", inside_s,
                 Spread.of([each.whole.seconds for each in ran]), Spread.of([each.whole.cpu_s for each in ran]),
                 figure(max(each.whole.peak_mb for each in ran))]
            )  # fmt: skip
    tables = [
        f"Each stage by itself on one thread, ms per recording, {rounds} rounds in turns with what follows; "
        "medians (p10–p90):",
        table(["recordings", *STAGES, "all"], stage_rows),
        f"Whole ingests, each on a fresh data folder. The bound is what the stages take together, over {CORES} cores:",
        table(
            ["what", "recordings/s", "× real time", "of the bound", "seconds", "of the whole process",
             "CPU seconds", "peak memory, MB"],
            run_rows,
        ),
    ]  # fmt: skip
    return tables, {name: {"sound_s": one.sound_s, "stages": one.stages.of, "ratios": one.ratios()}
                    for name, one in whole.items()}  # fmt: skip


def emotion2vec_part(
    out: Path, clips: int, rounds: int, precisions: Sequence[str], *, tiny: bool
) -> tuple[list[str], dict[str, object]]:
    """An ingest with Emotion2Vec+ large (random weights) against the encoder alone, in turns."""
    directory = model_directory(out, tiny=tiny)
    folder, what = gather(out, clips)
    sounds = [decode(path, limits=LIMITS)[0] for path in sorted(folder.iterdir())]
    rows, kept = [], {}
    for precision in precisions:
        encoder = load_encoder(str(directory), models_dir=out, precision=precision, device="cpu", threads=None)
        alone: list[float] = []
        whole: list[float] = []
        for _ in range(rounds):
            alone.append(_seconds(partial(_encode, encoder, sounds)))
            with tempfile.TemporaryDirectory() as data:
                settings = {"EMOVEC_ENCODER": str(directory), "EMOVEC_PRECISION": precision}
                whole.append(ingest(folder, Path(data) / "data", "ingested", len(sounds), **settings).seconds)
        ratios = [by_itself / with_all for by_itself, with_all in zip(alone, whole, strict=True)]
        rows.append([f"torch {precision}", Spread.of(alone), Spread.of(whole), Spread.of(ratios)])
        kept[precision] = {"alone_s": alone, "ingest_s": whole}
    head = ["variant", "encoder alone, s", "`emovec ingest`, s", "rate against the encoder alone"]
    return [f"{len(sounds)} {what}, Emotion2Vec+ large with random weights, {rounds} rounds in turns:",
            table(head, rows)], {"precisions": kept}  # fmt: skip


def growth_part(out: Path, counts: Sequence[int]) -> tuple[list[str], dict[str, object]]:
    """Archives of generated recordings of 1 s, each another one; one run of each."""
    rows, kept, first_ms = [], {}, 0.0
    for count in counts:
        folder = generate(out, count)
        with tempfile.TemporaryDirectory(dir=out) as data:
            first = ingest(folder, Path(data) / "data", "ingested", count)
            again = ingest(folder, Path(data) / "data", "unchanged", count)
        ms = 1000 * first.seconds / count
        first_ms = first_ms or ms
        rows.append(
            [f"{count:,}", figure(count / first.seconds), figure(ms), f"{ms / first_ms:.2f}",
             figure(1000 * first.whole.cpu_s / count), figure(first.whole.peak_mb), figure(count / again.seconds),
             figure(again.whole.peak_mb)]
        )  # fmt: skip
        kept[str(count)] = {"first_s": first.seconds, "again_s": again.seconds, "peak_mb": first.whole.peak_mb}
    head = ["recordings", "recordings/s", "ms each", "against the first line", "CPU ms each", "peak memory, MB",
            "again, recordings/s", "again, peak MB"]  # fmt: skip
    return ["Generated recordings of 1 s, one run of each size, and a second run over the same:",
            table(head, rows)], {"growth": kept}  # fmt: skip


def _encode(encoder: Encoder, sounds: Sequence[Sound]) -> None:
    cut = Pauses().cut
    encode_sounds(encoder, [(sound, cut(sound.waveform)) for sound in sounds])


def _seconds(work: Callable[[], None]) -> float:
    began_s = perf_counter()
    work()
    return perf_counter() - began_s


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=1000, help="how many clips (default 1000)")
    parser.add_argument("--calls", type=int, default=20, help="how many calls of 4 minutes (default 20)")
    parser.add_argument("--large-clips", type=int, default=100, help="for Emotion2Vec+ (default 100)")
    parser.add_argument("--rounds", type=int, default=3, help="how many runs, each on a fresh data folder (default 3)")
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000, 100_000], help="archives to grow by")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16", "int8"], help="of Emotion2Vec+")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="the parts to run (default all)")
    asked = parser.parse_args()
    if asked.smoke:
        asked.clips, asked.calls, asked.large_clips, asked.rounds, asked.counts = 4, 1, 2, 1, [3]
        asked.precisions = ["fp32"]
    report = Report("ingest", asked.out)
    parts = {
        "stages": lambda: stages_part(asked.out, asked.clips, asked.calls, asked.rounds),
        "emotion2vec": lambda: emotion2vec_part(
            asked.out, asked.large_clips, asked.rounds, asked.precisions, tiny=asked.smoke
        ),
        "growth": lambda: growth_part(asked.out, asked.counts),
    }
    done = [parts[name]() for name in asked.only]
    report.publish(
        [text for tables, _ in done for text in tables], dict(zip(asked.only, [kept for _, kept in done], strict=True))
    )


if __name__ == "__main__":
    main()
