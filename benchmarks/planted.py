"""Recordings whose course is known: real sentences of one actor, two of each of three emotions, one after the other."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import LIMITS, SPEECH
from benchmarks.stored import parts_of
from emovec_db.audio.decode import decode, from_samples
from emovec_db.domain.pattern import Pattern
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.domain.track import FULL_LEVEL, TRACK_HZ, Track
from emovec_db.services.encoding import EncodedSound
from emovec_db.services.methods import method_for_new
from emovec_db.services.trajectories.holding import clearest
from emovec_db.services.trajectories.placing import placed
from emovec_db.services.trajectories.steps import Steps

#: between sentences
PAUSES_S = (0.6, 0.1)
CLARITIES = (0.1, 0.2, 0.3, 0.4, 0.5)
#: quieter at the beginning and end of a clip, against its peak, is cut away
_QUIET = 1e-3


@dataclass(frozen=True, slots=True)
class Planted:
    """A recording and what is in it."""

    labels: tuple[str, ...]
    #: where the second and third emotion begin
    changes_s: tuple[float, ...]
    track: Track
    #: as if each utterance had its own scores all along
    by_utterances: Track


def plant(folder: Path, count: int) -> list[Planted]:
    """`count` recordings for each pause, encoded by compact, cut at pauses."""
    parts = parts_of(folder)
    method = method_for_new(parts.encoders, parts.diarizers)
    clips, rng, planted = _clips(), random.Random(1), []
    for pause_s in PAUSES_S:
        pause = np.zeros(round(pause_s * SAMPLE_RATE_HZ), np.float32)
        for _ in range(count):
            own = clips[rng.choice(sorted(clips))]
            labels = tuple(rng.sample(sorted(own), 3))
            spoken = [[_trimmed(path) for path in rng.sample(own[label], 2)] for label in labels]
            emotions = [np.concatenate([part for clip in two for part in (clip, pause)]) for two in spoken]
            changes = np.cumsum([len(emotion) for emotion in emotions])[:-1] / SAMPLE_RATE_HZ
            sound = from_samples(np.concatenate(emotions), SAMPLE_RATE_HZ)
            heard = parts.sounds.encode(method, [sound])[0]
            planted.append(Planted(labels, tuple(changes.tolist()), heard.track, _by_utterances(heard)))
    return planted


def quality(planted: Sequence[Planted], tracks: Sequence[Track]) -> tuple[float, float, float]:
    """Mean average precision of the orders of three and of two, and how far off (s, median) changes of three are."""
    steps = Steps.of(list(enumerate(tracks)))
    precisions: dict[int, list[float]] = {2: [], 3: []}
    off_s: list[float] = []
    for order in _orders(planted):
        relevant, levels = _searched(planted, steps, order)
        precisions[len(order)].append(_average_precision(relevant, levels))
        for row in np.flatnonzero(relevant & (levels >= 0)) if len(order) == 3 else ():
            alone = steps.some(np.array([row]))
            places = placed(_pattern(order), alone, int(levels[row]))
            starts = [alone.stretch_s(*stretch)[0] for stretch in pairwise(places)]
            off_s += np.abs(np.array(starts[1:]) - planted[row].changes_s).tolist()
    return float(np.mean(precisions[3])), float(np.mean(precisions[2])), float(np.median(off_s))


def precision_and_recall(planted: Sequence[Planted], clarity: float) -> tuple[str, str]:
    """Over all orders of two and three, of what is found by tracks at this clarity."""
    steps = Steps.of([(row, one.track) for row, one in enumerate(planted)])
    searched = [_searched(planted, steps, order) for order in _orders(planted)]
    relevant = np.concatenate([one for one, _ in searched])
    found = np.concatenate([levels for _, levels in searched]) >= clarity * FULL_LEVEL
    return f"{relevant[found].mean():.2f}", f"{found[relevant].mean():.2f}"


def _clips() -> dict[str, dict[str, list[Path]]]:
    """RAVDESS by speaker and label; without calm, which compact was not trained on."""
    clips: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    with (SPEECH / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["dataset"] == "ravdess" and row["label_original"] != "calm":
                clips[row["speaker"]][row["label"]].append(SPEECH / row["path"])
    return clips


def _trimmed(path: Path) -> Waveform:
    sound = decode(path, limits=LIMITS)[0].waveform
    power = np.convolve(sound**2, np.ones(SAMPLE_RATE_HZ // 20) * 20 / SAMPLE_RATE_HZ, "same")
    loud = np.flatnonzero(power > power.max() * _QUIET)
    trimmed: Waveform = sound[loud[0] : loud[-1] + 1]
    return trimmed


def _by_utterances(heard: EncodedSound) -> Track:
    levels = np.zeros_like(heard.track.levels)
    for one in heard.utterances:
        begin, end = int(one.start_s * TRACK_HZ), max(int(one.start_s * TRACK_HZ) + 1, round(one.end_s * TRACK_HZ))
        levels[begin:end] = np.rint(np.array(one.prediction.scores) * FULL_LEVEL)
    return Track(TRACK_HZ, levels)


def _orders(planted: Sequence[Planted]) -> list[tuple[str, ...]]:
    """Each order of three that there is, and each of two within one."""
    threes = {one.labels for one in planted}
    return sorted(threes | {order[:2] for order in threes} | {order[1:] for order in threes})


def _pattern(order: tuple[str, ...]) -> Pattern:
    return Pattern.parse(" > ".join(order))


def _searched(
    planted: Sequence[Planted], steps: Steps, order: tuple[str, ...]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each recording has the order, and the level at which the pattern holds in it; -1: at none."""
    relevant = np.array([order in (one.labels, one.labels[:2], one.labels[1:]) for one in planted])
    rows, found = clearest(_pattern(order), steps, 0)
    levels = np.full(len(planted), -1, np.int64)
    levels[rows] = found
    return relevant, levels


def _average_precision(relevant: NDArray[np.bool_], levels: NDArray[np.int64]) -> float:
    """Mean of the precision at each relevant recording, the greatest level first."""
    ranked = relevant[np.argsort(-levels, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())
