"""The engine that searches, by the URL that names it."""

from __future__ import annotations

from pathlib import Path

from emovec_db.errors import SettingsError
from emovec_db.index.milvus.address import SCHEMES, milvus_address
from emovec_db.index.milvus.server import MilvusServer
from emovec_db.services.indexes.live import LiveIndexes
from emovec_db.services.indexes.milvus import MilvusIndexes
from emovec_db.services.indexes.pgvector import PgvectorIndexes
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.store.store import Store


def indexes_at(url: str, store: Store, index_dir: Path) -> Indexes:
    """The indexes that a URL names.

    Raises:
        SettingsError: it names no engine, or one that the database doesn't go with.
        MissingPartError: a package of the engine is not installed here, or its extension in the database.
    """
    if url == "faiss:":
        return LiveIndexes(store, index_dir)
    if url == "pgvector:":
        return PgvectorIndexes.open(store)
    scheme, _, rest = url.partition(":")
    if scheme in SCHEMES:
        address = milvus_address(url)
        MilvusServer.require_client()
        return MilvusIndexes(store, MilvusServer(address), address.prefix)
    # not the whole of it: what was meant for another engine may hold a password
    shown = f"{scheme}:…" if rest else url
    raise SettingsError(
        f"EMOVEC_INDEX_URL is {shown}: expected faiss: (search in this process), pgvector: (in the PostgreSQL "
        "database of EMOVEC_DATABASE_URL) or milvus://host:port"
    )
