"""Figures of customers are those of counting by hand, on both databases."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from emovec_db.domain.collection import Collection
from emovec_db.domain.customers import CUSTOMER_SORTS
from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS, NEGATIVE
from emovec_db.store.store import Store
from tests.stored import IDENTITY, JUNE, PROVENANCE, QUALITY, RECIPE, recording, utterance

#: of `ann`, one second less than a week is in the same week
AGES_S = (0, 7 * 86_400 - 1, 7 * 86_400, 20 * 86_400, 20 * 86_400 + 0.5, 8 * 7 * 86_400, 9 * 7 * 86_400)


def heard() -> list[tuple[str | None, datetime | None, float, tuple[float, ...]]]:
    """(customer, time, duration, scores) of each recording."""
    rng = np.random.default_rng(5)
    times = [("ann", JUNE - timedelta(seconds=age)) for age in AGES_S]
    times += [("Ärger", JUNE), ("Ärger", None), ("nobody's time", None), (None, JUNE)]  # type: ignore[list-item]
    return [(who, at, 2.5 + number, tuple(rng.dirichlet(np.ones(9)))) for number, (who, at) in enumerate(times)]


@pytest.fixture
def filled(store: Store, calls: Collection) -> Store:
    with store.write() as unit:
        other = unit.collections.create("other", calls.generation.encoder, calls.generation.recipe)
        unit.recordings.add(other, recording("elsewhere", customer="ann", recorded_at=JUNE), PROVENANCE)
        for number, (customer, at, duration_s, scores) in enumerate(heard()):
            given: dict[str, Any] = {"customer": customer, "recorded_at": at, "summary": Prediction(scores)}
            quality = replace(QUALITY, duration_s=duration_s)
            spoken = [utterance(number), utterance(50 + number, 2.5, 5.0)]
            unit.recordings.add(calls, recording(f"r{number}", quality=quality, utterances=spoken, **given), PROVENANCE)
    return store


def by_customer() -> dict[str, list[tuple[datetime | None, float, tuple[float, ...]]]]:
    found = defaultdict(list)
    for customer, at, duration_s, scores in heard():
        if customer is not None:
            found[customer].append((at, duration_s, scores))
    return found


@pytest.mark.parametrize("sort", CUSTOMER_SORTS)
def test_ranks(filled: Store, calls: Collection, sort: str) -> None:
    with filled.read() as unit:
        ranks = unit.customers.ranks(calls, sort)
    assert {one.name for one in ranks} == by_customer().keys()
    for one in ranks:
        own = by_customer()[one.name]
        if sort == "last_recorded_at":
            assert one.value == max((at for at, _, _ in own if at), default=None)
        elif sort == "name":
            assert one.value is None
        elif sort in LABELS:
            assert one.value == pytest.approx(np.mean([scores[LABELS.index(sort)] for *_, scores in own]))
        else:
            assert one.value == len(own)


def test_names_are_ranked_without_reading_all_recordings_for_each(sqlite_template: Path, tmp_path: Path) -> None:
    """On SQLite, which would walk the generation for every customer if it were asked in one join."""
    store = Store.open(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'emovec.db')}")
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
    plans: list[str] = []
    with store.read() as unit:

        def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in cursor.fetchall())

        event.listen(unit.customers._connection, "before_cursor_execute", explain)
        unit.customers.ranks(calls, "name")
    store.close()
    assert [plan for plan in plans if plan.startswith(("SEARCH", "SCAN"))] == [
        "SEARCH customers USING COVERING INDEX sqlite_autoindex_customers_1 (collection_id=?)",
        "SEARCH recordings USING COVERING INDEX ix_recordings_customer_id (customer_id=?)",
        "SEARCH summaries USING COVERING INDEX sqlite_autoindex_summaries_1 (recording_id=? AND generation_id=?)",
    ]


def test_figures(filled: Store, calls: Collection) -> None:
    with filled.read() as unit:
        ids = {one.name: one.customer_id for one in unit.customers.ranks(calls, "name")}
        found = unit.customers.figures(calls, [*ids.values(), 999])
    assert found.keys() == set(ids.values())
    for name, own in by_customer().items():
        figures, times = found[ids[name]], sorted(at for at, _, _ in own if at)
        assert (figures.recordings, figures.duration_s) == (len(own), sum(duration_s for _, duration_s, _ in own))
        assert (figures.first_recorded_at, figures.last_recorded_at) == (
            (times[0], times[-1]) if times else (None, None)
        )
        np.testing.assert_allclose(list(figures.scores.values()), np.mean([scores for *_, scores in own], axis=0))


def test_weeks_are_counted_back_from_the_last_recording(filled: Store, calls: Collection) -> None:
    with filled.read() as unit:
        ids = {one.name: one.customer_id for one in unit.customers.ranks(calls, "name")}
        found = unit.customers.weeks(calls, list(ids.values()), 8)
    assert found[ids["nobody's time"]] == ()
    assert [(one.weeks_ago, one.recordings) for one in found[ids["Ärger"]]] == [(0, 1)]
    weeks = found[ids["ann"]]
    assert [(one.weeks_ago, one.recordings) for one in weeks] == [(0, 2), (1, 1), (2, 2)]
    for week in weeks:
        own = np.array([scores for at, _, scores in by_customer()["ann"] if at and _weeks_ago(at) == week.weeks_ago])
        negative = own[:, [LABELS.index(label) for label in NEGATIVE]].sum(axis=1)
        np.testing.assert_allclose(list(week.scores.values()), own.mean(axis=0))
        assert week.negative == pytest.approx(negative.sum())
        assert week.negative_squares == pytest.approx((negative**2).sum())


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_weeks_at_the_ends_of_the_calendar(store: Store, calls: Collection, at: datetime) -> None:
    with store.write() as unit:
        unit.recordings.add(calls, recording("r", customer="ann", recorded_at=at), PROVENANCE)
    with store.read() as unit:
        ((customer_id, _),) = unit.customers.names(calls.collection_id).items()
        (week,) = unit.customers.weeks(calls, [customer_id], 8)[customer_id]
        figures = unit.customers.figures(calls, [customer_id])[customer_id]
    assert (week.weeks_ago, week.recordings, figures.last_recorded_at) == (0, 1, at)


def _weeks_ago(at: datetime) -> int:
    return (JUNE - at) // timedelta(weeks=1)


def test_whose_utterances_are_whose(filled: Store, calls: Collection) -> None:
    with filled.read() as unit:
        ids = {one.name: one.customer_id for one in unit.customers.ranks(calls, "name")}
        owned = unit.customers.owned(calls)
        of_ann = unit.customers.owned(calls, [ids["ann"]])
        rows = unit.utterances.rows(calls, owned.utterances.tolist())
        owners = unit.customers.owners(calls, [*owned.utterances.tolist(), 9_999])
        names = unit.customers.names(calls.collection_id)
    assert len(owned.utterances) == 2 * sum(map(len, by_customer().values()))
    assert (np.diff(owned.utterances) > 0).all()
    for row, utterance_id in enumerate(owned.utterances.tolist()):
        assert rows[utterance_id].customer == names[int(owned.customers[row])]
        assert rows[utterance_id].recording_id == owned.recordings[row]
    assert owners.tolist() == sorted(ids.values())
    np.testing.assert_array_equal(of_ann.utterances, owned.utterances[owned.customers == ids["ann"]])
    assert names == {number: name for name, number in ids.items()}


def test_an_empty_collection_has_none(store: Store, calls: Collection) -> None:
    with store.read() as unit:
        assert unit.customers.ranks(calls, "angry") == ()
        assert unit.customers.figures(calls, []) == {}
        assert len(unit.customers.owned(calls).utterances) == 0
        assert len(unit.customers.owned(calls, []).utterances) == 0
