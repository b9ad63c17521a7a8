"""Stored audio by key: no path from outside ever reaches the file system."""
