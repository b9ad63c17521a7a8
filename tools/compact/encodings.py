"""How alike an encoder finds recordings: cosine similarities of the embeddings of all pairs of files.

`python -m tools.compact.encodings ../shared/data/fixtures/formats/aishell-*` for encodings of one
utterance, which ought to be near 1; different recordings ought not to be.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SoundLimits
from tools.compact.features import Array

BUNDLED = Path("emovec_db/encoder/weights/compact.onnx")
LIMITS = SoundLimits(max_bytes=100_000_000, max_duration_s=120.0)


def similarities(encoder: Path, files: Sequence[Path]) -> Array:
    """Cosine similarity of each pair of two of `files`, shape (pairs,)."""
    session = onnxruntime.InferenceSession(encoder, providers=["CPUExecutionProvider"])
    sounds = [decode(file, limits=LIMITS)[0].waveform for file in files]
    rows = [session.run(["embedding"], {"waveform": sound[None]})[0][0] for sound in sounds]
    return np.array([float(a @ b) for a, b in itertools.combinations(rows, 2)], np.float32)


def main() -> None:
    """Command line: print the least, the middle and the greatest similarity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--encoder", type=Path, default=BUNDLED)
    args = parser.parse_args()
    found = similarities(args.encoder, args.files)
    print(f"{len(found)} pairs: least {found.min():.4f}, median {np.median(found):.4f}, greatest {found.max():.4f}")


if __name__ == "__main__":
    main()
