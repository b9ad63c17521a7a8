"""What lies in a draft's folder, and how it becomes a `Draft` again.

about.json      what was said of it, its quality, where its utterances lie
heard.npz       scores, embeddings and frames
sound.npy       the sound as it was decoded, float32
processed.npy   the sound as the encoder heard it, where a recipe cleaned it
processed.wav   the same for people to hear, 16 bits
original        the file as it came; never under a policy
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.wav import write_wav
from emovec_db.domain.classification import Classification
from emovec_db.domain.draft import Draft, NewDraft
from emovec_db.domain.encoding import Frames, Prediction
from emovec_db.domain.segmentation import LeftOut, Segment
from emovec_db.domain.sound import Quality, Sound, Waveform
from emovec_db.domain.timeline import Timeline

ABOUT: Final = "about.json"
HEARD: Final = "heard.npz"
SOUND: Final = "sound.npy"
PROCESSED: Final = "processed.npy"
PROCESSED_WAV: Final = "processed.wav"
ORIGINAL: Final = "original"

_Numbers = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Part:
    """An utterance of a draft."""

    start_s: float
    end_s: float
    voice: str | None
    prediction: Prediction


def write_draft(folder: Path, draft: NewDraft, original: Path | None) -> None:
    """All of a draft but its token and its time, which are the folder's; raises OSError."""
    sound, heard = draft.sound, draft.heard
    (folder / ABOUT).write_text(json.dumps(_about(draft), ensure_ascii=True), encoding="ascii")
    np.savez(folder / HEARD, allow_pickle=False, **_numbers(heard))
    np.save(folder / SOUND, np.ascontiguousarray(sound.waveform, "<f4"))
    if heard.sound.cleaning:
        np.save(folder / PROCESSED, np.ascontiguousarray(heard.sound.waveform, "<f4"))
    write_wav(folder / PROCESSED_WAV, heard.sound.waveform)
    if original is not None:
        shutil.copyfile(original, folder / ORIGINAL)


def read_draft(folder: Path) -> Draft:
    """The inverse; waveforms are read from the disk as they are needed. Raises OSError where it was just taken away."""
    about = json.loads((folder / ABOUT).read_text(encoding="ascii"))
    sound = _sound(about.pop("sound"), _waveform(folder / SOUND))
    with np.load(folder / HEARD, allow_pickle=False) as numbers:
        heard = _heard(about.pop("heard"), dict(numbers), sound, folder)
    created_at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    return Draft(token=folder.name, created_at=created_at, sound=sound, heard=heard, **about)


def _about(draft: NewDraft) -> dict[str, Any]:
    sound, heard = draft.sound, draft.heard
    return {
        "collection": draft.collection,
        "file_name": draft.file_name,
        "size_bytes": draft.size_bytes,
        "sha256": draft.sha256,
        "role": draft.role,
        "decode_ms": draft.decode_ms,
        "classify_ms": draft.classify_ms,
        "sound": {"pcm_sha256": sound.pcm_sha256, "channel": sound.channel, "quality": asdict(sound.quality)},
        "heard": {
            "encoder_id": heard.encoder_id,
            "encoder_notice": heard.encoder_notice,
            "cleaning": heard.sound.cleaning,
            "parts": [(one.start_s, one.end_s, one.voice) for one in heard.timeline.utterances],
            "left_out": asdict(heard.left_out),
            "frames_hz": None if heard.frames is None else heard.frames.hz,
        },
    }


def _numbers(heard: Classification) -> _Numbers:
    scores = [one.prediction.scores for one in heard.timeline.utterances]
    numbers = {
        "embedding": heard.embedding,
        "summary": np.array(heard.prediction.scores, np.float32),
        "scores": np.array(scores, np.float32),
    }
    return numbers if heard.frames is None else numbers | {"frames": heard.frames.scores}


def _waveform(path: Path) -> Waveform:
    """Half an hour has 115 MB, of which most uses need little or nothing."""
    waveform: Waveform = np.load(path, mmap_mode="r", allow_pickle=False)
    return waveform


def _sound(about: dict[str, Any], waveform: Waveform) -> Sound:
    quality = about["quality"]
    return Sound(
        waveform,
        about["pcm_sha256"],
        about["channel"],
        Quality(**{**quality, "warnings": tuple(quality["warnings"])}),
    )


def _heard(about: dict[str, Any], numbers: _Numbers, sound: Sound, folder: Path) -> Classification:
    left_out, cleaning, hz = about["left_out"], tuple(about["cleaning"]), about["frames_hz"]
    overlaps = tuple(Segment(**overlap) for overlap in left_out["overlaps"])
    parts = (
        Part(start_s, end_s, voice, Prediction.of(scores))
        for (start_s, end_s, voice), scores in zip(about["parts"], numbers["scores"], strict=True)
    )
    processed = _waveform(folder / PROCESSED) if cleaning else sound.waveform
    return Classification(
        prediction=Prediction.of(numbers["summary"]),
        embedding=numbers["embedding"],
        encoder_id=about["encoder_id"],
        encoder_notice=about["encoder_notice"],
        sound=Sound(processed, sound.pcm_sha256, sound.channel, sound.quality, cleaning),
        timeline=Timeline(tuple(parts)),
        left_out=LeftOut(**{**left_out, "overlaps": overlaps}),
        frames=None if hz is None else Frames(hz, numbers["frames"]),
    )
