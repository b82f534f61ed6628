"""Metrics: one module for each question that is asked of an answer.

Each module has DEFINITIONS (metric -> what counts) and `score(case, answer)`, which gives each of
them a value in [0, 1] or None, where the case is no part of it. An answer is the object that
`ask --json` prints; a case that raised an error is scored as an empty answer of status "error".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.cases import Case
from eval.metrics import answer, citation, policy, retrieval

DEFINITIONS = {
    "correct": "did what was expected, said all it must and nothing it must not",
    **policy.DEFINITIONS,
    **answer.DEFINITIONS,
    **citation.DEFINITIONS,
    **retrieval.DEFINITIONS,
}
"""All metrics, in the order of the reports."""


def score(case: Case, given: Mapping[str, Any]) -> dict[str, float | None]:
    """Score one answer by all metrics."""
    scores = {
        **policy.score(case, given),
        **answer.score(case, given),
        **citation.score(case, given),
        **retrieval.score(case, given),
    }
    held = (scores[name] for name in ("decision", "must say", "must not say"))
    return {"correct": float(all(value != 0 for value in held)), **scores}
