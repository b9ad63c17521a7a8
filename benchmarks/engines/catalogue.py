"""The engines by name."""

from __future__ import annotations

from benchmarks.engines.chroma import Chroma
from benchmarks.engines.engine import Engine
from benchmarks.engines.lance import Lance
from benchmarks.engines.libraries import Hnswlib, Usearch, Voyager
from benchmarks.engines.milvus import Milvus
from benchmarks.engines.ours import Ours
from benchmarks.engines.postgres import Pgvector

_ALL: tuple[Engine, ...] = (Ours(), Hnswlib(), Usearch(), Voyager(), Lance(), Chroma(), Pgvector(), Milvus())
ENGINES = {engine.name: engine for engine in _ALL}
