"""Conditions in SQL are what a person reads in them, of utterances and of whole recordings, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from emovec_db.domain.collection import Collection
from emovec_db.domain.columns import Columns
from emovec_db.domain.conditions import Condition
from emovec_db.domain.query import Filter
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.index.matching import is_answered, matching
from emovec_db.store.store import Store
from tests.contract.store.test_recordings import variety
from tests.drawn_conditions import CONDITIONS, holds
from tests.stored import PROVENANCE


@pytest.fixture
def filled(store: Store, calls: Collection) -> Store:
    with store.write() as unit:
        for number, new in enumerate(variety()):
            voice = (None, "A", "B")[number % 3]
            spoken = tuple(replace(one, voice=voice) for one in new.utterances)
            quality = replace(
                new.quality, warnings=("narrow_band",) if number % 2 else (), snr_db=(None, 7.0)[number % 2]
            )
            unit.recordings.add(calls, replace(new, utterances=spoken, quality=quality), PROVENANCE)
    return store


def about(text: str) -> bool:
    return "voice" in text


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITIONS)
def test_utterances_are_those_that_fulfil_it(filled: Store, calls: Collection, condition: Condition) -> None:
    with filled.read() as unit:
        found = unit.utterances.ids(calls, Filter(where=condition)).tolist()
        expected = []
        for recording in unit.recordings.page(calls.collection_id, Filter(), None, 100).items:
            for one in unit.utterances.of_recording(calls, recording.recording_id):
                known = {
                    **known_of(recording),
                    "voice": one.voice,
                    "label": one.prediction.label,
                    "confidence": one.prediction.confidence,
                    "duration_s": one.end_s - one.start_s,
                    **dict(zip(LABELS, one.prediction.scores, strict=True)),
                }
                if holds(condition, known, recording.details.metadata):
                    expected.append(one.utterance_id)
    assert found == sorted(expected)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITIONS.filter(is_answered))
def test_columns_say_what_the_database_says(filled: Store, calls: Collection, condition: Condition) -> None:
    with filled.read() as unit:
        columns = Columns.joined([*unit.utterances.all_columns(calls, batch=3)])
        expected = unit.utterances.ids(calls, Filter(where=condition)).tolist()
        some = unit.utterances.columns(calls, columns.ids[::2].tolist())
    assert columns.ids[matching(columns, condition)].tolist() == expected
    assert some.ids[matching(some, condition)].tolist() == [one for one in expected if one in some.ids]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITIONS)
def test_recordings_are_those_that_fulfil_it(filled: Store, calls: Collection, condition: Condition) -> None:
    assume(not about(str(condition)))
    with filled.read() as unit:
        page = unit.recordings.page(calls.collection_id, Filter(where=condition), None, 100)
        expected = []
        for recording in unit.recordings.page(calls.collection_id, Filter(), None, 100).items:
            known = {
                **known_of(recording),
                "label": recording.summary.label,
                "confidence": recording.summary.confidence,
                "duration_s": recording.quality.duration_s,
                **dict(zip(LABELS, recording.summary.scores, strict=True)),
            }
            if holds(condition, known, recording.details.metadata):
                expected.append(recording.recording_id)
    assert sorted(one.recording_id for one in page.items) == sorted(expected)


def known_of(recording) -> dict[str, object]:  # type: ignore[no-untyped-def]
    details, quality = recording.details, recording.quality
    return {
        "customer": details.customer,
        "speaker": details.speaker,
        "role": details.role,
        "recorded_at": details.recorded_at,
        "channel": recording.channel,
        "warning": list(quality.warnings),
        **{
            name: getattr(quality, name)
            for name in ("peak", "snr_db", "clipping_ratio", "silence_ratio", "sample_rate_hz")
        },
    }


def test_a_voice_is_no_matter_of_whole_recordings(filled: Store, calls: Collection) -> None:
    with filled.read() as unit, pytest.raises(QueryError, match="voice can be asked of utterances only"):
        unit.recordings.page(calls.collection_id, Filter(where="voice = A"), None, 5)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITIONS, label=st.sampled_from(["happy", "sad"]))
def test_short_forms_and_the_condition_both_hold(
    filled: Store, calls: Collection, condition: Condition, label: str
) -> None:
    with filled.read() as unit:
        both = unit.utterances.ids(calls, Filter(where=condition, label=label, customer="c1"))
        apart = set(unit.utterances.ids(calls, Filter(where=condition)).tolist())
        apart &= set(unit.utterances.ids(calls, Filter(label=label, customer="c1")).tolist())
    assert both.tolist() == sorted(apart)
