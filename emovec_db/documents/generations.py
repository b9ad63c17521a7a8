"""Generations, and what came of encoding a collection anew."""

from __future__ import annotations

from emovec_db.documents.jobs import failure_document
from emovec_db.documents.values import Document, prediction_fields, time_text
from emovec_db.domain.collection import Generation, GenerationSummary
from emovec_db.domain.reencoding import LabelChanges, ReencodeReport


def generation_document(summary: GenerationSummary) -> Document:
    """A generation and how much of its collection is in it."""
    return {
        **_recipe(summary.generation),
        "state": summary.state.value,
        "recordings": summary.recordings,
        "missing": summary.missing,
        "created_at": time_text(summary.created_at),
        "activated_at": time_text(summary.activated_at),
    }


def reencode_document(report: ReencodeReport) -> Document:
    """What came of `emovec reencode`."""
    return {
        "outcome": report.outcome.value,
        **_recipe(report.generation),
        "encoded": report.encoded,
        "lost": [failure_document(failure) for failure in report.lost],
        "uploads_lost": report.uploads_lost,
        "deleted": report.deleted,
        "seconds": report.seconds,
        "duration_s": report.duration_s,
    }


def label_changes_document(changes: LabelChanges) -> Document:
    """What `emovec reencode --sample` found."""
    return {
        "before": changes.before,
        "after": changes.after,
        "recordings": changes.recordings,
        "agreement": changes.agreement,
        "moves": [{"before": before, "after": after, "recordings": n} for (before, after), n in changes.moves.items()],
        "score_changes": dict(changes.score_changes),
        "mean_score_change": changes.mean_score_change,
        "examples": [
            {
                "recording_id": example.recording_id,
                "uri": example.uri,
                "before": prediction_fields(example.before),
                "after": prediction_fields(example.after),
            }
            for example in changes.examples
        ],
        "lost": [failure_document(failure) for failure in changes.lost],
        "duration_s": changes.duration_s,
        "seconds": changes.seconds,
        "total_duration_s": changes.total_duration_s,
    }


def _recipe(generation: Generation) -> Document:
    return {
        "generation": generation.generation_id,
        "encoder": generation.encoder.encoder_id,
        "encoder_source": generation.recipe.encoder_source,
        "segmentation": generation.recipe.segmentation,
    }
