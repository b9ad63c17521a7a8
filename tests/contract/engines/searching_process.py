"""Search in a process of its own: for each line on standard input the ids nearest to it, a line on standard output.

    python -m tests.contract.engines.searching_process

Settings come from the environment; a line is a vector in JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np

import emovec_db
from tests.contract.engines.made_up import NAME


def main() -> None:
    with emovec_db.open() as database:
        for line in sys.stdin:
            matches = database.collection(NAME).similar_to_vector(np.array(json.loads(line), np.float32), k=5)
            print(json.dumps([match.utterance.utterance_id for match in matches]), flush=True)


if __name__ == "__main__":
    main()
