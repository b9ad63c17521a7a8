"""Tables of collections, recordings and what was heard in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from emovec_db.store.tables.base import NEVER_REUSE_IDS, Base, ScoreColumns, link, new_id
from emovec_db.store.types import BigId


class CollectionRow(Base):
    """A collection; its row is also the lock under which its change log grows."""

    __tablename__ = "collections"
    __table_args__ = (NEVER_REUSE_IDS,)

    collection_id: Mapped[int] = new_id()
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    #: number of the newest change
    change_seq: Mapped[int] = mapped_column(BigInteger(), server_default="0")
    active_generation_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("generations.generation_id", use_alter=True)
    )


class GenerationRow(Base):
    """One recipe over a collection, with the identity of its encoder."""

    __tablename__ = "generations"
    __table_args__ = (NEVER_REUSE_IDS,)

    generation_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    encoder_name: Mapped[str]
    encoder_revision: Mapped[str]
    weights_sha256: Mapped[str]
    precision: Mapped[str]
    dim: Mapped[int]
    encoder_source: Mapped[str]
    segmentation: Mapped[str]
    #: who tells voices apart, and how many each recording has where that was told
    diarization: Mapped[str | None]
    voices: Mapped[int | None]
    created_at: Mapped[datetime]
    #: names of its treatments in their order, with commas between them
    cleaning: Mapped[str] = mapped_column(server_default="")
    #: when the collection last began to serve from it; NULL: it is being built
    activated_at: Mapped[datetime | None]


class CustomerRow(Base):
    """A customer's name, once per collection."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("collection_id", "name"), NEVER_REUSE_IDS)

    customer_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    name: Mapped[str]


class RecordingRow(Base):
    """One file's sound or one channel of it."""

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("collection_id", "sha256", "channel"),
        Index(None, "collection_id", "pcm_sha256"),
        Index(None, "collection_id", "recording_id"),
        Index(None, "collection_id", "recorded_at"),
        Index(None, "collection_id", "created_at"),
        Index(None, "collection_id", "duration_s"),
        Index(None, "collection_id", "speaker"),
        Index(None, "customer_id"),  # a customer belongs to one collection
        Index(None, "blob_key"),
        NEVER_REUSE_IDS,
    )

    recording_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    sha256: Mapped[str]
    pcm_sha256: Mapped[str]
    channel: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customers.customer_id"))
    speaker: Mapped[str | None]
    role: Mapped[str | None]
    recorded_at: Mapped[datetime | None]
    #: the attribute's name differs because `metadata` is SQLAlchemy's
    free: Mapped[dict[str, Any]] = mapped_column("metadata")
    blob_key: Mapped[str | None]
    created_at: Mapped[datetime]
    duration_s: Mapped[float]
    peak: Mapped[float]
    clipping_ratio: Mapped[float]
    snr_db: Mapped[float | None]
    silence_ratio: Mapped[float]
    sample_rate_hz: Mapped[int]
    codec: Mapped[str]
    channels: Mapped[int]
    warnings: Mapped[list[Any]]


class SourceRow(Base):
    """A uri at which a recording was found, and the file's state then."""

    __tablename__ = "sources"
    __table_args__ = (
        UniqueConstraint("collection_id", "uri", "channel"),
        Index(None, "recording_id", "source_id"),
        NEVER_REUSE_IDS,
    )

    source_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    recording_id: Mapped[int] = link("recordings.recording_id", cascade=True)
    uri: Mapped[str]
    channel: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger())
    mtime_ns: Mapped[int] = mapped_column(BigInteger())


class UtteranceRow(Base):
    """A segment that was encoded in one generation; its id is the index's id."""

    __tablename__ = "utterances"
    __table_args__ = (
        Index(None, "generation_id", "utterance_id"),
        Index(None, "recording_id", "generation_id"),
        NEVER_REUSE_IDS,
    )

    utterance_id: Mapped[int] = new_id()
    generation_id: Mapped[int] = link("generations.generation_id")
    recording_id: Mapped[int] = link("recordings.recording_id", cascade=True)
    start_s: Mapped[float]
    end_s: Mapped[float]
    voice: Mapped[str | None]


class ProvenanceRow(Base):
    """A back end and decode chain that numbers came from."""

    __tablename__ = "provenances"
    __table_args__ = (UniqueConstraint("backend", "decode_chain"), NEVER_REUSE_IDS)

    provenance_id: Mapped[int] = new_id()
    backend: Mapped[str]
    decode_chain: Mapped[str]


class PredictionRow(ScoreColumns, Base):
    """An utterance's nine scores."""

    __tablename__ = "predictions"
    __table_args__ = (Index(None, "label", "confidence"),)

    utterance_id: Mapped[int] = link("utterances.utterance_id", cascade=True, primary_key=True)
    provenance_id: Mapped[int] = link("provenances.provenance_id")


class EmbeddingRow(Base):
    """An utterance's embedding, apart from what filters scan: 4 kB at 1024 dimensions."""

    __tablename__ = "embeddings"

    utterance_id: Mapped[int] = link("utterances.utterance_id", cascade=True, primary_key=True)
    #: little-endian float32 (dim,)
    vector: Mapped[bytes]


class SummaryRow(ScoreColumns, Base):
    """What a generation says of a recording as a whole: duration-weighted scores over its utterances."""

    __tablename__ = "summaries"
    __table_args__ = (
        Index(None, "generation_id", "label"),
        Index(None, "generation_id", "confidence", "recording_id"),
    )

    recording_id: Mapped[int] = link("recordings.recording_id", cascade=True, primary_key=True)
    generation_id: Mapped[int] = link("generations.generation_id", primary_key=True)
    #: seconds that are in no utterance
    silence_s: Mapped[float]
    other_sound_s: Mapped[float]
    fragments_s: Mapped[float] = mapped_column(server_default="0")
    #: where several voices speak at once: [[start_s, end_s], …]
    overlaps: Mapped[list[Any]] = mapped_column(server_default="[]")


class TrackRow(Base):
    """A recording's coarse track in one generation."""

    __tablename__ = "tracks"

    recording_id: Mapped[int] = link("recordings.recording_id", cascade=True, primary_key=True)
    generation_id: Mapped[int] = link("generations.generation_id", primary_key=True)
    hz: Mapped[float]
    #: uint8 (steps, 9)
    levels: Mapped[bytes]


class WaveformRow(Base):
    """The peaks of a recording's sound as it came; recordings that were stored before peaks were may have none."""

    __tablename__ = "waveforms"

    recording_id: Mapped[int] = link("recordings.recording_id", cascade=True, primary_key=True)
    #: uint8 (bins,)
    peaks: Mapped[bytes]


class ChangeRow(Base):
    """An utterance came or went, or its recording's details changed; ids only, no reference: the row outlives it."""

    __tablename__ = "changes"

    collection_id: Mapped[int] = link("collections.collection_id", primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    generation_id: Mapped[int] = mapped_column(BigId)
    utterance_id: Mapped[int] = mapped_column(BigId)
    added: Mapped[bool]
