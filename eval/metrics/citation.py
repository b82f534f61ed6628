"""Citations: does what was answered point to the place that holds the answer?

Gold pages are those that people found the answer on, so these figures owe nothing to any automatic
check of support; that is `alce`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.cases import Case
from eval.metrics.retrieval import gold_places, matches

DEFINITIONS = {
    "cited": "answers and hints that carry a citation",
    "citation page": "answers and hints, where a gold is known, with a citation on a gold page",
    "citation page precision": "share of an answer's citations that lie on a gold page",
}

MEANS = frozenset({"citation page precision"})

_WRITTEN = ("answered", "hinted", "error")  # an error stands for the answer it prevented


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score the citations of one answer; None where nothing was answered."""
    if answer["status"] not in _WRITTEN:
        return dict.fromkeys(DEFINITIONS)
    citations = answer["citations"]
    on_gold = [lies_on_gold(case, citation) for citation in citations]
    known = bool(gold_places(case))
    return {
        "cited": float(bool(citations)),
        "citation page": float(any(on_gold)) if known else None,
        "citation page precision": sum(on_gold) / max(1, len(on_gold)) if known else None,
    }


def lies_on_gold(case: Case, citation: Mapping[str, Any]) -> bool:
    """Say whether a citation points to a gold page of the case."""
    return any(
        matches(gold, citation["document"], (citation["page"],)) for gold in gold_places(case)
    )


def cites_gold(case: Case, answer: Mapping[str, Any]) -> bool:
    """Say whether any citation of the answer lies on a gold page."""
    return any(lies_on_gold(case, citation) for citation in answer["citations"])
