"""Noise reduction: what is as quiet as the quiet moments, frequency by frequency, is turned down."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

import numpy as np

from emovec_db.cleaning.blocks import in_blocks
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import MissingPartError

#: noise is taken as alike for so long; with the context around it a block takes about 130 MB
BLOCK_S: Final = 30
CONTEXT_S: Final = 5
#: the noise is learned from the quietest tenth of a block, in pieces of 128 ms, two windows of the analysis
PIECE_SAMPLES: Final = 2048
QUIET_SHARE: Final = 0.1
#: in less than this no moment is quiet for sure, so it stays as it is
SHORTEST_SAMPLES: Final = SAMPLE_RATE_HZ
#: of the mean of the noise's levels in dB: what lies under it is turned down
DEVIATIONS: Final = 0.0
#: down to 0.4 of it, -8 dB: gentle, because more took away more of the voice than of the noise (docs/benchmarks.md)
PROPORTION: Final = 0.6
WINDOW_SAMPLES: Final = 1024


class Denoise:
    """Spectral gating by the library noisereduce, with a threshold learned anew from every half minute."""

    name = "denoise-1"

    @property
    def made_by(self) -> str:
        return f"{self.name}/noisereduce-{version('noisereduce')}"

    def require(self) -> None:
        """See `Treatment.require`."""
        if find_spec("noisereduce") is None:
            raise MissingPartError(
                "noise reduction needs noisereduce, which is not installed: run pip install 'emovec-db[cleaning]', "
                "or leave denoise out"
            )

    def treat(self, waveform: Waveform) -> Waveform:
        """See `Treatment.treat`."""
        if len(waveform) < SHORTEST_SAMPLES:
            return waveform.copy()
        return in_blocks(waveform, _gated, block_s=BLOCK_S, context_s=CONTEXT_S)


def _gated(waveform: Waveform) -> Waveform:
    from noisereduce import reduce_noise

    return np.asarray(
        reduce_noise(
            y=waveform,
            sr=SAMPLE_RATE_HZ,
            stationary=True,
            y_noise=_quiet_parts(waveform),
            n_std_thresh_stationary=DEVIATIONS,
            prop_decrease=PROPORTION,
            n_fft=WINDOW_SAMPLES,
            # it would write longer waveforms to a file on disk, piece by piece
            chunk_size=None,
            padding=2 * WINDOW_SAMPLES,
        ),
        np.float32,
    )


def _quiet_parts(waveform: Waveform) -> Waveform:
    """The pieces of least power, in the order of time, float32 (samples,)."""
    pieces = waveform[: len(waveform) // PIECE_SAMPLES * PIECE_SAMPLES].reshape(-1, PIECE_SAMPLES)
    power = np.einsum("ij,ij->i", pieces, pieces, dtype=np.float64)
    quietest = np.argsort(power, kind="stable")[: max(1, round(len(pieces) * QUIET_SHARE))]
    return pieces[np.sort(quietest)].ravel()
