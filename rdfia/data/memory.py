"""The memory that is free, asked before much of it is taken."""

import os
from pathlib import Path

from rdfia.config import ConfigError

GIB = 2**30
CGROUP = Path("/sys/fs/cgroup")


def available() -> int:
    """Return the bytes that can be taken: of the machine, or of the container where that has less."""
    try:
        pages = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        free = int(pages["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):  # no Linux: all that is built in
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit, used = (int((CGROUP / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current"))
    except (OSError, ValueError):  # no container, or one without a limit
        return free
    return min(free, max(limit - used, 0))


def require(needed: int, where: str, remedy: str) -> None:
    """Refuse what needs more memory than is free, in a line that says how much that is and what to do."""
    if needed > (free := available()):
        raise ConfigError(f"{where} would take about {_size(needed)} of memory, {_size(free)} are free; {remedy}")


def _size(count: int) -> str:
    return f"{count / GIB:,.1f} GiB"
