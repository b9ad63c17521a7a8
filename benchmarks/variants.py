"""Emotion2Vec+ in all its variants, and FunASR's own `generate` beside them, on random weights of the real size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from benchmarks.clips import gather, waveforms
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.encoder.emotion2vec.windows import frame_count

GENERATE: Final = "FunASR generate"
#: encodes all clips; whatever it gives is not looked at
Variant = Callable[[Sequence[Waveform]], Any]
TORCH: Final = ("fp32", "bf16", "int8")
ONNX: Final = ("fp32", "int8-onnx")
#: code that loads a variant in a process of its own, as `encode`; {directory}, {precision}, {threads} are filled in
LOADERS: Final = {
    "torch": "from emovec_db.encoder.emotion2vec import Emotion2vecEncoder\n"
    "encode = Emotion2vecEncoder(Path({directory!r}), precision={precision!r}, threads={threads}).encode",
    "onnx": "from emovec_db.encoder.onnx_directory import OnnxDirectoryEncoder\n"
    "encode = OnnxDirectoryEncoder(Path({directory!r}) / {precision!r}, threads={threads}).encode",
    "generate": "import torch\nfrom emovec_db.encoder.emotion2vec.oracle import FunasrOracle\n"
    "torch.set_num_threads({threads})\noracle = FunasrOracle(Path({directory!r}))\n"
    "encode = lambda clips: [oracle.generate(clip) for clip in clips]",
}


def names() -> list[str]:
    """All variants, FunASR's generate first."""
    return [GENERATE, *(f"torch {precision}" for precision in TORCH), *(f"onnxruntime {name}" for name in ONNX)]


def loader(name: str, directory: Path, threads: int) -> str:
    """Python code that defines `encode` for the variant."""
    kind = "generate" if name == GENERATE else "torch" if name.startswith("torch") else "onnx"
    code = LOADERS[kind].format(directory=str(directory), precision=name.rpartition(" ")[2], threads=threads)
    return f"from pathlib import Path\n{code}"


def load(name: str, directory: Path, threads: int) -> Variant:
    """The variant, in this process."""
    scope: dict[str, Any] = {}
    exec(loader(name, directory, threads), scope)
    variant: Variant = scope["encode"]
    return variant


def model_directory(out: Path, *, tiny: bool) -> Path:
    """A model directory with random weights, and its two ONNX exports in folders of it; made unless it is there."""
    from emovec_db.encoder.onnx_directory import is_onnx_directory

    folder = out / ("emotion2vec-tiny" if tiny else "emotion2vec-plus-large")
    if not (folder / "model.pt").is_file():
        _write_checkpoint(folder, tiny=tiny)
    for precision in ONNX:
        if not is_onnx_directory(folder / precision):
            _export(folder, precision)
    return folder


def _write_checkpoint(folder: Path, *, tiny: bool) -> None:
    from emovec_db.encoder.emotion2vec.funasr_class import network_class

    network_class()  # imports FunASR the way that the next line needs
    from tests.checkpoints import PLUS_LARGE, TINY, write_checkpoint

    write_checkpoint(folder, TINY if tiny else PLUS_LARGE)


def _export(folder: Path, precision: str) -> None:
    from emovec_db.encoder.emotion2vec.export import export_directory

    export_directory(folder, folder / precision, precision=precision)


def clips_of(out: Path, count: int) -> tuple[list[Waveform], str]:
    """Pieces of 3 to 8 s, lengths spread evenly and shuffled, and what they were cut from."""
    folder, what = gather(out, min(2 * count, 100))
    pieces = waveforms(sorted(folder.iterdir()), 8, count)
    lengths = np.random.default_rng(0).permutation(np.linspace(3, 8, count))
    return [piece[: int(seconds * SAMPLE_RATE_HZ)] for piece, seconds in zip(pieces, lengths, strict=True)], what


def gflop(clips: Sequence[Waveform], directory: Path) -> float:
    """Multiplications and additions of the network on these clips, two per product, in 10^9."""
    from emovec_db.encoder.emotion2vec.directory import read_directory

    model = read_directory(directory)
    audio, dim = model.model_conf["modalities"]["audio"], model.dim
    blocks, extra = model.model_conf["depth"] + audio["prenet_depth"], audio["num_extra_tokens"]
    kernel = audio["conv_pos_width"] // audio["conv_pos_depth"]
    total = 0.0
    for clip in clips:
        rows, channels = len(clip), 1
        for wide, width, stride in model.layers:
            rows = (rows - width) // stride + 1
            total += rows * wide * width * channels
            channels = wide
        frames = frame_count(len(clip))
        total += frames * (channels * dim + audio["conv_pos_depth"] * kernel * dim * dim / audio["conv_pos_groups"])
        total += blocks * ((frames + extra) * 12 * dim**2 + 2 * (frames + extra) ** 2 * dim)
    return 2 * total / 1e9


def limits_gflops(rounds: int) -> dict[str, float]:
    """The fastest that one of the blocks' products went here, by precision, with torch's threads, 10^9 a second.

    512 rows, 1024 inputs, 4096 outputs by oneDNN, its inputs ready: what would be left if all else cost nothing.
    """
    import torch

    rows, inputs, outputs = 512, 1024, 4096
    x, weight = torch.randn(rows, inputs), torch.randn(outputs, inputs)
    with torch.inference_mode():
        products = {
            "fp32": _product(x, weight),
            "bf16": _product(x.bfloat16(), weight.bfloat16()),
            "int8": _integer_product(x, weight),
        }
        return {
            name: 2 * rows * inputs * outputs / 1e9 / min(_seconds(product, 10 * rounds))
            for name, product in products.items()
        }


def _product(x: Any, weight: Any) -> Callable[[], Any]:
    import torch

    packed = torch.ops.mkldnn._reorder_linear_weight(weight, len(x))
    return lambda: torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")


def _integer_product(x: Any, weight: Any) -> Callable[[], Any]:
    import torch

    levels, integers = (x * 30 + 128).clamp(0, 255).to(torch.uint8), (weight * 30).clamp(-127, 127).to(torch.int8)
    packed = torch.ops.onednn.qlinear_prepack(integers, list(x.shape))
    scales, zeros = torch.ones(len(weight)), torch.zeros(len(weight), dtype=torch.int64)
    return lambda: torch.ops.onednn.qlinear_pointwise(
        levels, 1.0, 128, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], ""
    )


def _seconds(product: Callable[[], Any], rounds: int) -> list[float]:
    took_s = []
    for _ in range(rounds + 1):
        began_s = perf_counter()
        product()
        took_s.append(perf_counter() - began_s)
    return took_s[1:]
