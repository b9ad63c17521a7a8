"""Whatever is encoded together, each waveform gets FunASR's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.emotion2vec.packing import Pack
from emovec_db.encoder.emotion2vec.windows import frame_count
from emovec_db.errors import BusyError, UserError
from tests.integration.encoder.conftest import Oracle

Array = NDArray[np.float32]
TOLERANCE = 1e-5
#: of numbers beyond 1: on clips of few frames FunASR's own float32 is up to 7e-6 from float64 in so small a network
RELATIVE_TOLERANCE = 1e-5


def noise(samples: int, seed: int = 0) -> Array:
    return (np.random.default_rng(seed).standard_normal(samples) * 0.1).astype(np.float32)


@pytest.fixture(scope="module")
def small_packs(tiny: Path) -> Emotion2vecEncoder:
    encoder = Emotion2vecEncoder(tiny)
    encoder._budget_rows = 150
    return encoder


def assert_equal_to_funasr(encoder: Emotion2vecEncoder, oracle: Oracle, waveforms: list[Array]) -> None:
    for ours, waveform in zip(encoder.encode(waveforms), waveforms, strict=True):
        _, scores, embedding = oracle.utterance(waveform)
        np.testing.assert_allclose(ours.scores, scores, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(ours.embedding, embedding, rtol=RELATIVE_TOLERANCE, atol=TOLERANCE)
        np.testing.assert_allclose(ours.frames.scores, oracle.head(oracle.frames(waveform)), rtol=0, atol=TOLERANCE)


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(400, 32_000), min_size=1, max_size=9), seed=st.integers(0, 2**32 - 1))
def test_any_mix_of_lengths(
    encoder: Emotion2vecEncoder, small_packs: Emotion2vecEncoder, oracle: Oracle, lengths: list[int], seed: int
) -> None:
    waveforms = [noise(samples, seed + place) for place, samples in enumerate(lengths)]
    assert_equal_to_funasr(encoder, oracle, waveforms)
    assert_equal_to_funasr(small_packs, oracle, waveforms)


def test_from_the_shortest_to_thirty_seconds(encoder: Emotion2vecEncoder, oracle: Oracle) -> None:
    lengths = [480_000, 400, 719, 720, 721, 16_000, 479_999, 64_000, 401, 200_000]
    assert_equal_to_funasr(encoder, oracle, [noise(samples, samples) for samples in lengths])


def test_loud_company_is_not_heard(encoder: Emotion2vecEncoder) -> None:
    """The neighbours in a pack are replaced; the numbers stay."""
    waveform = noise(20_000)
    quiet = encoder.encode([noise(20_000, 1), waveform, noise(20_000, 2)])[1]
    loud = encoder.encode([np.ones(20_000, np.float32), waveform, noise(20_000, 3) * np.float32(1000)])[1]
    np.testing.assert_array_equal(quiet.embedding, loud.embedding)


@pytest.fixture
def three_threads() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
def test_packs_side_by_side(small_packs: Emotion2vecEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several at a time on fewer threads each; the process keeps its thread count, also when one of them fails."""
    import torch

    counts, pooled, another_thread = [], small_packs._network.pooled, ThreadPoolExecutor(1)
    waveforms = [noise(samples, samples) for samples in (30_000, 42_000, 400, 36_000, 48_000, 33_000)]
    alone = [small_packs.encode([waveform])[0] for waveform in waveforms]

    def counted(waveforms: list[Array], pack: Pack) -> object:
        counts.append(torch.get_num_threads())
        if len(waveforms) == 2:
            raise MemoryError
        return pooled(waveforms, pack)

    monkeypatch.setattr(small_packs._network, "pooled", counted)
    for ours, expected in zip(small_packs.encode(waveforms), alone, strict=True):
        np.testing.assert_allclose(ours.embedding, expected.embedding, rtol=0, atol=TOLERANCE)
    assert set(counts) == {1}
    with pytest.raises(MemoryError):
        small_packs.encode(waveforms[:2])
    small_packs.encode(waveforms[:1])
    assert counts[-1] == torch.get_num_threads() == another_thread.submit(torch.get_num_threads).result() == 3


