"""What is stored of a collection, as vectors of a space: what every index is built from and held against."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.columns import Columns
from emovec_db.spaces.protocol import Space
from emovec_db.store.store import Unit


@contextmanager
def mapped_vectors(
    unit: Unit, collection: Collection, space: Space, folder: Path
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """As `stored_vectors`, but the vectors lie in a file without a name in that folder, not in memory."""
    count, dim = unit.utterances.count(collection), space.dim(collection.generation.encoder.dim)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        vectors = np.memmap(file, np.float32, "w+", shape=(count, dim))
        ids = np.empty(count, np.int64)
        filled = 0
        for part in unit.utterances.all_vectors(collection):
            ids[filled : filled + len(part.ids)] = part.ids
            vectors[filled : filled + len(part.ids)] = space.project(part)
            filled += len(part.ids)
        yield ids, vectors


def stored_vectors(unit: Unit, collection: Collection, space: Space) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """All utterances of the collection's generation: ids int64 (n,) ascending, unit vectors float32 (n, dim)."""
    ids = [np.empty(0, np.int64)]
    parts = [np.empty((0, space.dim(collection.generation.encoder.dim)), np.float32)]
    for vectors in unit.utterances.all_vectors(collection):
        ids.append(vectors.ids)
        parts.append(space.project(vectors))
    return np.concatenate(ids), np.concatenate(parts)


def stored_columns(unit: Unit, collection: Collection) -> Columns:
    """What filters ask of all utterances of the collection's generation, ids ascending."""
    return Columns.joined([Columns.none(), *unit.utterances.all_columns(collection)])
