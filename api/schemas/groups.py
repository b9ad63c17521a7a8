"""Shapes of answers about many utterances at once: maps, selections, members of clusters, two runs side by side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emovec_db.api.filters import Label
from emovec_db.api.schemas.answers import Utterance
from emovec_db.api.schemas.heard import Answer


class Map(Answer):
    """Utterances as points; the lists from `utterance_id` on are columns, as long as there are `points`."""

    method: Literal["pca", "tsne", "umap"]
    space: str
    version: int = Field(description="of the space")
    seed: int
    of: int = Field(description="how many utterances there were; where it is more than `points`, these were drawn")
    points: int
    explained: list[float] | None = Field(description="two: shares of the variance along x and y; null: not by pca")
    greatest: int = Field(description="x and y are 0 to this, by one scale")
    labels: list[Label] = Field(description="what the numbers in `label` name")
    customers: list[str] = Field(description="what the numbers in `customer` name")
    clustering_id: int | None
    utterance_id: list[int]
    recording_id: list[int]
    x: list[int]
    y: list[int]
    label: list[int]
    customer: list[int] = Field(description="-1: not known")
    cluster: list[int] | None = Field(description="-1: not in the run; null: no run was named")


class UtterancePage(Answer):
    """Some utterances and the cursor of the next."""

    items: list[Utterance]
    next_cursor: str | None


class CustomerCount(Answer):
    """How many of some utterances are one customer's."""

    customer: str | None
    utterances: int


class Selection(Answer):
    """Utterances that were picked one by one, and what they add up to."""

    utterances: int
    missing: int = Field(description="how many of those asked for are not stored")
    duration_s: float
    labels: dict[Label, int] = Field(description="utterances by label, the most frequent first")
    customers: list[CustomerCount] = Field(description="the most frequent first")
    items: list[Utterance]


class BestMatch(Answer):
    """The cluster of the second run that is most like one of the first."""

    cluster: int
    match: int | None
    overlap: float = Field(description="those in both clusters over those in either")


class Agreement(Answer):
    """Two K-Means runs over the utterances that are in both."""

    first: int
    second: int
    both: int
    only_first: int
    only_second: int
    adjusted_rand: float = Field(description="1: the same clusters; about 0: no more alike than by chance")
    normalised_mutual_information: float = Field(description="0 to 1")
    contingency: list[list[int]] = Field(description="[a][b]: utterances in cluster a of the first and b of the second")
    best_matches: list[BestMatch]