@pytest.mark.parametrize(("precision", "cosine"), [("bf16", 0.999), ("int8", 0.995)])
def test_rounded_precisions(tiny: Path, encoder: Emotion2vecEncoder, precision: str, cosine: float) -> None:
    """Near fp32, under an identity of their own, and each waveform the same in any company."""
    rounded = Emotion2vecEncoder(tiny, precision=precision)
    waveforms = [noise(samples, samples) for samples in (16_000, 5_000, 400, 32_000)]
    assert rounded.identity.precision == precision
    assert not rounded.identity.same_space(encoder.identity)
    for waveform, ours, exact in zip(waveforms, rounded.encode(waveforms), encoder.encode(waveforms), strict=True):
        similarity = ours.embedding @ exact.embedding / np.linalg.norm(ours.embedding) / np.linalg.norm(exact.embedding)
        assert cosine < similarity < 1 - 1e-9
        assert ours.embedding.dtype == ours.scores.dtype == np.float32
        alone = rounded.encode([waveform])[0]
        np.testing.assert_allclose(alone.embedding, ours.embedding, rtol=0, atol=0.05)


def test_unknown_precision(tiny: Path) -> None:
    with pytest.raises(UserError, match="'fp64' is unknown; expected one of fp32, bf16, int8"):
        Emotion2vecEncoder(tiny, precision="fp64")


def test_out_of_memory_splits_the_pack(
    tiny: Path, encoder: Emotion2vecEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    scarce, sizes = Emotion2vecEncoder(tiny), []
    pooled = scarce._network.pooled

    def at_most_two(waveforms: list[Array], pack: Pack) -> object:
        sizes.append(len(pack.places))
        if len(pack.places) > 2:
            raise torch.OutOfMemoryError
        return pooled(waveforms, pack)

    monkeypatch.setattr(scarce._network, "pooled", at_most_two)
    waveforms = [noise(samples, samples) for samples in (9_000, 3_000, 400, 6_000, 8_000)]
    for ours, expected in zip(scarce.encode(waveforms), encoder.encode(waveforms), strict=True):
        np.testing.assert_allclose(ours.embedding, expected.embedding, rtol=0, atol=TOLERANCE)
    assert sizes == [5, 2, 3, 1, 2]


def test_too_little_memory_for_one_recording(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def never(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError

    full = Emotion2vecEncoder(tiny)
    monkeypatch.setattr(full._network, "pooled", never)
    with pytest.raises(
        BusyError, match=r"memory of cpu does not suffice for one recording of 2 s: .*EMOVEC_DEVICE=cpu"
    ):
        full.encode([noise(32_000), noise(400)])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_all_of_it_is_on_the_device(tiny: Path, monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    """On torch's device without numbers: a tensor left on the CPU is an error there, as it is on a GPU.

    The attention bias has the queries' type, which torch does not insist on and GPUs' kernels need.
    """
    import torch

    from emovec_db.encoder.emotion2vec.arithmetic import Arithmetic
    from emovec_db.encoder.emotion2vec.directory import read_directory
    from emovec_db.encoder.emotion2vec.loading import load_network
    from emovec_db.encoder.emotion2vec.network import Network

    types, attention = [], torch.nn.functional.scaled_dot_product_attention

    def attend(q: torch.Tensor, *others: torch.Tensor, attn_mask: torch.Tensor) -> torch.Tensor:
        types.append((q.dtype, attn_mask.dtype))
        return attention(q, *others, attn_mask=attn_mask)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", attend)
    directory = read_directory(tiny)
    network = Network(load_network(directory), directory, Arithmetic.of(precision, "meta"))
    frames = (frame_count(16_000), frame_count(400))
    results = network.pooled([noise(16_000), noise(400)], Pack((0, 1), frames, network.gap_rows))
    assert [(result.device.type, tuple(result.shape)) for result in results] == [
        ("meta", (2, 64)), ("meta", (2, 9)), ("meta", (sum(frames), 9)),
    ]  # fmt: skip
    dtype = torch.float32 if precision == "fp32" else torch.bfloat16
    assert set(types) == {(dtype, dtype)}


def test_frames_of_a_long_recording(encoder: Emotion2vecEncoder) -> None:
    """70 s in three windows: between its pauses the second gives what it gives by itself, 2.5 s around it heard."""
    waveform = noise(70 * 16_000)
    frames = encoder.encode_frames(waveform, pauses_s=[20, 45], embeddings=True)
    assert frames.embeddings is not None
    assert len(frames.scores) == len(frames.embeddings) == 3499
    first, last = 1000 - 125, 2250 + 125
    window = encoder.encode_frames(waveform[first * 320 : (last - 1) * 320 + 400], embeddings=True)
    assert window.embeddings is not None
    np.testing.assert_allclose(frames.embeddings[1000:2250], window.embeddings[125:-125], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(frames.scores[1000:2250], window.scores[125:-125], rtol=0, atol=TOLERANCE)
