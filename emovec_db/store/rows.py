"""Domain objects from rows and the values of rows from domain objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emovec_db.domain.collection import Collection, Generation, Recipe
from emovec_db.domain.encoding import EncoderIdentity, Prediction, Provenance
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Details, Recording, Utterance
from emovec_db.domain.segmentation import LeftOut, Segment
from emovec_db.domain.sound import Quality
from emovec_db.store.tables import SCORE_COLUMNS

_QUALITY_COLUMNS = (
    "duration_s",
    "peak",
    "clipping_ratio",
    "snr_db",
    "silence_ratio",
    "sample_rate_hz",
    "codec",
    "channels",
)


def now() -> datetime:
    """The time of a row that is written now, UTC."""
    return datetime.now(UTC)


def prediction_values(prediction: Prediction) -> dict[str, Any]:
    """Label, confidence and score columns."""
    scores = dict(zip(SCORE_COLUMNS, prediction.scores, strict=True))
    return {"label": prediction.label, "confidence": prediction.confidence, **scores}


def prediction_from(row: Any) -> Prediction:
    """From a row with the score columns."""
    return Prediction(tuple(getattr(row, column) for column in SCORE_COLUMNS))


def quality_values(quality: Quality) -> dict[str, Any]:
    """A recording's quality columns."""
    values = {column: getattr(quality, column) for column in _QUALITY_COLUMNS}
    return {**values, "warnings": list(quality.warnings)}


def quality_from(row: Any) -> Quality:
    """From a row with the quality columns."""
    return Quality(**{column: getattr(row, column) for column in _QUALITY_COLUMNS}, warnings=tuple(row.warnings))


def left_out_values(left_out: LeftOut) -> dict[str, Any]:
    """A summary's columns of what is in no utterance."""
    return {
        "silence_s": left_out.silence_s,
        "other_sound_s": left_out.other_sound_s,
        "fragments_s": left_out.fragments_s,
        "overlaps": [[overlap.start_s, overlap.end_s] for overlap in left_out.overlaps],
    }


def left_out_from(row: Any) -> LeftOut:
    """From a row with the columns of `left_out_values`."""
    return LeftOut(
        silence_s=row.silence_s,
        other_sound_s=row.other_sound_s,
        fragments_s=row.fragments_s,
        overlaps=tuple(Segment(start_s, end_s) for start_s, end_s in row.overlaps),
    )


def collection_from(row: Any) -> Collection:
    """From a collection's row joined with its generation's."""
    return Collection(
        collection_id=row.collection_id, name=row.name, created_at=row.created_at, generation=generation_from(row)
    )


def generation_from(row: Any) -> Generation:
    """From a row with a generation's columns."""
    return Generation(
        generation_id=row.generation_id,
        encoder=EncoderIdentity(row.encoder_name, row.encoder_revision, row.weights_sha256, row.precision, row.dim),
        recipe=Recipe(
            encoder_source=row.encoder_source,
            segmentation=row.segmentation,
            cleaning=tuple(row.cleaning.split(",")) if row.cleaning else (),
            diarization=row.diarization,
            voices=row.voices,
        ),
    )


def generation_values(encoder: EncoderIdentity, recipe: Recipe) -> dict[str, Any]:
    """The inverse of `generation_from`, without ids."""
    return {
        "encoder_name": encoder.name,
        "encoder_revision": encoder.revision,
        "weights_sha256": encoder.weights_sha256,
        "precision": encoder.precision,
        "dim": encoder.dim,
        "encoder_source": recipe.encoder_source,
        "segmentation": recipe.segmentation,
        "cleaning": ",".join(recipe.cleaning),
        "diarization": recipe.diarization,
        "voices": recipe.voices,
    }


def recording_from(row: Any, uris: tuple[str, ...]) -> Recording:
    """From a recording's row with `customer`, the name, and `free`, the metadata."""
    return Recording(
        recording_id=row.recording_id,
        sha256=row.sha256,
        pcm_sha256=row.pcm_sha256,
        channel=row.channel,
        details=details_from(row),
        uris=uris,
        quality=quality_from(row),
        summary=prediction_from(row),
        left_out=left_out_from(row),
        blob_key=row.blob_key,
        created_at=row.created_at,
    )


def details_from(row: Any) -> Details:
    """From a row like that of `recording_from`."""
    return Details(
        customer=row.customer,
        speaker=row.speaker,
        role=row.role,
        recorded_at=row.recorded_at,
        metadata=row.free,
    )


def utterance_from(row: Any, encoder: EncoderIdentity) -> Utterance:
    """From an utterance's row joined with its prediction, provenance and recording, and its generation's encoder."""
    return Utterance(
        utterance_id=row.utterance_id,
        recording_id=row.recording_id,
        uri=row.uri,
        channel=row.channel,
        customer=row.customer,
        speaker=row.speaker,
        role=row.role,
        recorded_at=row.recorded_at,
        start_s=row.start_s,
        end_s=row.end_s,
        voice=row.voice,
        prediction=prediction_from(row),
        encoder=encoder,
        provenance=Provenance(row.backend, row.decode_chain),
    )


def filter_values(filter: Filter) -> dict[str, Any]:
    """A filter as JSON: only what is set."""
    values: dict[str, Any] = {}
    for name in Filter.__dataclass_fields__:
        value = getattr(filter, name)
        if isinstance(value, datetime):
            values[name] = value.isoformat()
        elif name == "where":
            values.update({} if value is None else {name: str(value)})
        elif isinstance(value, Mapping):
            values.update({name: dict(value)} if value else {})
        elif value is not None:
            values[name] = value
    return values


def filter_from(values: Mapping[str, Any]) -> Filter:
    """What `filter_values` gave."""
    times = {name: datetime.fromisoformat(values[name]) for name in ("since", "until") if name in values}
    return Filter(**{**values, **times})
