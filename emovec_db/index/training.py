"""Learning the lists and codes of an inverted file from a sample of its vectors, and filling them."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from emovec_db.index.checks import checked_vectors

#: from this dim on one bit per component (RaBitQ) tells what is worth a closer look; below, one byte does
RABITQ_DIM = 512
#: up to this dim half-precision floats are small enough to rank by; above, one byte per component
HALF_DIM = 128
#: iterations and points per list of the coarse k-means
COARSE_ITERATIONS, COARSE_POINTS = 10, 64
#: k-means over fewer points per list than this is noise
MIN_POINTS_PER_LIST = 39
#: vectors that are read, checked and added at a time
ADD_ROWS = 32_768


def trained(vectors: NDArray[np.float32], seed: int) -> tuple[Any, Any]:
    """FAISS indexes without rows: the lists of small codes, and the finer codes by row."""
    count, dim = vectors.shape
    nlist = list_count(count)
    drawn = np.random.default_rng(seed).choice(count, min(count, COARSE_POINTS * nlist), replace=False)
    sample = checked_vectors(vectors[np.sort(drawn)], dim)
    small = "RaBitQ" if dim >= RABITQ_DIM else "SQ8"
    lists: Any = faiss.index_factory(dim, f"IVF{nlist},{small}", faiss.METRIC_INNER_PRODUCT)
    lists.cp.seed = seed
    lists.cp.niter = COARSE_ITERATIONS
    lists.cp.max_points_per_centroid = COARSE_POINTS
    lists.cp.min_points_per_centroid = 1  # says nothing on stderr for tiny collections
    on_gpu = _on_gpus(dim)
    if on_gpu is not None:
        lists.clustering_index = on_gpu
    lists.train(sample)
    lists.clustering_index = None
    finer = faiss.ScalarQuantizer.QT_fp16 if dim <= HALF_DIM else faiss.ScalarQuantizer.QT_8bit
    codes: Any = faiss.IndexScalarQuantizer(dim, finer, faiss.METRIC_INNER_PRODUCT)
    codes.train(sample)
    return lists, codes


def filled(lists: Any, codes: Any, vectors: NDArray[np.float32]) -> None:
    """Add all float32 (n, dim) vectors to both, some at a time."""
    for start in range(0, len(vectors), ADD_ROWS):
        block = checked_vectors(vectors[start : start + ADD_ROWS], vectors.shape[1])
        lists.add(block)
        codes.add(block)


def list_count(count: int) -> int:
    """The greatest power of two within 4 √count, fewer where lists would be too short to train."""
    return 1 << int(np.log2(max(1.0, min(4 * count**0.5, count / MIN_POINTS_PER_LIST))))


def _on_gpus(dim: int) -> Any:
    """What assigns points to centroids on all GPUs, where FAISS was built for them and sees one; untested so far."""
    if not hasattr(faiss, "get_num_gpus") or not faiss.get_num_gpus():
        return None
    return faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(dim))
