"""How numbers are worded in the HTML report: shares, intervals, durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.metrics import LOWER_IS_BETTER, MEANS


def percent(share: float) -> str:
    """Write a share: 61%, but 0.6% and 99.6%, where whole percents would read as none or all."""
    near_an_end = 0 < share < 0.0995 or 0.9905 < share < 1
    return f"{share:.1%}" if near_an_end else f"{share:.0%}"


def interval(metric: Mapping[str, Any]) -> str:
    """Write the bounds of a metric's 95 % interval."""
    return f"{percent(metric['low'])} to {percent(metric['high'])}"


def count(metric: Mapping[str, Any]) -> int:
    """Return in how many cases a rate was met."""
    cases: int = metric["n"]
    return round(float(metric["value"]) * cases)


def evidence(name: str, metric: Mapping[str, Any]) -> str:
    """Say what a metric's value rests on: so many of so many, and how sure that is.

    No failure at all among n cases is worded as what it rules out.
    """
    n, bound = metric["n"], metric.get("rules_out")
    if bound is not None:
        # A share of no case is said of the metric itself, of all cases of its opposite.
        failed = "" if name in LOWER_IS_BETTER else " failed"
        return f"0 of {n}{failed}, so at most {bound:.1%} (95%)"
    of = f"mean of {n}" if name in MEANS else f"{count(metric)} of {n}"
    return f"{of}; 95% interval {interval(metric)}"


def duration(ms: float) -> str:
    """Write a time, its unit on the same line: 6 ms, 0.97 s, 12 s."""
    seconds = ms / 1000
    if ms < 100:
        text = f"{ms:.0f} ms" if ms >= 1 or ms == 0 else f"{ms:.1g} ms"
    else:
        text = f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return text.replace(" ", "\N{NO-BREAK SPACE}")
