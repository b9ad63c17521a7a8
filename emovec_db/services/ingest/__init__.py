"""Ingesting: survey what is found, read and encode what is new, write it, tally the outcome."""
