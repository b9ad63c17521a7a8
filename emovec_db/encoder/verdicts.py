"""Variants that `emovec models verify` found too far from FunASR: they are not loaded until they pass.

A variant is weights, precision and back end: what is said of a directory holds for a copy of it, and another release of
torch or onnxruntime starts afresh. What was never verified is loaded: nobody but its user has the recordings to judge
it by.
"""

from __future__ import annotations

import json
from pathlib import Path

from emovec_db.encoder.protocol import Encoder
from emovec_db.errors import ParityError

FOLDER = ".verdicts"


def keep_verdict(models_dir: Path, encoder: Encoder, verdict: ParityError) -> None:
    """Keep the encoder from being loaded."""
    kept = _file(models_dir, encoder)
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(kept.name + ".part")
    part.write_text(json.dumps({"message": verdict.message, "figures": verdict.detail}), encoding="utf-8")
    part.replace(kept)


def lift_verdict(models_dir: Path, encoder: Encoder) -> None:
    """Let the encoder be loaded again."""
    _file(models_dir, encoder).unlink(missing_ok=True)


def require_no_verdict(models_dir: Path, encoder: Encoder) -> None:
    """Raises ParityError, with the figures of then, if the encoder failed when it was last verified."""
    try:
        kept = json.loads(_file(models_dir, encoder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    raise ParityError(
        f"{encoder.identity.encoder_id} on {encoder.backend} failed emovec models verify: {kept['message']}; "
        "or verify it again",
        **kept["figures"],
    )


def _file(models_dir: Path, encoder: Encoder) -> Path:
    identity = encoder.identity
    return models_dir / FOLDER / f"{identity.weights_sha256}-{identity.precision}-{encoder.backend}.json"
