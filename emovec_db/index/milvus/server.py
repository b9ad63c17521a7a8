"""What is asked of a Milvus server: collections of vectors, and how far each follows the change log.

Searches see what this process wrote: the client keeps the time of the last write to each collection, and Milvus waits
until it has come so far (consistency `Session`). `touch` makes that time now: then a search also sees what others had
written before, and deletions.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.errors import IndexDamagedError, MissingPartError, UnavailableError
from emovec_db.index.milvus.address import MilvusAddress
from emovec_db.index.protocol import Neighbours

#: the most neighbours that Milvus gives
MAX_K = 16_384
#: how long a call may take
TIMEOUT_S = 10.0
#: the index: links of each vector, rows looked at for each that is put in, and for each search at least
LINKS, BUILD_WIDTH, SEARCH_WIDTH = 16, 128, 128
#: what is put in for a moment
_NOBODY: Final = -1
ID, VECTOR = "utterance_id", "vector"
#: of collections, in which it is kept how far they follow the change log, and what their index finds
_SEQ, _RECALL = "emovec.seq", "emovec.recall"
#: in what the client says of a server that is away, or has too much to do
_AWAY: Final = ("connect", "unavailable", "timeout", "deadline", "not ready", "rate limit")
#: whoever asks anew connects anew, however long the server was away: by itself gRPC waits for up to two minutes
_FOUND_AGAIN: Final = {"grpc.use_local_subchannel_pool": 1, "grpc.max_reconnect_backoff_ms": 1_000}
#: in what it says where there is no such collection
_ABSENT: Final = ("can't find collection", "collection not found")
#: types of Milvus by that of the arrays that hold a field
_TYPES: Final = {"i": "INT64", "f": "DOUBLE"}


@dataclass(frozen=True, slots=True)
class Held:
    """What a server says of a collection."""

    #: another one if the collection was made anew
    collection_id: int
    #: position in the change log
    seq: int
    #: recall@10, as measured when it was built; None: never
    recall: float | None


class MilvusServer:
    """One server; threads and forked children may share one."""

    def __init__(self, address: MilvusAddress) -> None:
        self._address = address
        self._connected: tuple[int, Any] | None = None

    @staticmethod
    def require_client() -> None:
        """Raise MissingPartError if Milvus's client is not installed."""
        _client_package()

    def names(self) -> list[str]:
        """Of all collections whose names have this deployment's prefix."""
        with self._client() as client:
            names = client.list_collections(timeout=TIMEOUT_S)
            return sorted(name for name in names if name.startswith(f"{self._address.prefix}_"))

    def find(self, name: str) -> Held | None:
        """What there is of a collection; None: it is not there."""
        with self._client() as client:
            try:
                told = client.describe_collection(name, timeout=TIMEOUT_S)
            except _client_package().MilvusException as error:
                if any(words in str(error).lower() for words in _ABSENT):
                    return None
                raise
        kept = told.get("properties", {})
        recall = kept.get(_RECALL)
        return Held(told["collection_id"], int(kept.get(_SEQ, 0)), None if recall is None else float(recall))

    def create(self, name: str, dim: int, fields: Mapping[str, str]) -> None:
        """Make a collection of vectors (dim,) with further fields, each of a NumPy kind, ``i`` or ``f``."""
        types = _client_package().DataType
        with self._client() as client:
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field(ID, types.INT64, is_primary=True)
            schema.add_field(VECTOR, types.FLOAT_VECTOR, dim=dim)
            for field, kind in fields.items():
                schema.add_field(field, getattr(types, _TYPES[kind]))
            client.create_collection(
                name, schema=schema, num_shards=self._address.shards, properties={_SEQ: "0"}, timeout=TIMEOUT_S
            )
            index = client.prepare_index_params()
            graph = {"M": LINKS, "efConstruction": BUILD_WIDTH}
            index.add_index(VECTOR, index_type="HNSW", metric_type="IP", params=graph)
            client.create_index(name, index, timeout=TIMEOUT_S)

    def load(self, name: str) -> None:
        """Have a collection searched; nothing where it is already."""
        with self._client() as client:
            client.load_collection(name, replica_number=self._address.replicas, timeout=10 * TIMEOUT_S)

    def drop(self, name: str) -> None:
        """Delete a collection, if it is there."""
        with self._client() as client:
            client.drop_collection(name, timeout=TIMEOUT_S)

    def put(
        self, name: str, ids: NDArray[np.int64], vectors: NDArray[np.float32], fields: Mapping[str, NDArray[Any]]
    ) -> None:
        """Put vectors float32 (n, dim) in with arrays (n,) of the further fields, in place of those of the same ids."""
        columns = {ID: ids.tolist(), VECTOR: list(vectors), **{field: each.tolist() for field, each in fields.items()}}
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        if rows:
            with self._client() as client:
                client.upsert(name, rows, timeout=TIMEOUT_S)

    def take_out(self, name: str, ids: Sequence[int]) -> None:
        """Delete vectors; unknown ids are ignored."""
        if ids:
            with self._client() as client:
                client.delete(name, ids=list(ids), timeout=TIMEOUT_S)

    def touch(self, name: str, dim: int, fields: Mapping[str, str]) -> None:
        """From now on searches see all that was written and deleted before, by whomever.

        Something is put in and taken out again: Milvus 2.3 doesn't tell when a deletion was.
        """
        nothing = {field: np.zeros(1, f"{kind}8") for field, kind in fields.items()}
        self.put(name, np.array([_NOBODY]), np.zeros((1, dim), np.float32), nothing)
        self.take_out(name, [_NOBODY])

    def advance(self, name: str, seq: int) -> None:
        """Keep how far a collection follows the change log."""
        self._keep(name, {_SEQ: str(seq)})

    def measured(self, name: str, recall: float) -> None:
        """Keep what a collection's index finds."""
        self._keep(name, {_RECALL: str(recall)})

    def flush(self, name: str) -> None:
        """Have written what is in memory, from where Milvus indexes it."""
        with self._client() as client:
            client.flush(name, timeout=10 * TIMEOUT_S)

    def search(self, name: str, queries: NDArray[np.float32], k: int, condition: str = "") -> Neighbours:
        """The k nearest of each query of float32 (q, dim), k at most `MAX_K`, among those that fulfil the condition."""
        found = Neighbours.none(len(queries), k)
        with self._client() as client:
            answers = client.search(
                name,
                list(queries),
                filter=condition,
                limit=k,
                search_params={"params": {"ef": max(SEARCH_WIDTH, 2 * k)}},
                consistency_level="Session",
                timeout=TIMEOUT_S,
            )
        for row, every in enumerate(answers):
            hits = [hit for hit in every if hit["id"] != _NOBODY]
            found.ids[row, : len(hits)] = [hit["id"] for hit in hits]
            found.similarities[row, : len(hits)] = [hit["distance"] for hit in hits]
        return found

    def ids(self, name: str, condition: str) -> NDArray[np.int64]:
        """Ids that fulfil a condition: int64 (n,), ascending, at most `MAX_K`."""
        with self._client() as client:
            rows = client.query(
                name, filter=condition, output_fields=[ID], limit=MAX_K, consistency_level="Session", timeout=TIMEOUT_S
            )
        return np.sort(np.array([row[ID] for row in rows if row[ID] != _NOBODY], dtype=np.int64))

    def count(self, name: str) -> int:
        """How many vectors a collection holds."""
        with self._client() as client:
            asked = {"output_fields": ["count(*)"], "consistency_level": "Session", "timeout": TIMEOUT_S}
            return int(client.query(name, filter=f"{ID} > {_NOBODY}", **asked)[0]["count(*)"])

    def _keep(self, name: str, properties: dict[str, str]) -> None:
        with self._client() as client:
            client.alter_collection_properties(name, properties, timeout=TIMEOUT_S)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """This process's client: a connection must never be used on both sides of a fork."""
        package = _client_package()
        try:
            if self._connected is None or self._connected[0] != os.getpid():
                address = self._address
                client = package.MilvusClient(
                    address.uri,
                    token=address.token,
                    db_name=address.database,
                    timeout=TIMEOUT_S,
                    grpc_options=_FOUND_AGAIN,
                )
                self._connected = (os.getpid(), client)
            yield self._connected[1]
        except package.MilvusException as error:
            raise self._translated(error) from error

    def _translated(self, error: Any) -> Exception:
        reason = (str(error.message).splitlines() or ["no reason given"])[0]
        if not self._is_away(error):
            return IndexDamagedError(f"Milvus at {self._address.uri} failed ({reason}): run `emovec reindex`")
        # a new client finds a server that came back elsewhere, too
        self._connected = None
        return UnavailableError(
            f"Milvus at {self._address.uri} is away ({reason}): see whether it runs, then do the same again"
        )

    @staticmethod
    def _is_away(error: Any) -> bool:
        words = str(error).lower()
        return any(
            each in words for each in ("connect", "unavailable", "timeout", "deadline", "not ready", "rate limit")
        )


def _client_package() -> Any:
    """Pymilvus, which is loaded when first needed."""
    try:
        import pymilvus
    except ModuleNotFoundError as error:
        raise MissingPartError(
            "EMOVEC_INDEX_URL names a Milvus server, which needs its client: run pip install 'emovec-db[milvus]'"
        ) from error
    # it logs what it raises, with tracebacks
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return pymilvus
