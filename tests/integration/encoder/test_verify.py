"""Parity reports, and the refusal of variants that break their tolerance."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.verify import TOLERANCES, ParityReport, measure, require_parity
from emovec_db.errors import ParityError, QueryError
from tests.integration.encoder.conftest import Oracle
from tests.integration.encoder.test_emotion2vec_batches import noise

WAVEFORMS = [noise(samples, samples) for samples in (16_000, 5_000, 48_000)]


def test_report_of_fp32(encoder: Emotion2vecEncoder, tiny: Path) -> None:
    report = measure(encoder, tiny, WAVEFORMS)
    assert report.clips == 3
    assert 0 < report.mean_embedding_deviation < report.max_embedding_deviation < 1e-5
    assert report.max_score_deviation < 1e-5
    assert report.min_cosine == pytest.approx(1, abs=1e-9)
    assert report.top1_agreement == 1
    require_parity(report, "fp32")


def test_figures_are_those_of_the_definitions(tiny: Path, oracle: Oracle) -> None:
    rounded = Emotion2vecEncoder(tiny, precision="bf16")
    report = measure(rounded, tiny, iter(WAVEFORMS))
    ours = rounded.encode(WAVEFORMS)
    theirs = [oracle.utterance(waveform) for waveform in WAVEFORMS]
    embeddings = [(encoding.embedding, embedding) for encoding, (_, _, embedding) in zip(ours, theirs, strict=True)]
    scores = [(encoding.scores, own) for encoding, (_, own, _) in zip(ours, theirs, strict=True)]
    # two fp32 runs of FunASR differ in their last bits, by where in memory they lie
    max_embedding, max_score = (max(abs(a - b).max() for a, b in pairs) for pairs in (embeddings, scores))
    assert report.max_embedding_deviation == pytest.approx(max_embedding, abs=1e-6)
    assert report.mean_embedding_deviation == pytest.approx(
        np.mean([abs(a - b).mean() for a, b in embeddings]), abs=1e-6
    )
    assert report.max_score_deviation == pytest.approx(max_score, abs=1e-6)
    assert report.min_cosine == pytest.approx(
        min(a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in embeddings), abs=1e-6
    )
    with pytest.raises(ParityError, match=r"fp32 is too far .* 3 clips .* max_embedding_deviation .*allowed: 1e-05"):
        require_parity(report, "fp32")


def test_old_tokens_compare_the_labels_that_funasr_shows(funasr_imported: None, tmp_path: Path) -> None:
    from tests.checkpoints import OLD_TOKENS, write_checkpoint

    directory = write_checkpoint(tmp_path, tokens=OLD_TOKENS)
    assert measure(Emotion2vecEncoder(directory), directory, WAVEFORMS).max_score_deviation < 1e-5


@pytest.mark.parametrize("precision", sorted(TOLERANCES))
def test_each_figure_can_refuse(precision: str) -> None:
    perfect = ParityReport(
        max_embedding_deviation=0, mean_embedding_deviation=0, max_score_deviation=0, min_cosine=1,
        top1_agreement=1, clips=9,
    )  # fmt: skip
    require_parity(perfect, precision)
    worse = {"max_score_deviation": 0.5, "min_cosine": 0.9, "top1_agreement": 0.5}
    for name, value in (worse | ({"max_embedding_deviation": 0.1} if precision == "fp32" else {})).items():
        with pytest.raises(ParityError, match=f"{name} {value}") as refusal:
            require_parity(dataclasses.replace(perfect, **{name: value}), precision)
        assert refusal.value.detail[name] == value


def test_nothing_to_compare_on(encoder: Emotion2vecEncoder, tiny: Path) -> None:
    with pytest.raises(QueryError, match="at least one"):
        measure(encoder, tiny, [])
