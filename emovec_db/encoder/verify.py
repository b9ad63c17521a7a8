"""How far a variant of an encoder is from FunASR's own numbers, and how far it may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import Encoding
from emovec_db.domain.sound import Waveform
from emovec_db.emotions import LABELS
from emovec_db.encoder.emotion2vec.oracle import FunasrAnswer, FunasrOracle
from emovec_db.encoder.protocol import Encoder
from emovec_db.errors import ParityError, QueryError


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityReport:
    """A variant against `AutoModel.generate`, clip by clip."""

    #: absolute, of single numbers of an embedding or of its scores
    max_embedding_deviation: float
    mean_embedding_deviation: float
    max_score_deviation: float
    #: of a clip's embedding with FunASR's
    min_cosine: float
    #: share of clips with FunASR's top label
    top1_agreement: float
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What a variant may differ by."""

    max_embedding_deviation: float
    max_score_deviation: float
    min_cosine: float
    min_top1_agreement: float


_ROUNDED: Final = Tolerance(
    max_embedding_deviation=np.inf, max_score_deviation=0.1, min_cosine=0.999, min_top1_agreement=0.95
)
#: by precision. fp32 is FunASR's but for the order of sums. The others are other numbers: close enough that search and
#: clustering rank alike, and as many top labels change as change between two recordings of the same words
TOLERANCES: Final[Mapping[str, Tolerance]] = {
    "fp32": Tolerance(
        max_embedding_deviation=1e-5, max_score_deviation=1e-5, min_cosine=1 - 1e-6, min_top1_agreement=1
    ),
    "bf16": Tolerance(
        max_embedding_deviation=np.inf, max_score_deviation=0.03, min_cosine=0.9995, min_top1_agreement=0.98
    ),
    "int8": _ROUNDED,
    "int8-onnx": _ROUNDED,
}


def measure(encoder: Encoder, directory: Path, waveforms: Iterable[Waveform]) -> ParityReport:
    """Encode each waveform by `encoder` and by FunASR with the weights in `directory`.

    Figures on random weights say nothing of bf16 and int8 on the real ones. Raises QueryError (no waveforms), and what
    the encoder, MissingPartError and BadWeightsError of loading raise.
    """
    oracle = FunasrOracle(directory)
    given = list(waveforms)
    if not given:
        raise QueryError("no recordings were given; expected at least one to compare on")
    pairs = [(ours, oracle.generate(waveform)) for ours, waveform in zip(encoder.encode(given), given, strict=True)]
    return _report(pairs)


def require_parity(report: ParityReport, precision: str) -> None:
    """Raises ParityError, with the figures, where the variant breaks its tolerance."""
    allowed = TOLERANCES[precision]
    broken = [
        f"{name} {value:.3g} (allowed: {limit:g})"
        for name, value, limit, fine in (
            ("max_embedding_deviation", report.max_embedding_deviation, allowed.max_embedding_deviation,
             report.max_embedding_deviation <= allowed.max_embedding_deviation),
            ("max_score_deviation", report.max_score_deviation, allowed.max_score_deviation,
             report.max_score_deviation <= allowed.max_score_deviation),
            ("min_cosine", report.min_cosine, allowed.min_cosine, report.min_cosine >= allowed.min_cosine),
            ("top1_agreement", report.top1_agreement, allowed.min_top1_agreement,
             report.top1_agreement >= allowed.min_top1_agreement),
        )
        if not fine
    ]  # fmt: skip
    if broken:
        raise ParityError(
            f"{precision} is too far from FunASR's numbers on {report.clips} clips with these weights: "
            f"{'; '.join(broken)}. Take fp32, or another back end",
            **asdict(report),
        )


def _report(pairs: list[tuple[Encoding, FunasrAnswer]]) -> ParityReport:
    embeddings = np.array([[ours.embedding, theirs.embedding] for ours, theirs in pairs], np.float64)
    deviations = np.abs(embeddings[:, 0] - embeddings[:, 1])
    norms = np.linalg.norm(embeddings, axis=2).prod(axis=1)
    scores = [(_shown(ours.scores, theirs.labels), theirs.scores) for ours, theirs in pairs]
    return ParityReport(
        max_embedding_deviation=float(deviations.max()),
        mean_embedding_deviation=float(deviations.mean()),
        max_score_deviation=max(float(np.abs(ours - theirs).max()) for ours, theirs in scores),
        min_cosine=float((embeddings.prod(axis=1).sum(axis=1) / norms).min()),
        top1_agreement=float(np.mean([ours.argmax() == theirs.argmax() for ours, theirs in scores])),
        clips=len(pairs),
    )


def _shown(scores: NDArray[np.float32], labels: tuple[str, ...]) -> NDArray[np.float32]:
    """Our nine scores as FunASR shows them: with old revisions' tokens those of fewer labels, sum 1."""
    shown = scores[[LABELS.index(label) for label in labels]]
    return shown / shown.sum() if len(labels) < len(LABELS) else shown
