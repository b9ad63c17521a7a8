"""docs/pages.md names every page that there is."""

from __future__ import annotations

import re
from pathlib import Path

from emovec_db.api.app import create_app
from emovec_db.database import open_database
from emovec_db.settings import read_settings
from tests.docs.pages import read, table

#: what pages are made of, and where they send forms
PARTS = {"docs", "examples", "openapi.json", "preferences", "signin", "signout"}


def test_every_page_is_told(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path, encoder="fake")
    with open_database(settings) as database:
        rules = create_app(database, settings).url_map.iter_rules()
        there = {rule.rule.split("/")[1] for rule in rules if rule.endpoint.startswith("pages.")} - PARTS
    told = re.findall(r"`/([\w-]*)", " ".join(row[1] for row in table(read("docs/pages.md"))))
    assert there == set(told) - PARTS
