"""The README's table of settings is that of the code, and its make targets exist."""

from __future__ import annotations

import re

from pydantic import SecretStr

from emovec_db.settings import Settings
from tests.conftest import ROOT
from tests.docs.pages import read, section, table


def shown(default: object) -> object:
    return default.get_secret_value() if isinstance(default, SecretStr) else default


def test_settings_are_those_of_the_code() -> None:
    documented = table(section(read("README.md"), "Settings"))
    fields = Settings.model_fields.items()

    assert documented == [
        [
            f"`EMOVEC_{name.upper()}`",
            f"`{shown(field.default)}`" if field.default not in (None, "") else "",
            field.description,
        ]
        for name, field in fields
    ]


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([\w$()/.]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^    |`)make ([\w./]+)", read("README.md"), re.MULTILINE))

    assert named
    assert {name.replace(".venv", "$(VENV)") for name in named} <= targets
