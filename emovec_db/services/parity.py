"""Whether a variant of an encoder gives FunASR's numbers on people's own recordings and weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.sound import SAMPLE_RATE_HZ, SoundLimits, Waveform
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.onnx_directory import OnnxDirectoryEncoder
from emovec_db.encoder.protocol import Encoder
from emovec_db.encoder.verdicts import keep_verdict, lift_verdict
from emovec_db.encoder.verify import ParityReport, measure, require_parity
from emovec_db.errors import EmovecError, ParityError, QueryError
from emovec_db.sources.folders import find_recordings

#: FunASR's own memory grows with the square of the length: longer recordings are compared on their beginning
COMPARED_S = 30
LIMITS = SoundLimits(max_bytes=2_000_000_000, max_duration_s=6 * 3600)
DECODE_TIMEOUT_S = 60
TORCH, ONNX = "torch", "onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is compared with FunASR."""

    #: torch, or onnx
    backend: str = TORCH
    precision: str = "fp32"
    #: what `emovec models export` wrote; None has onnx exported for the comparison
    exported: Path | None = None
    #: a name of `encoder.devices`
    device: str = "auto"


def verify(directory: Path, recordings: Path, variant: Variant, models_dir: Path) -> ParityReport:
    """Compare a variant of the weights in `directory` with FunASR on a folder of recordings.

    A variant that fails is refused by `load_encoder` from then on, until it passes.

    Raises:
        QueryError: no recording in the folder can be used, or there is no such back end.
        ParityError: the variant is farther off than its precision may be; carries the figures.
    """
    if variant.backend not in (TORCH, ONNX):
        raise QueryError(f"there is no back end {variant.backend!r}; expected {TORCH} or {ONNX}")
    waveforms = _waveforms(recordings)
    if not waveforms:
        raise QueryError(f"{recordings} holds no recording that can be used: expected some to compare on")
    with _encoder(directory, variant) as encoder:
        report = measure(encoder, directory, waveforms)
        try:
            require_parity(report, encoder.identity.precision)
        except ParityError as verdict:
            keep_verdict(models_dir, encoder, verdict)
            raise
        lift_verdict(models_dir, encoder)
    return report


@contextmanager
def _encoder(directory: Path, variant: Variant) -> Iterator[Encoder]:
    if variant.exported is not None:
        yield OnnxDirectoryEncoder(variant.exported, device=variant.device)
    elif variant.backend == TORCH:
        yield Emotion2vecEncoder(directory, precision=variant.precision, device=variant.device)
    else:
        from emovec_db.encoder.emotion2vec.export import export_directory

        with TemporaryDirectory(prefix="emovec-verify-") as folder:
            export_directory(directory, Path(folder), precision=variant.precision)
            yield OnnxDirectoryEncoder(Path(folder), device=variant.device)


def _waveforms(recordings: Path) -> list[Waveform]:
    found = []
    with closing(DecoderPool(1, timeout_s=DECODE_TIMEOUT_S)) as decoders:
        for item in find_recordings([recordings]):
            try:
                if item.error is None:
                    assert isinstance(item.place, Path)
                    (sound,) = decoders.decode(item.place, limits=LIMITS)
                    found.append(sound.waveform[: COMPARED_S * SAMPLE_RATE_HZ])
            except EmovecError:
                continue  # what can't be decoded is ingest's to report
    return found
