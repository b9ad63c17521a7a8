"""Recordings and utterances."""

from __future__ import annotations

from collections.abc import Sequence

from emovec_db.documents.values import Document, time_text
from emovec_db.domain.classification import Deletion
from emovec_db.domain.encoding import Prediction
from emovec_db.domain.recording import Recording, Utterance
from emovec_db.domain.sound import Quality


def prediction_fields(prediction: Prediction) -> Document:
    """``{label, confidence, scores: {nine}}``."""
    return {"label": prediction.label, "confidence": prediction.confidence, "scores": prediction.by_label()}


def quality_document(quality: Quality) -> Document:
    """What can be said of the sound itself."""
    return {
        "duration_s": quality.duration_s,
        "peak": quality.peak,
        "clipping_ratio": quality.clipping_ratio,
        "snr_db": quality.snr_db,
        "silence_ratio": quality.silence_ratio,
        "sample_rate_hz": quality.sample_rate_hz,
        "codec": quality.codec,
        "channels": quality.channels,
        "warnings": list(quality.warnings),
    }


def recording_document(recording: Recording, utterances: Sequence[Utterance] | None = None) -> Document:
    """One recording; its utterances too where they are given."""
    details = recording.details
    document = {
        "recording_id": recording.recording_id,
        "uri": recording.uris[0] if recording.uris else None,
        "uris": list(recording.uris),
        "channel": recording.channel,
        "customer": details.customer,
        "speaker": details.speaker,
        "role": details.role,
        "recorded_at": time_text(details.recorded_at),
        "metadata": dict(details.metadata),
        **prediction_fields(recording.summary),
        "quality": quality_document(recording.quality),
        "sha256": recording.sha256,
        "created_at": time_text(recording.created_at),
    }
    if utterances is not None:
        document["utterances"] = [utterance_document(utterance) for utterance in utterances]
    return document


def utterance_document(utterance: Utterance) -> Document:
    """One utterance with what belongs to its recording."""
    return {
        "utterance_id": utterance.utterance_id,
        "recording_id": utterance.recording_id,
        "uri": utterance.uri,
        "channel": utterance.channel,
        "customer": utterance.customer,
        "speaker": utterance.speaker,
        "role": utterance.role,
        "recorded_at": time_text(utterance.recorded_at),
        "start_s": utterance.start_s,
        "end_s": utterance.end_s,
        **prediction_fields(utterance.prediction),
    }


def deletion_document(deletion: Deletion) -> Document:
    """``{recordings, utterances, blobs}``: how many of each are gone."""
    return {"recordings": deletion.recordings, "utterances": deletion.utterances, "blobs": deletion.blobs}
