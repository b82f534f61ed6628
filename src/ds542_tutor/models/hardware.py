"""What this machine has to run models on."""

from __future__ import annotations

import torch


def describe_gpu() -> str | None:
    """Return name and memory of the CUDA device, such as "NVIDIA L4, 22 GiB", or None."""
    if not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"


def peak_gpu_bytes() -> int:
    """Return the most memory that tensors of this process ever took on the CUDA device; 0 without.

    What the CUDA context and other processes hold is not in it.
    """
    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else 0
