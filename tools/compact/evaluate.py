"""Recall, accuracy and calibration of exported encoders on speakers they have not seen.

`python -m tools.compact.evaluate --data ../shared/data/speech` reads `fold-0.onnx` to
`fold-4.onnx`, `only-ravdess.onnx` and `only-nemo.onnx` from the build folder.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tools.compact.data import Clip, decode, read_clips
from tools.compact.features import Array
from tools.compact.recipe import CORPUS_LABELS, FOLDS, LABELS, RECIPE, SHARED

#: Bins of confidence for the expected calibration error (Guo et al. 2017).
BINS = 10


@dataclass(frozen=True)
class Measured:
    """Figures on one set: unweighted and weighted accuracy, expected calibration error."""

    ua: float
    wa: float
    ece: float
    recordings: int


def scores_of(file: Path, clips: Sequence[Clip]) -> Array:
    """Scores (clips, 9) of the encoder in `file`, one recording at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    rows = [session.run(["scores"], {"waveform": decode(c.path)[None]})[0][0] for c in clips]
    return np.stack(rows)


def measured(scores: Array, clips: Sequence[Clip], among: Sequence[str] = LABELS) -> Measured:
    """Figures of `scores` (clips, 9); labels outside `among` are left out and scores renormalised."""
    columns = [LABELS.index(label) for label in among]
    kept = scores[:, columns] / scores[:, columns].sum(axis=1, keepdims=True)
    truth = np.array([among.index(clip.label) for clip in clips])
    hit = kept.argmax(axis=1) == truth
    recalls = [hit[truth == label].mean() for label in np.unique(truth)]
    ece = calibration_error(kept.max(axis=1), hit)
    return Measured(float(np.mean(recalls)), float(hit.mean()), ece, len(clips))


def calibration_error(confidence: Array, hit: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and accuracy over BINS equal bins, weighted by their sizes."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        (place == b).mean() * abs(confidence[place == b].mean() - hit[place == b].mean())
        for b in range(BINS)
        if (place == b).any()
    ]
    return float(np.sum(gaps))


def fold_figures(build: Path, clips: Sequence[Clip]) -> dict[str, list[Measured]]:
    """Per corpus the figures of each fold's encoder on the speakers that fold holds out."""
    figures: dict[str, list[Measured]] = {corpus: [] for corpus in CORPUS_LABELS}
    for number, speakers in enumerate(FOLDS):
        for corpus, rows in figures.items():
            held_out = [c for c in clips if c.corpus == corpus and c.speaker in speakers]
            rows.append(measured(scores_of(build / f"fold-{number}.onnx", held_out), held_out))
    return figures


def cross_figures(build: Path, clips: Sequence[Clip]) -> dict[str, Measured]:
    """Figures on one corpus of the encoder trained on the other alone, over the shared labels."""
    figures = {}
    for trained, tested in (("ravdess", "nemo"), ("nemo", "ravdess")):
        chosen = [c for c in clips if c.corpus == tested and c.label in SHARED]
        scores = scores_of(build / f"only-{trained}.onnx", chosen)
        figures[f"{trained} -> {tested}"] = measured(scores, chosen, SHARED)
    return figures


def table(folds: dict[str, list[Measured]], cross: dict[str, Measured]) -> str:
    """The figures as a Markdown table; spread is the standard deviation over the folds."""
    lines = ["| set | recordings | UA | WA | ECE |", "|---|---|---|---|---|"]
    for corpus, rows in folds.items():
        for number, row in enumerate(rows):
            lines.append(f"| {corpus}, fold {number} | {cells(row)} |")
        columns = [(r.ua, r.wa, r.ece) for r in rows]
        spread = zip(np.mean(columns, axis=0), np.std(columns, axis=0), strict=True)
        summary = " | ".join(f"**{mean:.3f}** ± {deviation:.3f}" for mean, deviation in spread)
        lines.append(f"| **{corpus}, mean of folds** | {sum(r.recordings for r in rows)} | {summary} |")
    lines += [f"| {name} | {cells(row)} |" for name, row in cross.items()]
    return "\n".join(lines)


def cells(row: Measured) -> str:
    """Cells of one row of the table."""
    return f"{row.recordings} | {row.ua:.3f} | {row.wa:.3f} | {row.ece:.3f}"


def main() -> None:
    """Command line: print the table and write `<build>/evaluation.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--build", type=Path, default=Path("build/compact"))
    args = parser.parse_args()
    clips = read_clips(args.data)
    folds, cross = fold_figures(args.build, clips), cross_figures(args.build, clips)
    print(table(folds, cross))
    written = {
        "folds": {corpus: [asdict(row) for row in rows] for corpus, rows in folds.items()},
        "cross": {name: asdict(row) for name, row in cross.items()},
        "recipe": asdict(RECIPE),
    }
    (args.build / "evaluation.json").write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
