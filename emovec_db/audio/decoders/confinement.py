"""Taking rights from a process before it touches untrusted bytes; what a kernel does not know is left out.

What is left: computing, its socket, and the descriptors that come over it. For Linux.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from typing import Final

#: Of addresses, of which Python, numpy and ffmpeg take 0.3 GB before the first file. Samples don't stay here, so that
#: long recordings need no more than short ones.
MEMORY_BYTES: Final = 1 << 30

# prctl(2)
_PR_SET_NO_NEW_PRIVS: Final = 38
# landlock(7): system calls, of the same number on every architecture; by version, how many rights over files it knows
_LANDLOCK_CREATE_RULESET: Final = 444
_LANDLOCK_RESTRICT_SELF: Final = 446
_LANDLOCK_CREATE_RULESET_VERSION: Final = 1
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_RIGHTS_FROM: Final = 4
_BIND_AND_CONNECT: Final = 0b11


def confine() -> None:
    """Take the rights to open, write and connect, to start processes, and to use more memory than MEMORY_BYTES."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _lower(limit, value)
    _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _allow_no_path()
    # No descriptor is free but the one that the next file comes on: also where Landlock is missing, nothing is opened.
    _lower(resource.RLIMIT_NOFILE, _first_free() + 1)


def landlock_version() -> int:
    """Of the kernel's Landlock; under 1 where there is none."""
    version: int = _libc().syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    return version


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (allowed, allowed))


def _allow_no_path() -> None:
    """Landlock's rules allow what they name, and these name nothing: no file, no TCP port."""
    version = landlock_version()
    if version < 1:
        return
    file_rights = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    rights = struct.pack("QQ", file_rights, _BIND_AND_CONNECT if version >= _NET_RIGHTS_FROM else 0)
    size_bytes = 16 if version >= _NET_RIGHTS_FROM else 8
    ruleset = _libc().syscall(_LANDLOCK_CREATE_RULESET, rights, size_bytes, 0)
    if ruleset >= 0:
        _libc().syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def _first_free() -> int:
    number = os.dup(0)
    os.close(number)
    return number
