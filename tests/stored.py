"""Made-up recordings, checkable by eye, for tests of what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Recipe
from emovec_db.domain.encoding import EncoderIdentity, Prediction, Provenance
from emovec_db.domain.fitted_space import EmotionMap
from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.policy import PolicyChange, Refusal
from emovec_db.domain.recording import Details, NewRecording, NewUtterance, Source
from emovec_db.domain.segmentation import LeftOut
from emovec_db.domain.sound import MIX, Quality
from emovec_db.domain.track import Track
from emovec_db.emotions import LABELS

DIM = 8
IDENTITY = EncoderIdentity("fake", "1", "ab" * 32, "fp32", DIM)
RECIPE = Recipe(encoder_source="fake", segmentation="windows-1")
PROVENANCE = Provenance("fake-1", "none/1")
QUALITY = Quality(
    duration_s=2.5,
    peak=0.75,
    clipping_ratio=0.125,
    snr_db=None,
    silence_ratio=0.25,
    sample_rate_hz=8000,
    codec="pcm_mulaw",
    channels=2,
    warnings=("narrow_band", "clipped"),
)
JUNE = datetime(2026, 6, 1, 12, 30, 15, 250_000, tzinfo=UTC)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def prediction(label: str = "happy", confidence: float = 0.6) -> Prediction:
    """The label with this score, the rest spread over the other eight."""
    rest = (1 - confidence) / 8
    return Prediction(tuple(float(np.float32(confidence if each == label else rest)) for each in LABELS))


def embedding(seed: int, dim: int = DIM) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


def utterance(seed: int, start_s: float = 0.0, end_s: float = 2.5, **of_prediction: Any) -> NewUtterance:
    return NewUtterance(start_s=start_s, end_s=end_s, embedding=embedding(seed), prediction=prediction(**of_prediction))


def emotion_map(*people: str) -> EmotionMap:
    """Numbers as a fit on embeddings of `DIM` gives them, drawn by each person's name."""
    rng = np.random.default_rng(3)
    return EmotionMap(
        embedding_mean=rng.standard_normal(DIM).astype(np.float32),
        basis=np.eye(DIM, 4, dtype=np.float32),
        score_mean=rng.random(9).astype(np.float32),
        embedding_baseline=0.25,
        score_baseline=0.125,
        offsets={person: embedding(len(person), 13) for person in people},
    )


def taught_map(*people: str) -> EmotionMap:
    """The same, learned from annotations too."""
    taught = np.random.default_rng(4).standard_normal((DIM + 9, 9)).astype(np.float32)
    return replace(emotion_map(*people), taught=taught, taught_baseline=0.5, taught_weight=0.375)


def track(seed: int, steps: int = 5) -> Track:
    return Track(2.0, np.random.default_rng(seed).integers(0, 256, (steps, 9), dtype=np.uint8))


def peaks(seed: int) -> Peaks:
    """Of a sound as long as `QUALITY` says."""
    return Peaks(QUALITY.duration_s, np.random.default_rng(seed).integers(0, 256, 250, dtype=np.uint8))


def failure(uri: str, code: str = "not_audio", message: str = "no sound") -> IngestFailure:
    return IngestFailure(uri=uri, code=code, message=message)


def refusal(uri: str, channel: str = "left", **changes: Any) -> Refusal:
    given = {"role": "agent", "mixed": False, "reason": "its role is agent", "refused_at": JUNE}
    source = Source(uri=uri, size_bytes=9, mtime_ns=1_750_000_000_123_456_789)
    return Refusal(**{"source": source, "channel": channel, **given, **changes})


def policy_change(role: str, *, forbidden: bool, **changes: Any) -> PolicyChange:
    given = {"reason": "the law", "by": "ana@archive-1", "deleted": 0, "changed_at": JUNE}
    return PolicyChange(**{"role": role, "forbidden": forbidden, **given, **changes})


def recording(
    name: str, *, utterances: Sequence[NewUtterance] | None = None, channel: str = MIX, **changes: Any
) -> NewRecording:
    """A recording whose bytes are its name; `changes` go to the details or, by field name, to the recording."""
    fields = ("pcm_sha256", "summary", "left_out", "blob_key", "quality", "source", "track", "peaks")
    own = {key: changes.pop(key) for key in fields if key in changes}
    values: dict[str, Any] = {
        "sha256": sha256(name),
        "pcm_sha256": sha256(f"{name} decoded, {channel}"),
        "channel": channel,
        "details": Details(**changes),
        "source": Source(uri=f"file:///calls/{name}.wav", size_bytes=len(name), mtime_ns=1_750_000_000_123_456_789),
        "quality": QUALITY,
        "summary": prediction(),
        "left_out": LeftOut(silence_s=0.5, other_sound_s=0.25),
        "utterances": tuple(utterances) if utterances is not None else (utterance(len(name)),),
        "track": track(len(name)),
        "peaks": peaks(len(name)),
    }
    return NewRecording(**{**values, **own})
