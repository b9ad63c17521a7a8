"""Recordings that are kept for an hour, in no collection."""
