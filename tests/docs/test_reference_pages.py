"""docs/http.md, docs/python.md and docs/storage.md name all there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import emovec_db
from emovec_db.api.app import create_app
from emovec_db.database import Collection, Database
from emovec_db.encoder.registry import COMPACT, PUBLISHED
from emovec_db.settings import read_settings
from emovec_db.store.tables import Base
from tests.docs.pages import read, section, table


def public_members(of: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(of) if not name.startswith("_")}


def named_in(cells: list[list[str]]) -> set[str]:
    return set(re.findall(r"`(\w+)[`(]", " ".join(row[0] for row in cells)))


def test_every_address_is_told(tmp_path: Path) -> None:
    with emovec_db.open(tmp_path, encoder="fake") as database:
        paths = create_app(database, read_settings()).api_doc["paths"]
    told = set(re.findall(r"`(GET|POST|PATCH|DELETE) (\S+)`", read("docs/http.md")))

    assert told == {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_method_is_told() -> None:
    page = read("docs/python.md")

    assert named_in(table(section(page, "Database"))) == public_members(Database)
    assert named_in(table(section(page, "Collection"))) == public_members(Collection)


def test_every_table_is_told() -> None:
    told = named_in(table(section(read("docs/storage.md"), "Tables")))

    assert told == {*Base.metadata.tables, "alembic_version"}


def test_every_published_encoder_is_told() -> None:
    page = read("docs/models.md")

    assert f"`{COMPACT}`" in page
    for model in PUBLISHED:
        stem, _, size = model.name.rpartition("_")
        assert f"`{model.name}`" in page or f"`_{size}`" in page, stem
