"""What a manifest says of recordings: where they lie, and what is known of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emovec_db.domain.recording import Details
from emovec_db.errors import BadRowError, QueryError
from emovec_db.sources.found import Found
from emovec_db.sources.manifest.manifest import Manifest

BERLIN = ZoneInfo("Europe/Berlin")


def found_in(path: Path, content: str, **given_columns: str) -> list[Found]:
    path.write_text(content, errors="surrogateescape")
    return list(Manifest.open(path, given_columns, BERLIN).found())


def only(found: list[Found]) -> Details:
    (one,) = found
    assert one.error is None
    (details,) = one.told.values()
    return details


def listed(tmp_path: Path, row: dict[str, Any]) -> Details:
    return only(found_in(tmp_path / "calls.jsonl", json.dumps({"uri": "a.wav", **row})))


def refused(tmp_path: Path, row: dict[str, Any]) -> str:
    (one,) = found_in(tmp_path / "calls.jsonl", json.dumps({"uri": "a.wav", **row}))
    assert isinstance(one.error, BadRowError)
    return one.error.message


def test_all_that_a_row_can_tell(tmp_path):
    content = "uri,customer,speaker,role,channel,recorded_at,queue\nx/a.wav,c7,s1,Agent,Left,2026-03-01T14:30,gold\n"
    (one,) = found_in(tmp_path / "calls.csv", content)

    assert (one.place, one.uri, one.relative) == (tmp_path / "x/a.wav", (tmp_path / "x/a.wav").as_uri(), "x/a.wav")
    assert one.told == {
        "left": Details(
            customer="c7",
            speaker="s1",
            role="agent",
            recorded_at=datetime(2026, 3, 1, 13, 30, tzinfo=UTC),
            metadata={"queue": "gold"},
        )
    }


def test_empty_cells_say_nothing(tmp_path):
    assert only(found_in(tmp_path / "a.csv", "uri,customer,role,queue,recorded_at\na.wav, ,,,\n")) == Details()
    assert listed(tmp_path, {"customer": None, "queue": None, "recorded_at": None}) == Details()


def test_the_same_in_every_kind_of_table(tmp_path):
    rows = [{"uri": f"{number}.wav", "customer": f"c{number}", "recorded_at": "2026-03-01"} for number in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    parquet = list(Manifest.open(tmp_path / "a.parquet", {}, BERLIN).found())
    lines = found_in(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    text = "\n".join(",".join(row.values()) for row in rows)

    assert found_in(tmp_path / "a.csv", f"uri,customer,recorded_at\n{text}") == lines == parquet
    assert len(lines) == 3


# where a recording lies


def test_uris_are_paths_from_the_manifests_folder_or_absolute_or_file_uris(tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    far = tmp_path / "far" / "b c.wav"
    content = f"uri\nx/a.wav\n{far}\n{far.as_uri()}\n../d.wav\n{folder}/x/e.wav\n"
    found = found_in(folder / "calls.csv", content)

    assert [one.error for one in found] == [None] * 5
    assert [one.uri for one in found] == [
        (folder / "x/a.wav").as_uri(), far.as_uri(), far.as_uri(), (tmp_path / "d.wav").as_uri(),
        (folder / "x/e.wav").as_uri(),
    ]  # fmt: skip
    assert [one.relative for one in found] == ["x/a.wav", "b c.wav", "b c.wav", "../d.wav", "x/e.wav"]


def test_a_path_of_any_bytes(tmp_path):
    (one,) = found_in(tmp_path / "a.csv", "uri\ncaf\udce9.wav\n")

    assert one.uri == f"{tmp_path.as_uri()}/caf%E9.wav"
    assert one.relative == "caf�.wav"


# columns


@pytest.mark.parametrize("name", ["path", "File", "FILENAME", "url", "Uri "])
def test_other_names_of_the_uri(tmp_path, name):
    (one,) = found_in(tmp_path / "a.csv", f"{name},speaker-id,Customer ID,date\na.wav,s1,c7,2026-03-01\n")

    assert one.relative == "a.wav"
    assert one.told == {None: Details(customer="c7", speaker="s1", recorded_at=datetime(2026, 2, 28, 23, tzinfo=UTC))}


def test_a_fields_own_name_goes_before_other_names(tmp_path):
    assert only(found_in(tmp_path / "a.csv", "path,uri\nb.wav,a.wav\n")) == Details(metadata={"path": "b.wav"})


def test_a_column_that_is_given_goes_first_and_still_tells_what_its_name_says(tmp_path):
    content = "path,speaker,customer\na.wav,s1,c7\n"

    assert only(found_in(tmp_path / "a.csv", content, customer="speaker")) == Details(
        customer="s1", speaker="s1", metadata={"customer": "c7"}
    )
    assert only(found_in(tmp_path / "a.csv", content, customer="speaker", speaker="")) == Details(
        customer="s1", metadata={"customer": "c7"}
    )


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("wav,customer", {}, "no column says where the recordings are: expected uri .* found wav, customer"),
        ("path,url", {}, "path and url might both tell the uri: say which with --column uri=NAME"),
        ("uri,caller", {"customer": "called"}, "has no column 'called': expected one of uri, caller"),
        ("uri,caller", {"costumer": "caller"}, "'costumer' is nothing that a column tells: expected one of uri, cust"),
    ],
)
def test_columns_that_make_no_sense_are_told_before_anything_is_read(tmp_path, header, columns, message):
    (tmp_path / "a.csv").write_text(f"{header}\n")

    with pytest.raises(QueryError, match=message):
        Manifest.open(tmp_path / "a.csv", columns, BERLIN)


# several channels


def test_rows_next_to_each_other_with_other_channels_are_read_in_one_pass(tmp_path):
    content = "uri,channel,role\na.wav,left,agent\na.wav,right,customer\nb.wav,,\na.wav,ch2,other\n"
    first, second, third = found_in(tmp_path / "a.csv", content)

    assert first.told == {"left": Details(role="agent"), "right": Details(role="customer")}
    assert second.told == {None: Details()}
    assert third.told == {"ch2": Details(role="other")}
    manifest = Manifest.open(tmp_path / "a.csv", {}, BERLIN)
    assert sum(manifest.recordings(asked=1)) == 4
    assert sum(manifest.recordings(asked=2)) == 5


def test_the_same_channel_again_is_another_time(tmp_path):
    found = found_in(tmp_path / "a.csv", "uri,customer\na.wav,c1\na.wav,c2\n")

    assert [one.told[None].customer for one in found] == ["c1", "c2"]


# rows that make no sense


def test_bad_rows_are_told_by_their_place_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "calls.csv"
    content = (
        "uri,channel,role,recorded_at\n"
        "a.wav,left,agent,\n"
        ",,,\n"
        "b.wav,middle,,\n"
        "c.wav,,boss,\n"
        "d.wav,,,yesterday\n"
        "e.wav,,\n"
        "ftp://host/f.wav,,,\n"
        "a\0b.wav,,,\n"
        "a.wav,right,customer,\n"
    )
    found = found_in(path, content)

    errors = {one.uri.removeprefix(path.as_uri()): one.error for one in found if one.error}
    assert [one.relative for one in found if not one.error] == ["a.wav", "a.wav"]
    assert list(errors) == [f"#line={number}" for number in range(3, 10)]
    assert all(isinstance(error, BadRowError) for error in errors.values())
    told = [error.message for error in errors.values()]
    assert told[0] == "calls.csv, line 3: its uri is empty"
    assert [fragment in text for fragment, text in zip(
        ("is empty", "middle", "role is 'boss'", "ISO 8601", "3 cells", "ftp:// is no address", "NUL"),
        told, strict=True,
    )] == [True] * 7  # fmt: skip
    assert sum(Manifest.open(path, {}, BERLIN).recordings(asked=1)) == 9


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"customer": True}, "customer is True; expected a text"),
        ({"customer": ["c"]}, "expected a text"),
        ({"customer": 1.5}, "expected a text"),
        ({"customer": "c" * 501}, "has 501 characters; expected at most 500"),
        ({"customer": "c\0"}, "NUL"),
        ({"note": {"deep": ["\0"]}}, "note holds a NUL"),
        ({"\0": 1}, "NUL"),
        ({"note": json.loads("[" * 20 + "]" * 20)}, "nested more than 16 deep"),
        ({"recorded_at": 1_750_000_000}, "expected ISO 8601"),
        ({"recorded_at": "0001-01-01T00:00+14:00"}, "outside the years 1 to 9999 in UTC"),
        (
            {"recorded_at": "0001-01-01T12:00Z"},
            "recorded_at is 0001-01-01T12:00:00+00:00: expected a time in the years 1800",
        ),
    ],
)
def test_values_that_cant_be_stored(tmp_path, row, message):
    assert message in refused(tmp_path, row)


def test_text_that_is_no_text_is_refused_outside_the_uri(tmp_path):
    (one,) = found_in(tmp_path / "a.csv", "uri,customer\na.wav,caf\udce9\n")

    assert "customer is not UTF-8: save the table as UTF-8" in str(one.error)


# values


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 23, tzinfo=UTC)),
        ("2026-07-01 14:30", datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T14:30Z", datetime(2026, 3, 1, 14, 30, tzinfo=UTC)),
        ("2026-03-01T14:30+05:30", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_in_that_of_the_settings(tmp_path, value, utc):
    assert listed(tmp_path, {"recorded_at": value}).recorded_at == utc


def test_types_of_parquet(tmp_path):
    table = pa.table({
        "uri": ["a.wav"], "customer": [17.0], "speaker": [4], "recorded_at": [datetime(2026, 7, 1, 14, 30)],
        "day": [date(2026, 7, 1)], "score": [0.5], "none": [float("nan")],
        "cents": [Decimal("5.25")],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")

    assert only(list(Manifest.open(tmp_path / "a.parquet", {}, BERLIN).found())) == Details(
        customer="17",
        speaker="4",
        recorded_at=datetime(2026, 7, 1, 12, 30, tzinfo=UTC),
        metadata={"day": "2026-07-01", "score": 0.5, "cents": 5.25},
    )


@pytest.mark.parametrize("value", [datetime(1, 1, 1), date(1, 1, 1), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_time_at_which_nothing_was_recorded_is_a_bad_row(tmp_path, value):
    pq.write_table(pa.table({"uri": ["a.wav"], "recorded_at": [value]}), tmp_path / "a.parquet")
    (one,) = Manifest.open(tmp_path / "a.parquet", {}, BERLIN).found()

    assert isinstance(one.error, BadRowError)
    assert "years 1" in one.error.message


def test_bytes_are_no_metadata(tmp_path):
    pq.write_table(pa.table({"uri": ["a.wav"], "sound": [b"RIFF"]}), tmp_path / "a.parquet")
    (one,) = Manifest.open(tmp_path / "a.parquet", {}, BERLIN).found()

    assert "sound is b'RIFF', which metadata can't hold: leave the column out" in str(one.error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.dictionaries(st.sampled_from(["uri", "customer", "role", "recorded_at", "channel", "note"]), JSON))
def test_whatever_a_row_holds_is_told_or_refused(tmp_path, row):
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    (one,) = Manifest.open(tmp_path / "a.jsonl", {}, BERLIN).found()
    (details,) = one.told.values()

    assert one.error is None or isinstance(one.error, BadRowError)
    json.dumps(details.as_params(), allow_nan=False).encode()
