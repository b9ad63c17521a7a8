"""On what kind of file system a folder lies."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

#: file systems on which others write without this system being told
_REMOTE: Final = re.compile(r"nfs\d?|cifs|smb\d?|smbfs|9p|virtiofs|ceph|glusterfs|lustre|afs|fuse\..*|vboxsf|davfs")
_MOUNTS: Final = Path("/proc/self/mountinfo")


def tells_changes(folder: Path) -> bool:
    """Whether the system tells of every file that comes into the folder, whoever writes it."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return True
    return not _REMOTE.fullmatch(kind_of(os.path.realpath(folder), mounts))


def kind_of(folder: str, mounts: list[str]) -> str:
    """The type of the file system of a path, by the lines of proc_pid_mountinfo(5); empty if none holds it."""
    kind, longest = "", -1
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields.split(" ")[4])
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:  # the later of two at one place covers the other
            kind, longest = rest.partition(" ")[0], len(point)
    return kind
