"""Frozen dataclasses that carry data between layers."""
