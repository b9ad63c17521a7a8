"""A profile as a table: every figure is in it, and no text runs as a formula."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.documents import comparison_table, profile_table
from emovec_db.documents.profile_table import BYTE_ORDER_MARK, COLUMNS
from emovec_db.domain.profile import CustomerComparison, NearestCustomer, Profile
from tests.unit.cli import fakes


def rows_of(profile: Profile) -> list[dict[str, str]]:
    text = profile_table(profile)
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


def test_every_figure_has_its_row() -> None:
    profile = fakes.profile()
    rows = rows_of(profile)

    assert tuple(rows[0]) == COLUMNS
    by_section = {section: [row for row in rows if row["section"] == section] for section in
                  ("overall", "label share", "score", "trend", "change", "typical", "unusual", "nearest")}  # fmt: skip
    assert sum(map(len, by_section.values())) == len(rows)
    assert {row["name"]: row["value"] for row in by_section["overall"]} == {
        "utterances": "5", "duration_s": "90.0", "spread": "0.125", "volatility": "",
    }  # fmt: skip
    assert {row["name"]: float(row["value"]) for row in by_section["label share"]} == profile.labels
    for row in by_section["score"]:
        estimate = profile.scores[row["name"]]
        assert (float(row["value"]), float(row["low"]), float(row["high"])) == (
            estimate.mean, estimate.low, estimate.high,
        )  # fmt: skip
    assert len(by_section["trend"]) == 10
    assert {row["start"] for row in by_section["trend"]} == {fakes.WHEN.isoformat().replace("+00:00", "Z")}
    (sad,) = [row for row in by_section["change"] if row["name"] == "sad"]
    assert (sad["value"], sad["low"], sad["high"], sad["note"]) == ("0.25", "0.125", "0.375", "higher")
    assert [(row["recordings"], row["value"], row["note"]) for row in by_section["nearest"]] == [("3", "0.5", "scores")]


def test_a_comparison_is_both_profiles_and_how_they_differ() -> None:
    first, second = fakes.profile(), replace(fakes.profile(), customer="c2")
    comparison = CustomerComparison(first=first, second=second, differences=fakes.differences(), similarity=0.5)
    text = comparison_table(comparison).removeprefix(BYTE_ORDER_MARK)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    profiles = [*rows_of(first), *rows_of(second)]
    assert rows[: len(profiles)] == profiles
    nearness, *differences = rows[len(profiles) :]
    assert (nearness["section"], nearness["name"], nearness["value"]) == ("compared with", "c2", "0.5")
    assert [row["name"] for row in differences] == list(comparison.differences)
    (sad,) = [row for row in differences if row["name"] == "sad"]
    assert (sad["customer"], sad["value"], sad["low"], sad["high"], sad["note"]) == (
        "c1", "0.25", "0.125", "0.375", "higher",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "－1", "＠a"])
def test_no_name_is_a_formula(name: str) -> None:
    nearest = (NearestCustomer(customer=name, similarity=-0.5, recordings=1),)
    rows = rows_of(replace(fakes.profile(), customer=name, nearest=nearest))

    assert {row["customer"] for row in rows} == {f"'{name}"}
    assert (rows[-1]["name"], rows[-1]["value"]) == (f"'{name}", "-0.5"), "numbers stay numbers"


@given(name=st.text())
def test_any_name_comes_back_from_the_table(name: str) -> None:
    rows = rows_of(replace(fakes.profile(), customer=name))

    shown = {row["customer"] for row in rows}
    assert shown in ({name}, {f"'{name}"})
    assert not re.match(r"[=+\-@\t\r\n]", shown.pop())
