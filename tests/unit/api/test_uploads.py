"""Suffixes that are taken over into names of our own."""

from __future__ import annotations

import pytest

from emovec_db.api.uploads import plain_suffix


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.wav", ".wav"),
        ("a.b.MP3", ".MP3"),
        ("a", ""),
        ('a.w"v', ""),
        ("a.w\nv", ""),
        ("a.声音", ""),
        ("a.toolongtobeone", ""),
    ],
)
def test_only_plain_ones(name: str, suffix: str) -> None:
    assert plain_suffix(name) == suffix
