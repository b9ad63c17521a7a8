"""Milvus: a server that searches vectors, reached by its own client."""
