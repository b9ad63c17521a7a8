"""Train the compact encoder: `python -m tools.compact.train --data ../shared/data/speech --fold 4`."""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from tools.compact.batches import batches
from tools.compact.data import Clip, Frames, load_frames, read_clips
from tools.compact.export import export
from tools.compact.muon import Muon
from tools.compact.network import Branch, Compact
from tools.compact.recipe import FOLDS, RECIPE, Recipe, TrainRecipe

#: Name of a run -> which clips it trains on.
RUNS = ("full", "only-ravdess", "only-nemo", *(f"fold-{k}" for k in range(len(FOLDS))))


def training_rows(clips: Sequence[Clip], run: str) -> list[int]:
    """Numbers of the clips that the run named `run` trains on."""
    if run.startswith("fold-"):
        held_out = FOLDS[int(run.removeprefix("fold-"))]
        return [i for i, clip in enumerate(clips) if clip.speaker not in held_out]
    corpus = run.removeprefix("only-")
    return [i for i, clip in enumerate(clips) if run == "full" or clip.corpus == corpus]


def train_branch(
    branch: Branch, clips: Sequence[Clip], rows: Sequence[int], frames: Frames, recipe: Recipe, seed: int
) -> Branch:
    """The exponential moving average of `branch` trained on the clips numbered `rows`."""
    branch.train()
    average = copy.deepcopy(branch)
    settings, views = recipe.train, torch.tensor(recipe.views)
    optimisers, schedules = optimisation(branch, settings)
    began, total = time.monotonic(), 0.0
    for step, (x, target) in enumerate(batches(clips, rows, frames, recipe, seed), 1):
        view = views[torch.randint(len(views), (settings.batch, 1, 1))]
        with torch.autocast("cpu", torch.bfloat16):
            embedding, logits = branch(x, torch.cat([view, view[: settings.pairs]]))
        plain, twin = embedding.float()[: settings.pairs], embedding.float()[settings.batch :]
        loss = functional.cross_entropy(logits.float(), target)
        loss = loss + settings.consistency * (1 - (plain * twin).sum(dim=1)).mean()
        branch.zero_grad()
        torch.autograd.backward(loss)
        for stepped in (*optimisers, *schedules):
            stepped.step()
        follow(average, branch, min(settings.ema, step / (step + 10)))
        total += loss.item()
        if step % 100 == 0:
            print(f"  step {step} loss {total / 100:.3f} {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0
    return average.eval()


def optimisation(branch: Branch, settings: TrainRecipe) -> tuple[list[Optimizer], list[OneCycleLR]]:
    """Muon for the inner matrices and kernels, AdamW for all else, and their schedules."""
    matrices, others = [], []
    for name, weight in branch.named_parameters():
        inner = weight.ndim > 1 and min(len(weight), weight[0].numel()) >= 16 and name != "classes"
        (matrices if inner else others).append(weight)
    optimisers = [
        Muon(matrices, settings.matrix_rate, settings.momentum, settings.weight_decay),
        torch.optim.AdamW(others, settings.learning_rate, weight_decay=0.0),
    ]
    rates = (settings.matrix_rate, settings.learning_rate)
    schedules = [
        OneCycleLR(optimiser, rate, total_steps=settings.steps, pct_start=0.15, cycle_momentum=False)
        for optimiser, rate in zip(optimisers, rates, strict=True)
    ]
    return optimisers, schedules


@torch.no_grad()
def follow(average: Branch, branch: Branch, decay: float) -> None:
    """Move every weight and buffer of `average` a step towards `branch`."""
    for old, new in zip(average.state_dict().values(), branch.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)


def train(clips: Sequence[Clip], frames: Frames, run: str, recipe: Recipe) -> Compact:
    """The encoder of the run named `run`, ready for export."""
    rows = training_rows(clips, run)
    torch.manual_seed(recipe.branches[0].seed)
    encoder = Compact(recipe)
    for number, settings in enumerate(recipe.branches):
        print(f"{run}: branch {number}, {len(rows)} recordings", flush=True)
        torch.manual_seed(settings.seed)
        branch = Branch(settings, recipe.branch_dim)
        branch = branch.to(memory_format=torch.channels_last)
        encoder.branches[number] = train_branch(branch, clips, rows, frames, recipe, settings.seed)
    return encoder.eval()


def main() -> None:
    """Command line: train one run and export it to `<build>/<run>.onnx`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--build", type=Path, default=Path("build/compact"))
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--fold", type=int, choices=range(len(FOLDS)), help="speakers to hold out")
    which.add_argument("--full", action="store_true", help="train on every speaker")
    which.add_argument("--only", choices=("ravdess", "nemo"), help="train on one corpus")
    parser.add_argument("--views", type=float, nargs="+", help="override: views")
    parser.add_argument("--steps", type=int, help="override: steps per branch")
    parser.add_argument("--name", help="override: name of the output file")
    args = parser.parse_args()
    run = "full" if args.full else f"only-{args.only}" if args.only else f"fold-{args.fold}"
    recipe = RECIPE
    if args.views:
        recipe = replace(recipe, views=tuple(args.views))
    if args.only:
        recipe = replace(recipe, train=replace(recipe.train, steps=recipe.train.single_corpus_steps))
    if args.steps:
        recipe = replace(recipe, train=replace(recipe.train, steps=args.steps))
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    clips = read_clips(args.data)
    frames = load_frames(clips, recipe.augment, args.build)
    export(train(clips, frames, run, recipe), args.build / f"{args.name or run}.onnx", recipe)


if __name__ == "__main__":
    main()
