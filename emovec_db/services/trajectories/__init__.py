"""Recordings whose emotion runs through a pattern, or as in another recording."""
