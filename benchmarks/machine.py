"""What the figures were measured on, as one line of Markdown; names no host and no path.

python -m benchmarks.machine
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "faiss-cpu", "torch", "funasr", "onnxruntime", "sqlalchemy", "av", "soxr")


def machine() -> str:
    """Processor, cores, memory, system, Python and the packages that do the work."""
    cores = len(os.sched_getaffinity(0))
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {cores} cores, {memory_gb:.0f} GB, {_system()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def load() -> float:
    """Load average of the last minute: above the number of cores, others were waited for."""
    return os.getloadavg()[0]


def _processor() -> str:
    names = _fields(Path("/proc/cpuinfo"), ":")
    return names.get("model name", platform.machine())


def _system() -> str:
    release = _fields(Path("/etc/os-release"), "=")
    return release.get("PRETTY_NAME", platform.system()).strip('"')


def _fields(path: Path, separator: str) -> dict[str, str]:
    """The last value of each `name separator value` line; nothing where there is no such file."""
    if not path.is_file():
        return {}
    pairs = (line.partition(separator) for line in path.read_text(encoding="utf-8").splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    print(f"{machine()}; load average {load():.1f}")


if __name__ == "__main__":
    main()
