"""What every encoder asks of a waveform before it encodes it."""

from __future__ import annotations

import numpy as np

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import NotFiniteError, TooLongError, TooShortError, UserError


def check_waveform(waveform: Waveform, *, min_samples: int, max_samples: int | None = None) -> None:
    """Refuse what an encoder could only answer with nonsense.

    Raises UserError (not float32 of one axis), TooShortError, TooLongError, NotFiniteError.
    """
    if waveform.dtype != np.float32 or waveform.ndim != 1:
        raise UserError(
            f"the waveform is {waveform.dtype} {waveform.shape}; expected float32 (samples,), mono at 16 kHz: "
            "decode it with emovec_db.audio, or mix and convert it first"
        )
    if len(waveform) < min_samples:
        raise TooShortError(
            f"the waveform has {len(waveform)} samples ({_ms(len(waveform))} ms); the encoder needs at least "
            f"{min_samples} ({_ms(min_samples)} ms at 16 kHz): join it with its neighbours or leave it out"
        )
    if max_samples is not None and len(waveform) > max_samples:
        raise TooLongError(
            f"the waveform lasts {len(waveform) / SAMPLE_RATE_HZ:.1f} s; the encoder takes at most "
            f"{max_samples / SAMPLE_RATE_HZ:g} s, since its memory grows with the square of the length: cut it first"
        )
    if not np.isfinite(waveform).all():
        raise NotFiniteError(
            "the waveform holds NaN or infinite samples; expected finite ones about -1..1: decode the recording again"
        )


def _ms(samples: int) -> str:
    return f"{samples * 1000 / SAMPLE_RATE_HZ:g}"
