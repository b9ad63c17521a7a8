"""Customers whom no address can name are refused wherever a name comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emovec_db.database import Database
from emovec_db.domain.recording import Details
from emovec_db.errors import QueryError
from tests.sounds import babble, write

REFUSED = "which no address can name: expected another name"


@pytest.mark.parametrize("name", [".", ".."])
def test_a_customer_is_no_step_in_an_address(database: Database, tmp_path: Path, name: str) -> None:
    calls = database.collection("calls")
    (archive := tmp_path / "archive").mkdir()
    call = write(archive / f"april_{name}_call.wav", babble(1))
    token = calls.drafts.make(call).token
    with pytest.raises(QueryError, match=REFUSED):
        calls.ingest(call, customer=name)
    with pytest.raises(QueryError, match=REFUSED), call.open("rb") as stream:
        calls.upload(stream, "call.wav", details=Details(customer=name))
    with pytest.raises(QueryError, match=REFUSED):
        calls.drafts.upload(token, details=Details(customer=name))

    by_path = calls.ingest(archive, customer_from="{month}_{customer}_call.wav")
    table = archive / "calls.jsonl"
    table.write_text(json.dumps({"uri": call.name, "customer": name}))
    by_manifest = calls.ingest(manifest=table)

    for report in (by_path, by_manifest):
        assert (report.ingested, report.failed) == (0, 1)
        assert report.errors[0].code in {"bad_query", "bad_row"}
        assert f"customer is {name!r}, {REFUSED}" in report.errors[0].message
    assert calls.summary().recordings == 0


@pytest.mark.parametrize("name", ["...", ".a", "a.", "a/..", "%2e"])
def test_other_names_with_dots_are_names(database: Database, tmp_path: Path, name: str) -> None:
    calls = database.collection("calls")
    calls.ingest(write(tmp_path / "call.wav", babble(1)), customer=name)
    assert calls.profile(name).recordings == 1
