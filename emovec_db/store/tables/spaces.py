"""Tables of what spaces learned from collections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from emovec_db.store.tables.base import Base, link
from emovec_db.store.types import BigId


class AnnotationRow(Base):
    """What people say is felt in a recording; every fit learns from it."""

    __tablename__ = "annotations"

    recording_id: Mapped[int] = link("recordings.recording_id", cascade=True, primary_key=True)
    label: Mapped[str]


class FittedSpaceRow(Base):
    """The newest fit of a space to a generation; a version never comes again."""

    __tablename__ = "fitted_spaces"

    generation_id: Mapped[int] = link("generations.generation_id", primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    #: newest version that a fit began with, whether it took over or not
    drawn: Mapped[int] = mapped_column(server_default="0")
    fitted_at: Mapped[datetime]
    utterances: Mapped[int]
    #: of them, those whose recordings were annotated
    annotated: Mapped[int] = mapped_column(server_default="0")
    #: position in the change log
    seq: Mapped[int] = mapped_column(BigInteger())
    #: people who were known and have no recording left
    forgotten: Mapped[int] = mapped_column(server_default="0")
    #: arrays of little-endian float32, see `domain.fitted_space.EmotionMap`
    embedding_mean: Mapped[bytes]
    basis: Mapped[bytes]
    score_mean: Mapped[bytes]
    #: NULL: without annotations
    taught: Mapped[bytes | None]
    embedding_baseline: Mapped[float]
    score_baseline: Mapped[float]
    taught_baseline: Mapped[float] = mapped_column(server_default="1")
    taught_weight: Mapped[float] = mapped_column(server_default="0")


class FittedSpacePersonRow(Base):
    """How far a person's mean lies from everybody's; it goes when no recording of the person is left."""

    __tablename__ = "fitted_space_people"
    __table_args__ = (
        ForeignKeyConstraint(
            ["generation_id", "name"], ["fitted_spaces.generation_id", "fitted_spaces.name"], ondelete="CASCADE"
        ),
    )

    generation_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    #: as `domain.query.Heard.people`
    person: Mapped[str] = mapped_column(primary_key=True)
    #: little-endian float32
    offsets: Mapped[bytes]
