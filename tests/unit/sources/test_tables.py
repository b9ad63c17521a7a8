"""Tables are read as they were written, row by row, and a bad row does not end them."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emovec_db.errors import MissingPartError, NotAudioError, QueryError, UnreadableError
from emovec_db.sources.manifest.table import MAX_LINE, Row, open_table

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
GRIDS = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=8))


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path: Path) -> list[Row]:
    return list(open_table(path).rows())


def values_of(path: Path) -> list[dict[str, Any]]:
    rows = rows_of(path)
    assert [row.problem for row in rows if row.problem] == []
    return [dict(row.values) for row in rows]


def problems_of(path: Path) -> dict[str, str]:
    return {row.place: row.problem for row in rows_of(path) if row.problem}


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grid=GRIDS, delimiter=st.sampled_from(",;\t|"))
def test_csv_gives_what_pythons_writer_wrote(tmp_path, grid, delimiter):
    width = len(grid[0]) if grid else 2
    names = [f"column {number}" for number in range(width)]
    path = written(tmp_path / "a.csv", as_csv([names, *grid], delimiter if width > 1 else ","))

    assert values_of(path) == [dict(zip(names, cells, strict=True)) for cells in grid]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(TEXT, TEXT | st.integers(-(2**53), 2**53) | st.none() | st.lists(TEXT, max_size=3)))
)
def test_json_lines_give_what_was_written(tmp_path, rows):
    path = written(tmp_path / "a.jsonl", b" \n" + b"".join(orjson.dumps(row) + b"\n" for row in rows))

    assert values_of(path) == rows


def test_parquet_gives_what_was_written(tmp_path):
    when = datetime(2026, 3, 1, 14, 30, 0, 250_000, tzinfo=UTC)
    columns = {
        "uri": [f"{number}.wav" for number in range(3_000)],
        "customer": [None, "c1", "c2"] * 1_000,
        "recorded_at": pa.array([when] * 3_000, pa.timestamp("ns", "UTC")),
        "tags": [["a"], [], None] * 1_000,
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=700)

    rows = rows_of(tmp_path / "a.parquet")

    assert [row.place for row in rows] == [f"row {number}" for number in range(1, 3_001)]
    assert rows[1].values == {"uri": "1.wav", "customer": "c1", "recorded_at": when, "tags": []}
    assert [row.values["uri"] for row in rows] == columns["uri"]


def test_times_finer_than_pythons_are_cut(tmp_path):
    fine = pa.array([1_750_000_000_123_456_789], pa.timestamp("ns"))
    pq.write_table(pa.table({"uri": ["a"], "recorded_at": fine}), tmp_path / "a.parquet")

    assert values_of(tmp_path / "a.parquet")[0]["recorded_at"] == datetime(2025, 6, 15, 15, 6, 40, 123_456)


def test_places_are_lines(tmp_path):
    path = written(tmp_path / "a.csv", 'uri,note\r\na.wav,x\r\n\r\nb.wav,"two\nlines"\r\nc.wav,y\r\n')

    assert [row.place for row in rows_of(path)] == ["line 2", "line 5", "line 6"]
    assert [row.place for row in rows_of(written(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": 2}'))] == ["line 1", "line 3"]


def test_bad_rows_of_csv_are_told_and_the_rest_goes_on(tmp_path):
    too_long = "x" * (2 * MAX_LINE)
    content = f'uri,note\na.wav,1\nb.wav\nc.wav,3,4\n{too_long},5\nd.wav,"6" x\ne.wav,7\nf.wav,"open\ng.wav,8\n'
    path = written(tmp_path / "a.csv", content)

    assert [row.values["uri"] for row in rows_of(path) if row.values] == ["a.wav", "e.wav"]
    problems = problems_of(path)
    assert list(problems) == ["line 3", "line 4", "line 5", "line 6", "lines 8 to 9"]
    assert problems["line 3"] == "it has 1 cells; expected 2, as the header has"
    assert problems["line 5"] == "it is longer than 1,048,576 characters"
    assert problems["line 6"].startswith("it is no CSV (")
    assert problems["lines 8 to 9"].endswith("check its quotes")


def test_bad_lines_of_json_are_told_and_the_rest_goes_on(tmp_path):
    too_long = b'"' + b"x" * (3 * MAX_LINE) + b'"'
    lines = [b'{"a": 1}', b"{", b"[1]", too_long, b'{"a": "\\ud800"}', b'{"a": NaN}', b"\xff", b'{"a": 2}']
    path = written(tmp_path / "a.ndjson", b"\n".join(lines))

    assert [dict(row.values) for row in rows_of(path) if not row.problem] == [{"a": 1}, {"a": 2}]
    problems = problems_of(path)
    assert list(problems) == [f"line {number}" for number in (2, 3, 4, 5, 6, 7)]
    assert problems["line 3"] == 'it is no JSON object; expected {"uri": …, "customer": …}'
    assert problems["line 4"] == "it is longer than 1,048,576 bytes"


def test_excel_writes_a_mark_and_semicolons(tmp_path):
    path = written(tmp_path / "a.csv", b"\xef\xbb\xbfuri;customer\r\na.wav;M\xc3\xbcller, A.\r\n")

    assert values_of(path) == [{"uri": "a.wav", "customer": "Müller, A."}]


def test_a_column_without_a_name_is_left_out(tmp_path):
    assert values_of(written(tmp_path / "a.csv", ",uri,\n0,a.wav,\n")) == [{"uri": "a.wav"}]


def test_bytes_that_are_no_text_are_kept_as_in_file_names(tmp_path):
    (values,) = values_of(written(tmp_path / "a.csv", b"uri\ncaf\xe9.wav\n"))

    assert values["uri"].encode(errors="surrogateescape") == b"caf\xe9.wav"


def test_a_long_table_takes_no_memory(tmp_path):
    names, rows = ("uri", "customer"), 20_000
    listed = [(f"{number}.wav", "somebody") for number in range(rows)]
    written(tmp_path / "a.csv", as_csv([names, *listed]))
    written(tmp_path / "a.jsonl", b"\n".join(orjson.dumps(dict(zip(names, row, strict=True))) for row in listed))
    pq.write_table(pa.table(dict(zip(names, zip(*listed, strict=True), strict=True))), tmp_path / "a.parquet")
    for suffix in ("csv", "jsonl", "parquet"):
        table = open_table(tmp_path / f"a.{suffix}")
        next(table.rows())  # what is imported for it
        tracemalloc.start()
        try:
            assert sum(1 for _row in table.rows()) == rows
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.txt", "uri\n", QueryError, "expected .csv, .tsv, .jsonl, .ndjson or .parquet"),
        ("a.csv", "", NotAudioError, "is empty"),
        ("a.csv", "uri\n".encode("utf-16"), QueryError, "is UTF-16: save it as UTF-8"),
        ("a.csv", "uri,customer,uri\n", QueryError, "several columns 'uri'"),
        ("a.csv", '"uri\n', QueryError, "has no header"),
        ("a.csv", "x" * (2 * MAX_LINE), QueryError, "has no header"),
        ("a.parquet", "uri,customer\n", QueryError, "is no Parquet file"),
    ],
)
def test_what_is_no_table(tmp_path, name, content, error, message):
    with pytest.raises(error, match=message):
        open_table(written(tmp_path / name, content))


def test_what_is_not_there(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name, message in {"none.csv": "no such file", "folder.csv": "is a folder"}.items():
        with pytest.raises(UnreadableError, match=message):
            open_table(tmp_path / name)


def test_a_damaged_parquet_file_says_so(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"uri": [f"{number}" for number in range(5_000)]}), path, compression="zstd")
    damaged = bytearray(path.read_bytes())
    damaged[200:2_000] = bytes(1_800)
    path.write_bytes(damaged)

    with pytest.raises(UnreadableError, match="it is damaged"):
        rows_of(path)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    pq.write_table(pa.table({"uri": ["a"]}), tmp_path / "a.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(MissingPartError, match=r"pip install 'emovec-db\[parquet\]'"):
        open_table(tmp_path / "a.parquet")
