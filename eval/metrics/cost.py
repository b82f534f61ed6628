"""Cost: how long answers take, how many tokens and how much memory. Numbers, not shares.

Times are those that the tutor measures itself (`timings_ms`). Tokens are counted with the
tokenizer of the embedder, so that models with different tokenizers compare: of the prompt as
rendered, and of the model's draft before it was checked. Memory is the peak of the whole process,
and of tensors on the CUDA device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.stats import quantile

STAGES = ("policy", "retrieval", "first_token", "generation", "verification", "total")
_USAGE = ("prompt_tokens", "completion_tokens")
_MEMORY = ("peak_rss_mib", "peak_gpu_mib")


def latencies(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of each stage in milliseconds, over the answers that have it."""
    return _spreads([record["timings_ms"] for record in records], STAGES)


def tokens(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of the tokens of prompts and drafts, over answers that a model wrote."""
    used = [record.get("usage", {}) for record in records]
    return _spreads([usage for usage in used if usage.get("prompt_tokens")], _USAGE)


def memory(records: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the highest peak of memory in MiB that any answer saw, by kind of memory."""
    found = {}
    for name in _MEMORY:
        values = [r["usage"][name] for r in records if name in r.get("usage", {})]
        if values:
            found[name] = max(values)
    return found


def _spreads(
    rows: Sequence[Mapping[str, float]], names: Sequence[str]
) -> dict[str, dict[str, float]]:
    found = {}
    for name in names:
        values = [row[name] for row in rows if name in row]
        if values:
            spread = {"p50": quantile(values, 0.5), "p95": quantile(values, 0.95)}
            found[name] = {**spread, "n": len(values)}
    return found
