"""How much memory a process ever held."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

MIB = 1 << 20


def max_rss_mib(usage: resource.struct_rusage) -> float:
    """Return the peak resident memory of `usage` in MiB; the system gives KiB, macOS bytes."""
    return usage.ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


def peak_memory_mib() -> float:
    """Return the highest resident memory of this process so far, in MiB.

    Linux keeps in `ru_maxrss` also the size of the process that started this one, so its own
    record is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return max_rss_mib(resource.getrusage(resource.RUSAGE_SELF))
