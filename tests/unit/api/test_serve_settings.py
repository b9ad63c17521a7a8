"""What the parent hands to its children."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emovec_db.api.serve import settings_environment
from emovec_db.settings import read_settings


def test_children_read_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("EMOVEC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOVEC_THREADS", "3")
    given = read_settings(
        data_dir=tmp_path / "x", port=0, api_key="k" * 24, upload_max_mb=2.5, timezone="Asia/Shanghai"
    )
    for name, value in settings_environment(given).items():
        monkeypatch.setenv(name, value)
    assert read_settings() == given


def test_the_parent_loads_neither_flask_nor_a_database() -> None:
    code = (
        "import sys, emovec_db.api.serve; print(*sorted({'flask', 'sqlalchemy', 'torch', 'faiss'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
