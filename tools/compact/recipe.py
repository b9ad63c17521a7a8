"""The recipe of the compact encoder: labels, speaker folds and every number that training uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The nine labels in the order of the encoder's `scores`.
LABELS: Final = (
    "angry",
    "disgusted",
    "fearful",
    "happy",
    "neutral",
    "other",
    "sad",
    "surprised",
    "unknown",
)

#: Labels the corpora contain; the others always score exactly 0.
TRAINED: Final = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")

#: Labels that both corpora contain, used across corpora.
SHARED: Final = ("angry", "fearful", "happy", "neutral", "sad", "surprised")

#: Labels that each corpus contains.
CORPUS_LABELS: Final = {"ravdess": TRAINED, "nemo": SHARED}

#: Speakers held out by each fold: per fold two male (odd) and two female (even) RAVDESS actors,
#: and one or two nEMO speakers. Fold 4 is the split of earlier measurements (17-20 and KS0).
FOLDS: Final = (
    ("ravdess:01", "ravdess:02", "ravdess:03", "ravdess:04", "nemo:EB0", "nemo:MP0"),
    ("ravdess:05", "ravdess:06", "ravdess:07", "ravdess:08", "nemo:IC0"),
    ("ravdess:09", "ravdess:10", "ravdess:11", "ravdess:12", "nemo:KD0"),
    ("ravdess:13", "ravdess:14", "ravdess:15", "ravdess:16", "nemo:MK0", "nemo:SM0"),
    ("ravdess:17", "ravdess:18", "ravdess:19", "ravdess:20", "nemo:KS0"),
)

#: Width of the embedding, shared out equally among the branches and views.
EMBEDDING_DIM: Final = 256


@dataclass(frozen=True)
class AugmentRecipe:
    """Waveform augmentation done once, before training (`copies` per recording plus the original)."""

    copies: int = 5
    speed: float = 0.18  # resampled by exp(uniform(-speed, speed)): pitch, formants and tempo
    warp: float = 0.12  # mel filters warped by exp(uniform(-warp, warp)): formants only
    reverb_share: float = 0.4
    noise_share: float = 0.6
    snr_db: tuple[float, float] = (5.0, 30.0)
    telephone_share: float = 0.2
    lowpass_share: float = 0.15
    seed: int = 20


@dataclass(frozen=True)
class TwinRecipe:
    """The same sound in another encoding, drawn anew for every crop."""

    steady_db: tuple[float, float] = (-45.0, -15.0)  # steady noise over the mean power
    signal_db: tuple[float, float] = (-40.0, -8.0)  # noise that follows the signal, over its power
    lowpass_share: float = 0.3
    lowpass_bin: int = 46  # lowest bin that a low-pass removes: 3.5 kHz
    shift_frames: int = 8  # the twin begins up to so many frames earlier or later (codec delay)


@dataclass(frozen=True)
class BranchRecipe:
    """One network of the encoder."""

    channels: tuple[int, int, int, int] = (16, 32, 64, 128)
    width: int = 192
    dilations: tuple[int, ...] = (1, 2)
    seed: int = 1


@dataclass(frozen=True)
class TrainRecipe:
    """Optimisation of one branch."""

    batch: int = 54
    pairs: int = 10  # crops of a batch that come with their twin
    consistency: float = 1.0  # weight of 1 - cosine of the embeddings of a crop and its twin
    steps: int = 1400
    single_corpus_steps: int = 500  # where only one corpus is trained on
    learning_rate: float = 2e-3  # AdamW: biases, norms, first kernel, class vectors
    matrix_rate: float = 0.02  # Muon: all other kernels and matrices
    momentum: float = 0.95
    weight_decay: float = 0.05
    ema: float = 0.995
    smoothing: float = 0.1
    mixup_share: float = 0.25
    mixup_beta: tuple[float, float] = (0.3, 0.3)
    crop_s: tuple[float, float] = (1.3, 3.0)
    tempo: float = 0.16  # frames resampled by exp(uniform(-tempo, tempo))
    equaliser: float = 0.6  # standard deviation, nepers of power, of a smooth random curve
    frequency_masks: int = 2
    frequency_mask_bins: int = 10
    time_masks: int = 2
    time_mask_frames: int = 25


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights."""

    branches: tuple[BranchRecipe, ...] = (BranchRecipe(),)
    #: How much of the mean spectrum each view removes (0: only its level, 1: every bin's mean).
    views: tuple[float, ...] = (0.0, 1.0)
    train: TrainRecipe = TrainRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    twin: TwinRecipe = TwinRecipe()
    revision: str = "1"

    @property
    def branch_dim(self) -> int:
        """Width of the embedding of one branch in one view."""
        return EMBEDDING_DIM // len(self.branches) // len(self.views)


RECIPE: Final = Recipe()
