"""What a benchmark ran on: numbers mean nothing without it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

PACKAGES = (
    "ds542_tutor", "torch", "transformers", "sentence-transformers", "chromadb", "bm25s",
    "gradio", "numpy",
)  # fmt: skip
"""What the time is spent in."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and its software.

    Attributes:
        cores: logical processors that this process may use. memory_gib: of the machine.
        gpu: name and memory of the CUDA device, None without one.
        load: processes that were running or waiting in the minute before the benchmark began.
    """

    processor: str
    cores: int
    memory_gib: float
    gpu: str | None
    system: str
    python: str
    packages: dict[str, str]
    load: float

    def line(self) -> str:
        """Describe it in one line."""
        packages = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gib:.1f} GiB, "
            f"{self.gpu or 'no GPU'}; {self.system}, Python {self.python}, {packages}; "
            f"load at start {self.load:.2f}"
        )


def load_average() -> float:
    """Return the load of the last minute; to be asked before the benchmark makes its own."""
    return os.getloadavg()[0]


def describe(load: float) -> Machine:
    """Describe this machine; imports torch, so call it when everything has been measured."""
    from ds542_tutor.models.hardware import describe_gpu

    return Machine(
        processor=_processor(),
        cores=len(psutil.Process().cpu_affinity()) if psutil.LINUX else psutil.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        gpu=describe_gpu(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: _version(name) for name in PACKAGES},
        load=round(load, 2),
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
