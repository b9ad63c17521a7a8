"""Reading the Dockerfile."""

from __future__ import annotations

import re
from pathlib import Path


def instructions(file: Path) -> list[tuple[str, str]]:
    """(instruction, rest) of each instruction, continued lines joined and comments left out."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    found = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(name.upper(), rest) for name, rest in found]


def stages(file: Path) -> list[list[tuple[str, str]]]:
    """The instructions of each stage, without its FROM."""
    result: list[list[tuple[str, str]]] = []
    for name, rest in instructions(file):
        if name == "FROM":
            result.append([])
        else:
            result[-1].append((name, rest))
    return result
