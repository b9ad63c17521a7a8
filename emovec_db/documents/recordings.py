"""Recordings and utterances."""

from __future__ import annotations

from collections.abc import Sequence

from emovec_db.documents.timeline import left_out_document, overlaps_document, timeline_fields, voices_document
from emovec_db.documents.values import Document, prediction_fields, time_text
from emovec_db.domain.classification import Deletion
from emovec_db.domain.encoding import EncoderIdentity, Provenance
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.recording import Recording, Utterance
from emovec_db.domain.sound import Quality
from emovec_db.domain.timeline import Timeline
from emovec_db.domain.track import Track

#: of a track's scores: its levels lie 0.0039 apart
SCORE_DIGITS = 4
#: of peaks, whose levels lie as far apart and are only drawn
PEAK_DIGITS = 3


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


def recording_document(
    recording: Recording, utterances: Sequence[Utterance] | None = None, siblings: Sequence[Recording] | None = None
) -> Document:
    """One recording; its utterances and what they add up to, and the other channels of its file, where given."""
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
        "left_out": left_out_document(recording.left_out),
        "quality": quality_document(recording.quality),
        "sha256": recording.sha256,
        "created_at": time_text(recording.created_at),
    }
    if utterances is not None:
        timeline = Timeline(tuple(utterances))
        document |= timeline_fields(timeline)
        document["voices"] = voices_document(timeline)
        document["overlaps"] = overlaps_document(recording.left_out)
        document["utterances"] = [utterance_document(utterance) for utterance in utterances]
    if siblings is not None:
        document["siblings"] = [
            {"recording_id": one.recording_id, "channel": one.channel, "role": one.details.role} for one in siblings
        ]
    return document


def track_document(track: Track) -> Document:
    """``{hz, scores}``: per step nine scores in the order of the labels, or null where nothing was encoded."""
    steps = zip(track.scores.astype(float).round(SCORE_DIGITS).tolist(), track.encoded.tolist(), strict=True)
    return {"hz": track.hz, "scores": [scores if encoded else None for scores, encoded in steps]}


def waveform_document(peaks: Peaks) -> Document:
    """``{duration_s, peaks}``: the level of each of the bins, 0 to 255."""
    return {"duration_s": peaks.duration_s, "peaks": peaks.levels.tolist()}


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
        "voice": utterance.voice,
        **prediction_fields(utterance.prediction),
        "provenance": _provenance_document(utterance.encoder, utterance.provenance),
    }


def _provenance_document(encoder: EncoderIdentity, provenance: Provenance) -> Document:
    return {
        "encoder": encoder.name,
        "revision": encoder.revision,
        "weights_sha256": encoder.weights_sha256,
        "precision": encoder.precision,
        "backend": provenance.backend,
        "decode_chain": provenance.decode_chain,
    }


def deletion_document(deletion: Deletion) -> Document:
    """``{recordings, utterances, blobs}``: how many of each are gone."""
    return {"recordings": deletion.recordings, "utterances": deletion.utterances, "blobs": deletion.blobs}
