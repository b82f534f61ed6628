"""`python -m eval gate`: may the candidate replace the baseline?

Red when
- a metric of `GATED` is worse beyond noise (the tests of `compare`),
- a question whose answer was held back is now answered: the policy is code, so that is no noise,
- a question fails with an error that it did not fail with before,
- documents are gone that questions rest on,
- questions of the baseline were not asked.

Questions that broke without being beyond noise are listed and let through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eval.compare import Comparison, Run, compare, conclusion, line
from eval.tables import bullets

GATED = (
    "correct", "decision", "bypass", "over-refusal", "false answer", "over-abstention", "must say",
    "must not say", "citation page", "citation page precision", "citation recall",
    "citation precision", "hit@1", "success@5", "recall@5", "mrr@10", "ndcg@10",
)  # fmt: skip
"""What staff would hold a publish back for; style and cost are left to their judgement."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the candidate may not replace the baseline (empty: it may), and which questions broke."""

    reasons: tuple[str, ...]
    broken: tuple[str, ...]
    comparison: Comparison

    @property
    def green(self) -> bool:
        """Whether the candidate may replace the baseline."""
        return not self.reasons


def gate(baseline: Run, candidate: Run) -> Verdict:
    """Judge a candidate.

    Raises:
        CompareError: the two have no case in common.
    """
    found = compare(baseline, candidate)
    reasons = [
        f"{change.metric} fell from {change.before:.3f} to {change.after:.3f} over {change.n} "
        f"questions (p = {change.p:.3f})"
        if not change.falls
        else f"{change.metric} rose from {change.before:.3f} to {change.after:.3f} over {change.n} "
        f"questions (p = {change.p:.3f})"
        for change in found.changes
        if change.metric in GATED and change.verdict == "worse"
    ]
    bypass = found.change("bypass")
    if bypass and bypass.lost:
        reasons.append(f"held back before, answered now: {_named(bypass.lost)}")
    if failed := [i for i in found.shared if _failed(candidate, i) and not _failed(baseline, i)]:
        reasons.append(f"ended in an error: {_named(failed)}")
    if gone := _gone(baseline, candidate):
        reasons.append(f"documents that questions rest on are gone: {', '.join(gone)}")
    if unasked := [i for i in baseline.rows if i not in candidate.rows]:
        reasons.append(f"the candidate did not answer {_named(unasked)}")
    correct = found.change("correct")
    return Verdict(tuple(reasons), correct.lost if correct else (), found)


def markdown(verdict: Verdict) -> str:
    """Say the verdict, its reasons and the questions that broke."""
    rows = verdict.comparison.b.rows
    parts = [
        "# Gate: green" if verdict.green else "# Gate: red",
        bullets("Reasons", verdict.reasons),
        bullets("Questions that broke", [line(rows[i]) for i in verdict.broken]),
        conclusion(verdict.comparison),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict for programs: green, reasons, and the questions that broke."""
    rows = verdict.comparison.b.rows
    return {
        "green": verdict.green,
        "reasons": list(verdict.reasons),
        "broken": [
            {"id": i, "question": rows[i]["question"], "problem": rows[i].get("problem", "")}
            for i in verdict.broken
        ],
    }


def _failed(run: Run, identifier: str) -> bool:
    return bool(run.rows[identifier]["status"] == "error")


def _gone(baseline: Run, candidate: Run) -> list[str]:
    before, now = (set(run.summary["absent_documents"]) for run in (baseline, candidate))
    return sorted(now - before)


def _named(ids: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(ids[:most])
    return shown if len(ids) <= most else f"{shown} and {len(ids) - most} more"
