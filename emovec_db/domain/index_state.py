"""What is known of an index without loading it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """One published snapshot, or what an engine outside this process holds."""

    #: exact, layered or hnsw
    kind: str
    #: recall@10 as measured when it was built; 1 where exact, None where an engine was filled by searches only
    recall: float | None
    #: vectors in it
    size: int
    #: position in the change log
    seq: int
