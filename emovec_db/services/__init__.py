"""Use cases: ingest, classify, search, cluster, profiles, deletion, checks."""
