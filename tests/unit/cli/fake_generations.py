"""The generations of a fake collection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from emovec_db.domain.collection import Generation, GenerationState, GenerationSummary, Recipe
from emovec_db.domain.encoding import EncoderIdentity, Prediction
from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.reencoding import LabelChange, LabelChanges, ReencodeOutcome, ReencodeReport
from emovec_db.emotions import LABELS
from tests.unit.cli import fakes

NEW = Generation(
    generation_id=2,
    encoder=EncoderIdentity("large\x1b", "2", "cd" * 32, "bf16", 4),
    recipe=Recipe(encoder_source="./large", segmentation="pauses-1"),
)
LOST = IngestFailure(uri=fakes.NASTY_URI, code="not_found", message="gone \x1b")
SWITCHED = ReencodeReport(
    outcome=ReencodeOutcome.SWITCHED, generation=NEW, encoded=1200, lost=(LOST,), deleted=1, seconds=60.0,
    duration_s=3600.0,
)  # fmt: skip
HELD_BACK = replace(SWITCHED, outcome=ReencodeOutcome.HELD_BACK, deleted=0)
UNCHANGED = ReencodeReport(outcome=ReencodeOutcome.UNCHANGED, generation=NEW)


def changes() -> LabelChanges:
    surprised = Prediction((0.0, 0.0, 0.0, 0.1, 0.1, 0.0, 0.0, 0.8, 0.0))
    return LabelChanges(
        before=fakes.IDENTITY.encoder_id, after=NEW.encoder.encoder_id, recordings=200,
        moves={("neutral", "neutral"): 150, ("neutral", "surprised"): 50},
        score_changes={label: 0.25 if label == "surprised" else -0.03125 for label in LABELS}, mean_score_change=0.05,
        examples=(LabelChange(recording_id=3, uri=fakes.NASTY_URI, before=fakes.PREDICTION, after=surprised),),
        lost=(LOST,), duration_s=600.0, seconds=60.0, total_duration_s=36_000.0,
    )  # fmt: skip


@dataclass
class FakeGenerations:
    """Answers as it was told, and remembers what it was asked."""

    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]]
    report: ReencodeReport = SWITCHED

    def list(self) -> tuple[GenerationSummary, ...]:
        old = fakes.summary().collection.generation
        return tuple(
            GenerationSummary(
                generation=generation, state=state, recordings=1200, missing=missing, created_at=fakes.WHEN,
                activated_at=None if state is GenerationState.BUILDING else fakes.WHEN,
            )
            for generation, state, missing in ((old, GenerationState.ACTIVE, 0), (NEW, GenerationState.BUILDING, 34))
        )  # fmt: skip

    def sample(self, encoder: str | None = None, **wanted: Any) -> LabelChanges:
        self.asked.append(("sample", (encoder,), wanted))
        return changes()

    def reencode(self, encoder: str | None = None, *, progress: Any, stop: Any, **wanted: Any) -> ReencodeReport:
        self.asked.append(("reencode", (encoder,), wanted))
        return self.report

    def switch(self, generation_id: int) -> Generation:
        self.asked.append(("switch", (generation_id,), {}))
        return NEW

    def drop(self, generation_id: int) -> int:
        self.asked.append(("drop", (generation_id,), {}))
        return 1200
