"""Whether a variant of an encoder gives FunASR's numbers on people's own recordings and weights."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.sound import SAMPLE_RATE_HZ, SoundLimits, Waveform
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.onnx_directory import OnnxDirectoryEncoder
from emovec_db.encoder.protocol import Encoder
from emovec_db.encoder.verify import ParityReport, measure, require_parity
from emovec_db.errors import EmovecError, QueryError
from emovec_db.sources.folders import find_recordings

#: FunASR's own memory grows with the square of the length: longer recordings are compared on their beginning
COMPARED_S = 30
LIMITS = SoundLimits(max_bytes=2_000_000_000, max_duration_s=6 * 3600)
DECODE_TIMEOUT_S = 60


def verify(directory: Path, recordings: Path, *, precision: str, onnx: Path | None) -> ParityReport:
    """Compare the torch runtime at a precision, or an exported directory, with FunASR on a folder of recordings.

    Raises:
        QueryError: no recording in the folder can be used.
        ParityError: the variant is farther off than its precision may be; carries the figures.
    """
    encoder: Encoder = (
        Emotion2vecEncoder(directory, precision=precision) if onnx is None else OnnxDirectoryEncoder(onnx)
    )
    waveforms = _waveforms(recordings)
    if not waveforms:
        raise QueryError(f"{recordings} holds no recording that can be used: expected some to compare on")
    report = measure(encoder, directory, waveforms)
    require_parity(report, encoder.identity.precision)
    return report


def _waveforms(recordings: Path) -> list[Waveform]:
    found = []
    with closing(DecoderPool(1, timeout_s=DECODE_TIMEOUT_S)) as decoders:
        for item in find_recordings([recordings]):
            try:
                if item.error is None:
                    (sound,) = decoders.decode(item.path, limits=LIMITS)
                    found.append(sound.waveform[: COMPARED_S * SAMPLE_RATE_HZ])
            except EmovecError:
                continue  # what can't be decoded is ingest's to report
    return found
