"""What the exit codes of every command mean."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
#: anything that is not the user's fault, and an inconsistent index found by `check`
FAILED: Final = 1
USAGE: Final = 2
SOME_RECORDINGS_FAILED: Final = 3
#: 128 + SIGINT, as shells have it
INTERRUPTED: Final = 130
