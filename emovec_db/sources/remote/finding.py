"""Finding recordings at addresses: single ones, folders and patterns of object storage."""

from __future__ import annotations

import functools
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from emovec_db.errors import EmovecError, MissingPartError, UnreadableError
from emovec_db.sources.folders import AUDIO_SUFFIXES, HIDDEN, NO_SUFFIX, suffix_of
from emovec_db.sources.found import Found
from emovec_db.sources.globbing import fits, has_magic
from emovec_db.sources.remote import storage
from emovec_db.sources.remote.address import Address, address_of, object_address
from emovec_db.sources.remote.fetching import Remote

#: files that servers are asked about at the same time
ASKED_AT_ONCE: Final = 16


def find_remote(remote: Remote, text: str, ignored: Counter[str]) -> Iterator[Found]:
    """Recordings at an address, below a folder (`s3://bucket/calls/`) or of a pattern, lazily; see `find_recordings`.

    Object storage is listed a page at a time, in the order of keys, and its listing tells the files' state; a web
    server is not asked yet. Whatever goes wrong comes as Found with an error.

    Raises:
        MissingPartError: an extra is not installed.
    """
    address = address_of(text)
    key = address.location.partition("/")[2]
    try:
        if not address.has_listing:
            yield Found(address, address.uri, address.name)
        elif has_magic(key) and not _exists(remote, address):
            yield from _matching(remote, address, key, ignored)
        elif not key or key.endswith("/"):
            yield from _below(remote, address, key, ignored)
        else:
            state = remote.state(address)
            if state is not None:
                yield Found(address, address.uri, address.name, source=state)
            else:
                yield from _below(remote, address, f"{key}/", ignored)
    except MissingPartError:
        raise
    except EmovecError as error:
        yield Found(address, address.uri, address.name, error)


def asked(remote: Remote, found: Iterable[Found]) -> Iterator[Found]:
    """The same in the same order, each address with its state: servers are asked about some ahead, at the same time."""
    with ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="emovec-ask") as pool:
        waiting: deque[Found | Future[Found]] = deque()
        for one in found:
            unknown = isinstance(one.place, Address) and one.source is None and one.error is None
            waiting.append(pool.submit(_asked, remote, one) if unknown else one)
            while waiting and (not isinstance(waiting[0], Future) or len(waiting) > 2 * ASKED_AT_ONCE):
                yield _come(waiting.popleft())
        while waiting:
            yield _come(waiting.popleft())


def _come(one: Found | Future[Found]) -> Found:
    return one.result() if isinstance(one, Future) else one


def _asked(remote: Remote, found: Found) -> Found:
    assert isinstance(found.place, Address)
    try:
        state = remote.state(found.place)
    except MissingPartError:
        raise
    except EmovecError as error:
        return replace(found, error=error)
    folder = UnreadableError(f"{found.place.name} is a folder; expected a recording") if state is None else None
    return replace(found, source=state, error=folder)


def _exists(remote: Remote, address: Address) -> bool:
    """Whether what looks like a pattern is an object's name."""
    try:
        return remote.state(address) is not None
    except UnreadableError:
        return False


def _below(remote: Remote, folder: Address, prefix: str, ignored: Counter[str]) -> Iterator[Found]:
    """What a folder holds, by suffix."""
    anything = False
    for listed in _listing(remote, folder, prefix):
        anything = True
        below = listed.key.removeprefix(prefix)
        if _is_recording(below, ignored):
            yield _listed(folder, listed, below)
    if not anything:
        raise UnreadableError(f"there is nothing at {folder.uri}: check the address")


def _matching(remote: Remote, pattern: Address, key: str, ignored: Counter[str]) -> Iterator[Found]:
    """What a pattern names, by any suffix, and what the folders hold that it names."""
    parts = key.split("/")
    first = next(place for place, part in enumerate(parts) if has_magic(part))
    root = "".join(f"{part}/" for part in parts[:first])
    sought = parts[first:]
    anything = False
    for listed in _listing(remote, pattern, root + _fixed_start(sought[0])):
        below = listed.key.removeprefix(root)
        depth = _matched_depth(below.split("/"), sought)
        if depth is None:
            continue
        anything = True
        rest = "/".join(below.split("/")[depth:])
        if not below.endswith("/") and (not rest or _is_recording(rest, ignored)):
            yield _listed(pattern, listed, below)
    if not anything:
        raise UnreadableError(f"nothing matches {pattern.uri}: check the pattern, and quote it for the shell")


def _matched_depth(names: Sequence[str], parts: Sequence[str]) -> int | None:
    """How many of the names the pattern stands for, as many as it can: fewer than all is a folder above.

    As in `globbing.expand`, patterns with `**` name no folders.
    """
    least = len(names) - 1 if "**" in parts else 0
    return next((depth for depth in range(len(names), least, -1) if _fit_all(names[:depth], parts)), None)


def _fit_all(names: Sequence[str], parts: Sequence[str]) -> bool:
    """As `globbing.expand`: `**` stands for any folders or none, never for a hidden one."""
    if not parts:
        return not names
    if parts[0] == "**":
        rest = parts[1:] or ("*",)
        if _fit_all(names, rest):
            return True
        return bool(names) and not names[0].startswith(".") and _fit_all(names[1:], parts)
    return bool(names) and fits(names[0], parts[0]) and _fit_all(names[1:], parts[1:])


def _fixed_start(part: str) -> str:
    """What of a pattern is no pattern yet."""
    return part[: next(place for place, letter in enumerate(part) if letter in "*?[")]


def _listing(remote: Remote, folder: Address, prefix: str) -> Iterator[storage.Listed]:
    """With patience for each page."""
    token = None
    while True:
        ask = functools.partial(storage.list_page, folder, prefix, token)
        page, token = remote.patiently(folder, ask)
        yield from page
        if token is None:
            return


def _is_recording(below: str, ignored: Counter[str]) -> bool:
    """By its name below the folder; counts in `ignored` what is none."""
    if not below or below.endswith("/"):
        return False  # what some tools keep for an empty folder
    if any(name.startswith(".") for name in below.split("/")):
        ignored[HIDDEN] += 1
        return False
    suffix = suffix_of(below.rpartition("/")[2])
    if suffix not in AUDIO_SUFFIXES:
        ignored[suffix or NO_SUFFIX] += 1
        return False
    return True


def _listed(folder: Address, listed: storage.Listed, below: str) -> Found:
    bucket = folder.location.partition("/")[0]
    place = object_address(folder.scheme, bucket, listed.key)
    return Found(place, place.uri, below, source=listed.source)
