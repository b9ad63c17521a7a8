"""Where sound is decoded: every place has to ask the policy, so a new one has to be thought about."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.conftest import ROOT

#: the gate itself; the reading of an ingest and stored recordings, which ask it; `models verify`, which stores and
#: tells nothing of a recording
PLACES = {"services/gate.py", "services/ingest/reading.py", "services/playback.py", "services/parity.py"}


def decodes_sound(file: Path) -> bool:
    """Whether it calls anything's `decode` with limits, as files of sound are decoded."""
    calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return any(
        (getattr(call.func, "attr", None) or getattr(call.func, "id", None)) == "decode"
        and any(keyword.arg == "limits" for keyword in call.keywords)
        for call in calls
    )


def test_sound_is_decoded_where_the_policy_is_asked_and_nowhere_else() -> None:
    package = ROOT / "emovec_db"
    found = {file.relative_to(package).as_posix() for file in package.rglob("*.py") if decodes_sound(file)}
    assert {place for place in found if not place.startswith("audio/")} == PLACES
