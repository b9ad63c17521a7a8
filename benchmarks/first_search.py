"""What a new process needs for its first answer; `benchmarks.search` starts it.

python -m benchmarks.first_search DATA_FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter


def main() -> None:
    """Print the seconds until the database was open and until the first answer was there."""
    began_s = perf_counter()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a data folder that benchmarks.search has filled")
    folder = parser.parse_args().folder

    # here, because importing is part of starting
    import numpy as np

    from benchmarks.stored import COLLECTION, parts_of
    from emovec_db.database import Database

    database = Database(parts_of(folder))
    collection = database.collection(COLLECTION)
    dim = collection.summary().collection.generation.encoder.dim
    open_s = perf_counter() - began_s
    vector = np.random.default_rng(0).standard_normal(dim).astype(np.float32)
    found = collection.similar_to_vector(vector, k=10)
    print(json.dumps({"open_s": open_s, "answer_s": perf_counter() - began_s, "matches": len(found)}))


if __name__ == "__main__":
    main()
