"""Windows, turns and clusters: those of FunASR, and voices that are far apart are told apart."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.domain.segmentation import Segment, Turn
from emovec_db.speech import voice_clusters
from emovec_db.speech.voice_clusters import voices_of
from emovec_db.speech.voice_windows import VoiceWindows, turns_of, windows_in
from tests.conftest import require

FUNASR = bool(importlib.util.find_spec("funasr") and importlib.util.find_spec("torch"))


def voiced(counts: dict[int, int], spread: float = 0.3, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Embeddings of so many windows per voice, in mixed order, about a direction of each voice; and whose they are."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(list(counts), list(counts.values())))
    directions = np.linalg.qr(rng.standard_normal((192, len(counts))))[0].T
    noise = rng.standard_normal((len(truth), 192)) / np.sqrt(192) * spread
    return (directions[truth] + noise).astype(np.float32) * 7, truth


def same_partition(found: NDArray[np.int64], truth: NDArray[np.int64]) -> bool:
    pairs = set(zip(found.tolist(), truth.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(truth.tolist()))


@pytest.mark.parametrize(
    "counts",
    [{0: 1}, {0: 12}, {0: 8, 1: 6}, {0: 20, 1: 15}, {0: 60}, {0: 40, 1: 30}, {0: 90, 1: 60, 2: 30}, {0: 300, 1: 20}],
)
def test_voices_far_apart_are_told_apart_and_counted(counts: dict[int, int]) -> None:
    embeddings, truth = voiced(counts)
    assert same_partition(voices_of(embeddings, None), truth)


def test_so_many_voices_as_are_told() -> None:
    embeddings, truth = voiced({0: 30, 1: 30, 2: 30})
    for told in (1, 2, 3):
        assert len(set(voices_of(embeddings, told).tolist())) == told
    assert same_partition(voices_of(embeddings, 3), truth)
    assert voices_of(embeddings[:1], 2).tolist() == [0]
    short, truth = voiced({0: 9, 1: 2})
    assert set(voices_of(short, None).tolist()) == {0}, "two windows are no voice"
    assert same_partition(voices_of(short, 2), truth), "unless there are two voices"


def test_the_same_sound_gives_the_same_voices() -> None:
    embeddings, _ = voiced({0: 50, 1: 50}, spread=2.0)
    assert (voices_of(embeddings, None) == voices_of(embeddings.copy(), None)).all()


def test_of_very_many_windows_some_are_clustered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_clusters, "MOST_AT_ONCE", 100)
    embeddings, truth = voiced({0: 500, 1: 400})
    assert same_partition(voices_of(embeddings, None), truth)


@pytest.mark.parametrize("counts", [{0: 60}, {0: 40, 1: 30}, {0: 90, 1: 60, 2: 30}])
def test_clusters_are_those_of_funasr(counts: dict[int, int]) -> None:
    require(FUNASR, "FunASR is not installed")
    from funasr.models.campplus.cluster_backend import ClusterBackend

    embeddings, _ = voiced(counts, spread=0.6, seed=3)
    assert same_partition(voices_of(embeddings, None), ClusterBackend(0.8)(embeddings))


@settings(deadline=None, max_examples=100)
@given(
    lengths=st.lists(st.integers(7, 225), min_size=1, max_size=6),
    pauses=st.lists(st.integers(8, 75), min_size=6, max_size=6, unique=True),
    seed=st.integers(0, 999),
)
def test_windows_and_turns_are_those_of_funasr(lengths: list[int], pauses: list[int], seed: int) -> None:
    """Lengths in units of 0.04 s, and no two pauses alike: FunASR rounds to hundredths before it compares."""
    require(FUNASR, "FunASR is not installed")
    from funasr.models.campplus.utils import postprocess, sv_chunk

    segments, at = [], 0
    for length, pause in zip(lengths, pauses, strict=False):
        segments.append(Segment(at / 16_000, (at + length * 640) / 16_000))
        at += (length + pause) * 640
    ours = [window for segment in segments for window in windows_in(segment)]
    silent = [[one.start_s, one.end_s, np.zeros(round(one.duration_s * 16_000), np.float32)] for one in segments]
    theirs = sv_chunk(silent)
    assert ours == [(round(begin * 16_000), round(end * 16_000)) for begin, end, _ in theirs]

    assume(not any(_nearly_short(windows_in(segment)) for segment in segments))
    labels = np.random.default_rng(seed).integers(0, 2, len(ours)).astype(np.int64)
    labels = np.unique(labels, return_inverse=True)[1]
    expected = postprocess([[*one[:2]] for one in theirs], None, labels, np.zeros((len(ours), 1)))
    first = labels[0]  # FunASR numbers voices by their appearance
    found = [(one.start_s, one.end_s, int(one.voice != first)) for one in turns_of(ours, labels)]
    assert found == [(pytest.approx(s, abs=0.011), pytest.approx(e, abs=0.011), voice) for s, e, voice in expected]


def _nearly_short(windows: Iterable[tuple[int, int]]) -> bool:
    """Whether a turn of one window may last about 0.7 s: FunASR rounds to hundredths before it asks that."""
    some = list(windows)
    middles = [(before[1] + after[0]) / 2 for before, after in pairwise(some)]
    edges = [some[0][0], *middles, some[-1][1]]
    return any(abs((after - before) / 16_000 - 0.7) < 0.02 for before, after in pairwise(edges))


def test_a_change_of_voice_lies_in_the_middle_of_what_both_windows_hold() -> None:
    windows = [(0, 24_000), (12_000, 36_000), (24_000, 48_000)]
    assert turns_of(windows, np.array([0, 1, 1])) == [Turn(0, 1.125, 0), Turn(1.125, 3, 1)]


def test_each_window_is_embedded_as_it_sounds() -> None:
    waveform = np.arange(80_000, dtype=np.float32)
    seen = []

    def embed(sounds: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        seen.extend(sounds)
        return np.ones((len(sounds), 4), np.float32)

    turns = VoiceWindows("x-1@0", embed).turns(waveform, [Segment(0.5, 1.0), Segment(2.0, 4.0)], None)
    assert [len(sound) for sound in seen] == [24_000] * 3
    assert (seen[0][:8000] == waveform[8000:16_000]).all()
    assert not seen[0][8000:].any()
    assert [sound[0] for sound in seen[1:]] == [32_000, 40_000]
    assert turns == [Turn(0.5, 1.0, 0), Turn(2.0, 4.0, 0)]
