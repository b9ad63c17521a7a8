"""Importing the package and asking for help load nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp", "alembic", "av", "botocore", "celery", "faiss", "flask", "flask_openapi3", "fsspec", "funasr",
    "gunicorn", "kombu", "noisereduce", "numpy", "onnxruntime", "pyarrow", "redis", "scipy", "sklearn", "soxr",
    "sqlalchemy", "torch",
}  # fmt: skip

LISTING = "import json, sys; print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
STARTS = {
    "package": "import emovec_db",
    "help": "from emovec_db.cli.main import main; assert main(['--help']) == 0",
    "help of a command": "from emovec_db.cli.main import main; assert main(['search', '--help']) == 0",
}


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a new interpreter has loaded after `code`."""
    output = subprocess.run([sys.executable, "-c", f"{code}\n{LISTING}"], check=True, capture_output=True, text=True)
    return set(json.loads(output.stdout.splitlines()[-1]))


@pytest.mark.parametrize("code", STARTS.values(), ids=STARTS.keys())
def test_start_loads_nothing_heavy(code: str) -> None:
    loaded = loaded_by(code)

    assert "emovec_db" in loaded
    assert loaded & HEAVY == set()


def test_the_listing_sees_heavy_modules() -> None:
    assert "numpy" in loaded_by("import numpy")
