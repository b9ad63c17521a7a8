"""Lists of recordings in the order of a field, page by page, against Python's `sorted`."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Recording
from emovec_db.domain.sorting import SORTS, Sort
from emovec_db.errors import QueryError
from emovec_db.store import rows
from emovec_db.store.store import Store, Unit
from tests.stored import IDENTITY, JUNE, PROVENANCE, QUALITY, RECIPE, prediction, recording

#: few of each, so that there are ties
TIMES = (JUNE, JUNE + timedelta(microseconds=1), JUNE + timedelta(days=1))
NAMES = ("a", "B", "Z z", "ä", "A\u0308", "客户", "😀", "a b", "o'x", 'q"', "\\")
FIELDS: dict[str, Callable[[Recording], Any]] = {
    "recorded_at": lambda one: one.details.recorded_at,
    "created_at": lambda one: one.created_at,
    "duration_s": lambda one: one.quality.duration_s,
    "confidence": lambda one: one.summary.confidence,
    "customer": lambda one: one.details.customer,
}

_numbers = count()

made_up = st.lists(
    st.tuples(
        st.sampled_from((None, *TIMES)),
        st.sampled_from(TIMES),
        st.sampled_from((0.5, 0.1 + 0.2, 2.5, 3600.0)),
        st.sampled_from((0.3, 0.6, 0.7)),
        st.sampled_from((None, *NAMES)),
    ),
    max_size=12,
)


def add(unit: Unit, calls: Collection, values: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> int:
    recorded_at, created_at, duration_s, confidence, customer = values
    monkeypatch.setattr(rows, "now", lambda: created_at)
    new = recording(
        f"{calls.name}-{next(_numbers)}", recorded_at=recorded_at, customer=customer,
        quality=replace(QUALITY, duration_s=duration_s), summary=prediction("sad", confidence),
    )  # fmt: skip
    return unit.recordings.add(calls, new, PROVENANCE)


def in_order(recordings: list[Recording], sort: Sort) -> list[int]:
    def key(one: Recording) -> tuple[Any, int]:
        return FIELDS[sort.field](one), one.recording_id

    known = [one for one in recordings if FIELDS[sort.field](one) is not None]
    unknown = [one for one in recordings if FIELDS[sort.field](one) is None]
    last = sorted(unknown, key=lambda one: one.recording_id, reverse=sort.descending)
    return [one.recording_id for one in (*sorted(known, key=key, reverse=sort.descending), *last)]


def walked(unit: Unit, calls: Collection, filter: Filter, limit: int, sort: Sort) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        page = unit.recordings.page(calls.collection_id, filter, cursor, limit, sort)
        assert len(page.items) <= limit
        assert len(page.items) == limit or page.next_cursor is None
        found += [one.recording_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=made_up, limit=st.integers(1, 5), customer=st.sampled_from((None, None, "a", "客户")))
def test_all_pages_are_the_sorted_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch, values: list[tuple[Any, ...]], limit: int, customer: str | None
) -> None:
    with monkeypatch.context() as patch, store.write() as unit:
        name = f"calls-{len(unit.collections.summaries())}"
        calls = unit.collections.create(name, IDENTITY, RECIPE)
        for each in values:
            add(unit, calls, each, patch)
    filter = Filter(customer=customer)
    with store.read() as unit:
        everything = list(unit.recordings.page(calls.collection_id, filter, None, 100).items)
        for text in SORTS:
            sort = Sort.parse(text)
            assert walked(unit, calls, filter, limit, sort) == in_order(everything, sort), text


@pytest.mark.parametrize("text", SORTS)
def test_a_cursor_stays_right_while_recordings_come_and_go(
    store: Store, calls: Collection, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    sort = Sort.parse(text)
    with store.write() as unit:
        for place in range(8):
            values = (
                None if place % 4 == 3 else TIMES[place % 3],
                TIMES[place % 2],
                place % 3 + 0.5,
                0.3,
                NAMES[place % 3],
            )
            add(unit, calls, values, monkeypatch)
    with store.read() as unit:
        whole = in_order(list(unit.recordings.page(calls.collection_id, Filter(), None, 100).items), sort)
        first = unit.recordings.page(calls.collection_id, Filter(), None, 3, sort)
    with store.write() as unit:
        unit.recordings.delete(calls, [whole[0], whole[2]])  # the cursor's own too
        added = add(unit, calls, (TIMES[0], TIMES[0], 0.5, 0.3, "a"), monkeypatch)
    with store.read() as unit:
        rest = unit.recordings.page(calls.collection_id, Filter(), first.next_cursor, 100, sort)
    assert [one.recording_id for one in first.items] == whole[:3]
    assert [one.recording_id for one in rest.items if one.recording_id != added] == whole[3:]


def written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        written("recordings:3"),
        written("recordings by -duration_s:[2.5, 3]"),
        written("recordings by duration_s:[2.5]"),
        written("recordings by duration_s:[NaN, 3]"),
        written("recordings by duration_s:[null, 3]"),
        written('recordings by duration_s:["2.5", 3]'),
        written("recordings by duration_s:[2.5, 0]"),
        written(f"recordings by duration_s:[2.5, {2**63}]"),
        written("recordings by duration_s:" + "[" * 100_000),
        written("recordings by duration_s:{}"),
    ],
)
def test_a_cursor_of_another_list_is_refused(store: Store, calls: Collection, cursor: str) -> None:
    with store.read() as unit, pytest.raises(QueryError, match="is no cursor of recordings by duration_s"):
        unit.recordings.page(calls.collection_id, Filter(), cursor, 3, Sort.parse("duration_s"))


@pytest.mark.parametrize("time", ["2026-06-01T12:00:00", "June", 3, 2.5])
def test_a_cursor_with_no_time_is_refused(store: Store, calls: Collection, time: object) -> None:
    cursor = written(f"recordings by recorded_at:{json.dumps([time, 3])}")
    with store.read() as unit, pytest.raises(QueryError, match="is no cursor of"):
        unit.recordings.page(calls.collection_id, Filter(), cursor, 3, Sort.parse("recorded_at"))


@pytest.mark.parametrize("text", ["", "-", "label", "--customer", "recorded_at desc", "Customer"])
def test_no_such_order(text: str) -> None:
    with pytest.raises(QueryError, match="expected one of recorded_at, created_at"):
        Sort.parse(text)


@pytest.mark.parametrize("text", [None, *SORTS])
def test_pages_are_found_by_an_index(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """On SQLite, whose plan does not depend on how much is stored: no page sorts, or reads what lies before it."""
    sort = None if text is None else Sort.parse(text)
    store = Store.open(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'emovec.db')}")
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, RECIPE)
        for place in range(6):
            add(unit, calls, (JUNE + timedelta(hours=place), TIMES[place % 3], 2.5, 0.6, "a"), monkeypatch)
    plans: list[str] = []
    with store.read() as unit:

        def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
            if "FROM recordings" in statement:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.append("\n".join(row[3] for row in cursor.fetchall()))

        event.listen(unit.recordings._connection, "before_cursor_execute", explain)
        first = unit.recordings.page(calls.collection_id, Filter(), None, 2, sort)
        unit.recordings.page(calls.collection_id, Filter(), first.next_cursor, 2, sort)
    store.close()
    index, column = {
        None: ("recordings USING INDEX ix_recordings_collection_id_recording_id", "recording_id"),
        "confidence": ("summaries USING INDEX ix_summaries_generation_id_confidence", "confidence"),
        "customer": ("customers USING COVERING INDEX sqlite_autoindex_customers_1", "name"),
    }.get(sort and sort.field, (f"recordings USING INDEX ix_recordings_collection_id_{sort and sort.field}", str(sort)))
    assert len(plans) == 2
    assert all(plan.startswith(f"SEARCH {index}") and "TEMP B-TREE" not in plan for plan in plans), plans
    assert column.removeprefix("-") in plans[1].splitlines()[0].rpartition(" (")[2]
