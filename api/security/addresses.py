"""Addresses that others named."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_address(wanted: str | None) -> str:
    """`wanted` if it is an address of this server, whatever was sent; else the start page."""
    if not wanted:
        return "/"
    parts = urlsplit(wanted)
    local = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith("//")
    return wanted if local and "\\" not in wanted and wanted.isprintable() else "/"
