"""The fields that CLI and API promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from emovec_db.documents import (
    check_document,
    classification_document,
    filter_document,
    ingest_document,
    page_document,
    search_document,
    time_text,
    utterance_document,
)
from emovec_db.domain.answer import Answer
from emovec_db.domain.classification import CheckReport, Classification
from emovec_db.domain.encoding import EncoderIdentity, Frames, Prediction, Provenance
from emovec_db.domain.ingest import IngestFailure, IngestReport
from emovec_db.domain.query import Filter, Match, Page
from emovec_db.domain.recording import NewUtterance, Utterance
from emovec_db.domain.segmentation import LeftOut
from emovec_db.domain.sound import Quality, Sound
from emovec_db.domain.timeline import Timeline
from emovec_db.emotions import LABELS

SCORES = (0.1, 0.0, 0.0, 0.5, 0.2, 0.0, 0.2, 0.0, 0.0)
BY_LABEL = dict(zip(LABELS, SCORES, strict=True))
QUALITY = Quality(
    duration_s=1.5,
    peak=0.5,
    clipping_ratio=0.0,
    snr_db=None,
    silence_ratio=0.25,
    sample_rate_hz=8000,
    codec="opus",
    channels=2,
    warnings=("narrow_band",),
)


def classification(frames: Frames | None = None) -> Classification:
    return Classification(
        prediction=Prediction(SCORES),
        embedding=np.ones(4, np.float32),
        encoder_id="fake@1+0:fp32",
        encoder_notice="for tests",
        sound=Sound(np.zeros(24_000, np.float32), "0" * 64, "mix", QUALITY),
        timeline=Timeline(
            (NewUtterance(start_s=0.0, end_s=1.0, embedding=np.ones(4, np.float32), prediction=Prediction(SCORES)),)
        ),
        left_out=LeftOut(silence_s=0.5),
        frames=frames,
    )


def test_classification_by_utterance() -> None:
    document = classification_document("a.wav", classification(), "utterance")
    expected = {
        "file": "a.wav",
        "label": "happy",
        "confidence": 0.5,
        "scores": BY_LABEL,
        "granularity": "utterance",
        "encoder": "fake@1+0:fp32",
        "warnings": ["narrow_band"],
    }
    assert {name: document[name] for name in expected} == expected
    assert document["utterances"] == [
        {"start_s": 0.0, "end_s": 1.0, "voice": None, "label": "happy", "confidence": 0.5, "scores": BY_LABEL}
    ]
    assert document["time_shares"] == {**dict.fromkeys(LABELS, 0.0), "happy": 1.0}
    assert document["strongest"] == {"happy": [{"start_s": 0.0, "end_s": 1.0, "confidence": 0.5}]}
    assert document["left_out"] == {"silence_s": 0.5, "other_sound_s": 0.0, "fragments_s": 0.0, "overlap_s": 0.0}
    assert document["voices"] == document["overlaps"] == []
    others = {"notice", "quality", "utterances", "time_shares", "strongest", "left_out", "voices", "overlaps"}
    assert set(document) - set(expected) == others


def test_classification_by_frame() -> None:
    rows = np.full((3, 9), 1 / 9, np.float32)
    document = classification_document("a.wav", classification(Frames(50.0, rows)), "frame")
    assert document["frames"] == {"hz": 50.0, "scores": rows.tolist()}


def test_search() -> None:
    utterance = Utterance(
        utterance_id=7,
        recording_id=3,
        uri="/calls/a.wav",
        channel="mix",
        customer="c42",
        speaker=None,
        role=None,
        recorded_at=None,
        start_s=0.0,
        end_s=1.5,
        voice="B",
        prediction=Prediction(SCORES),
        encoder=EncoderIdentity("compact", "1", "ab" * 32, "fp32", 256),
        provenance=Provenance("onnxruntime-1.31-cpu", "pyav-18.1/soxr-hq-16k/1"),
    )
    assert utterance_document(utterance)["provenance"] == {
        "encoder": "compact",
        "revision": "1",
        "weights_sha256": "ab" * 32,
        "precision": "fp32",
        "backend": "onnxruntime-1.31-cpu",
        "decode_chain": "pyav-18.1/soxr-hq-16k/1",
    }
    assert search_document(Answer(space="embedding", matches=(Match(utterance, 0.75),))) == {
        "space": "embedding",
        "query_scores": None,
        "next_cursor": None,
        "matches": [
            {
                "utterance_id": 7,
                "recording_id": 3,
                "uri": "/calls/a.wav",
                "customer": "c42",
                "start_s": 0.0,
                "end_s": 1.5,
                "voice": "B",
                "label": "happy",
                "scores": BY_LABEL,
                "similarity": 0.75,
            }
        ],
    }


def test_ingest() -> None:
    failure = IngestFailure(uri="b.wav", code="not_audio", message="b.wav holds no sound")
    document = ingest_document(IngestReport(ingested=2, failed=1, errors=(failure,), seconds=1.25))
    expected = {
        "ingested": 2,
        "unchanged": 0,
        "updated": 0,
        "refused": 0,
        "suppressed": 0,
        "failed": 1,
        "errors": [{"uri": "b.wav", "code": "not_audio", "message": "b.wav holds no sound"}],
        "seconds": 1.25,
    }
    assert {name: document[name] for name in expected} == expected


@pytest.mark.parametrize(("problems", "consistent"), [((), True), (("utterance 3 is not indexed",), False)])
def test_check(problems: tuple[str, ...], consistent: bool) -> None:
    report = CheckReport(recordings=2, utterances=3, indexed=3, problems=problems)
    assert check_document(report) == {
        "consistent": consistent,
        "recordings": 2,
        "utterances": 3,
        "indexed": 3,
        "problems": list(problems),
    }


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (datetime(2026, 3, 1, 14, 30, tzinfo=UTC), "2026-03-01T14:30:00Z"),
        (datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=8))), "2026-03-01T06:30:00Z"),
        (datetime(2026, 3, 1, 14, 30, 0, 5), "2026-03-01T14:30:00.000005Z"),
    ],
)
def test_times(moment: datetime | None, text: str | None) -> None:
    assert time_text(moment) == text


def test_filters_show_what_is_set() -> None:
    chosen = Filter(customer="c", since=datetime(2026, 3, 1, tzinfo=UTC), min_confidence=0.0)
    assert filter_document(chosen) == {"customer": "c", "since": "2026-03-01T00:00:00Z", "min_confidence": 0.0}
    assert filter_document(Filter()) == {}


def test_pages() -> None:
    assert page_document(Page((1, 2), "x"), lambda row: {"row": row}) == {
        "items": [{"row": 1}, {"row": 2}],
        "next_cursor": "x",
    }
