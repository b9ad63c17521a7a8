from __future__ import annotations

import sys
from pathlib import Path

import pytest

from emovec_db.errors import EmovecError, MissingPartError, SettingsError
from emovec_db.store.engine import parse_url, shown
from emovec_db.store.store import Store

SECRET = "hunter2%40"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_gets_the_driver_that_is_used(scheme: str) -> None:
    url = parse_url(f"{scheme}://me:{SECRET}@host:5433/name?sslmode=require")
    assert (
        url.render_as_string(hide_password=False) == f"postgresql+psycopg://me:{SECRET}@host:5433/name?sslmode=require"
    )
    assert shown(url) == "postgresql+psycopg://me:***@host:5433/name?sslmode=require"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://me:hunter2@host/name", "mysql is no database for emovec-db: expected sqlite:/// or postgresql://"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("no url", "can't be read"),
        ("postgresql://me:hunter2@host:port/name", "can't be read"),
        ("", "can't be read"),
    ],
)
def test_other_urls_are_refused_without_showing_a_password(url: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as raised:
        Store.open(url)
    assert "hunter2" not in str(raised.value)


def test_postgresql_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPartError, match=r"pip install 'emovec-db\[postgres\]'") as raised:
        Store.open("postgresql://me:hunter2@host/name")
    assert "hunter2" not in str(raised.value)


def test_a_server_that_is_not_there_is_named_without_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(EmovecError, match=r"postgresql\+psycopg://me:\*\*\*@/name.* failed: ") as raised:
        Store.open(f"postgresql://me:hunter2@/name?host={tmp_path}")
    assert "hunter2" not in str(raised.value)


def test_a_store_shows_no_password() -> None:
    assert "hunter2" not in repr(Store("postgresql://me:hunter2@host/name"))
