"""Metrics: one module for each question that is asked of an answer.

Each module has DEFINITIONS (metric -> what counts) and `score`, which gives each of them a value in
[0, 1] or None, where the case is no part of it. MEANS are those whose value of one case may lie
between 0 and 1; the others are rates. An answer is the object that `ask --json` prints; a case that
raised an error is scored as an empty answer of status "error". What answers cost is `cost`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.cases import Case
from eval.metrics import abstention, alce, answer, citation, policy, retrieval, style

DEFINITIONS = {
    "correct": "did what was expected, said all it must and nothing it must not",
    **policy.DEFINITIONS,
    **abstention.DEFINITIONS,
    **answer.DEFINITIONS,
    **citation.DEFINITIONS,
    **alce.DEFINITIONS,
    **retrieval.DEFINITIONS,
    **style.DEFINITIONS,
    "judged": "verdict of the LLM judge, where one is given: right 1, partly 0.5, wrong 0",
}
"""All metrics, in the order of the reports."""

LOWER_IS_BETTER = policy.LOWER_IS_BETTER | abstention.LOWER_IS_BETTER

MEANS = citation.MEANS | alce.MEANS | retrieval.MEANS | {"judged"}


def score(case: Case, given: Mapping[str, Any], supports: alce.Supports | None = None) -> Scores:
    """Score one answer by all metrics.

    `supports` says whether a passage supports a sentence; without it that is not judged.
    """
    scores = {
        **policy.score(case, given),
        **abstention.score(case, given),
        **answer.score(case, given),
        **citation.score(case, given),
        **(alce.score(given, supports) if supports else dict.fromkeys(alce.DEFINITIONS)),
        **retrieval.score(case, given),
        **style.score(case, given),
    }
    held = (scores[name] for name in ("decision", "must say", "must not say"))
    return {"correct": float(all(value != 0 for value in held)), **scores, "judged": None}


Scores = dict[str, float | None]
