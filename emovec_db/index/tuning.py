"""How much work a search has to do to find enough, measured on rows that are left out of their own answers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

#: recall is measured over this many neighbours
RECALL_K = 10
#: the recall of this many queries has a standard error of about 0.2 % around 98 %
RECALL_QUERIES = 512
#: rows to look at for each neighbour beyond them, at least
ROWS_PER_NEIGHBOUR = 12
#: a neighbour this little below the k-th is as good: equal vectors have no right order
TIE = 1e-6
#: candidates by small codes per neighbour wanted, that are tried
FACTORS = (2, 3, 5, 7, 10, 14, 20, 28, 40)
#: ranking a candidate by its finer code takes as long as looking at so many small ones
RANKING_COST = 20
#: more lists per step would overshoot the target and waste time at every search
PROBE_STEP = 1.15
#: what is given up against visiting every list where even that misses the target
RECALL_SLACK = 0.005

#: queries float32 (q, dim), how many, nprobe -> rows int64 (q, k), best first by the small codes, -1 for none
Candidates = Callable[[NDArray[np.float32], int, int], NDArray[np.int64]]
#: rows int64 (m,) -> their finer codes, float32 (m, dim)
Decoded = Callable[[NDArray[np.int64]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search does, and the recall that it reached with it."""

    #: lists that are visited
    nprobe: int
    #: candidates per neighbour wanted
    factor: int
    recall: float

    def lists_for(self, k: int, rows_per_list: float) -> int:
        """Lists to visit for k neighbours: those of more neighbours than it was tuned for lie in more lists.

        At 1 M × 1024, 30 neighbours want 1.5 times as many for the same recall, 100 want 2 times; in small indexes
        a list holds few neighbours.
        """
        grown = self.nprobe * (1 + math.log10(max(1.0, k / RECALL_K)))
        return round(max(grown, ROWS_PER_NEIGHBOUR * (k - RECALL_K) / rows_per_list))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError, KeyError or TypeError where it is something else."""
        facts = json.loads(text)
        return cls(int(facts["nprobe"]), int(facts["factor"]), float(facts["recall"]))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Some of an index's own rows as queries, each against all others, with the exact answer."""

    vectors: NDArray[np.float32]
    #: int64 (q,), ascending
    rows: NDArray[np.int64]
    #: float32 (q,), similarity of the k-th nearest other
    floor: NDArray[np.float32]
    #: how many others are sought
    k: int

    @classmethod
    def of(cls, vectors: NDArray[np.float32], seed: int) -> Self:
        """Drawn by the seed from float32 (n, dim) unit vectors."""
        count = len(vectors)
        rows = np.sort(np.random.default_rng(seed).choice(count, min(RECALL_QUERIES, count), replace=False))
        k = min(RECALL_K, count - 1)
        # the query itself is the nearest, so the k-th other is the last of k + 1
        similarities, _ = faiss.knn(vectors[rows], np.asarray(vectors), k + 1, metric=faiss.METRIC_INNER_PRODUCT)
        return cls(vectors, rows, similarities[:, k], k)

    def recalls(self, candidates: Candidates, decoded: Decoded, nprobe: int) -> dict[int, float]:
        """The recall that each of FACTORS reaches with this many lists, candidates ranked by their finer codes."""
        if self.k == 0:
            return dict.fromkeys(FACTORS, 1.0)
        found = candidates(np.ascontiguousarray(self.vectors[self.rows]), self.k * FACTORS[-1] + 1, nprobe)
        hits = dict.fromkeys(FACTORS, 0)
        for row, floor, near in zip(self.rows, self.floor, found, strict=True):
            query = self.vectors[row]
            # where the query itself, left out, would have been among the first, one more has taken its place
            others = near[(near >= 0) & (near != row)]
            order = np.argsort(-np.einsum("md,d->m", decoded(others), query), kind="stable")
            for factor in FACTORS:
                best = others[order[order < self.k * factor][: self.k]]
                hits[factor] += int((np.einsum("md,d->m", self.vectors[best], query) >= floor - TIE).sum())
        return {factor: count / (self.k * len(self.rows)) for factor, count in hits.items()}


def tuned(candidates: Candidates, decoded: Decoded, nlist: int, held_out: HeldOut, target: float) -> Effort:
    """The least work that reaches the target recall, by count and not by the clock: the same on every machine.

    The target is overshot by one standard error, so that chance doesn't choose what falls short of it.
    """
    enough = target + np.sqrt(max(0.0, target * (1 - target)) / max(1, len(held_out.rows) * held_out.k))
    rows_per_list = len(held_out.vectors) / nlist
    tried: list[tuple[float, Effort]] = []
    nprobe, best = 1, np.inf
    while nprobe * rows_per_list < best:
        for factor, recall in held_out.recalls(candidates, decoded, nprobe).items():
            work = nprobe * rows_per_list + RANKING_COST * factor * held_out.k
            tried.append((work, Effort(nprobe, factor, recall)))
            if recall >= enough:
                best = min(best, work)
        if nprobe == nlist:
            break
        nprobe = min(nlist, max(nprobe + 1, int(nprobe * PROBE_STEP)))
    if np.isinf(best):
        # codes alone miss it: don't pay for every list where fewer find as much
        enough = max(effort.recall for _, effort in tried) - RECALL_SLACK
    return min((one for one in tried if one[1].recall >= enough), key=lambda one: one[0])[1]
