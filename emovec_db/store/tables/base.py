"""What all tables share: types by annotation, names of constraints, ids, links, score columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Boolean, Double, Integer, String

from emovec_db.emotions import LABELS
from emovec_db.store.types import BigId, Json, UtcDateTime

#: in the order of `LABELS`
SCORE_COLUMNS = tuple(f"score_{label}" for label in LABELS)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Types by annotation; names of constraints, so that migrations can address them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy declares it so
        bool: Boolean(),
        bytes: LargeBinary(),
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        float: Double(),
        int: Integer(),
        list[Any]: Json,
        str: String(),
    }


def new_id() -> Mapped[int]:
    """The primary key of a table whose rows get a number of their own."""
    return mapped_column(BigId, Identity(), primary_key=True)


def link(target: str, *, cascade: bool = False, primary_key: bool = False) -> Mapped[int]:
    """A reference to another table's id."""
    key = ForeignKey(target, ondelete="CASCADE" if cascade else None)
    return mapped_column(BigId, key, primary_key=primary_key, autoincrement=False)


class ScoreColumns:
    """A prediction: the label, its score, and all nine scores."""

    label: Mapped[str]
    confidence: Mapped[float]
    score_angry: Mapped[float]
    score_disgusted: Mapped[float]
    score_fearful: Mapped[float]
    score_happy: Mapped[float]
    score_neutral: Mapped[float]
    score_other: Mapped[float]
    score_sad: Mapped[float]
    score_surprised: Mapped[float]
    score_unknown: Mapped[float]
