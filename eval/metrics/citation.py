"""Citations: does what was answered point to the place that holds the answer?

Whether a cited passage supports its sentence is judged by the tutor's own check at run time and
not measured here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.cases import Case
from eval.metrics.retrieval import gold_places, matches

DEFINITIONS = {
    "cited": "answers and hints that carry a citation",
    "citation page": "answers and hints, where a gold is known, with a citation on a gold page",
}

_WRITTEN = ("answered", "hinted", "error")  # an error stands for the answer it prevented


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score the citations of one answer; None where nothing was answered."""
    if answer["status"] not in _WRITTEN:
        return dict.fromkeys(DEFINITIONS)
    golds = gold_places(case)
    return {
        "cited": float(bool(answer["citations"])),
        "citation page": float(cites_gold(case, answer)) if golds else None,
    }


def cites_gold(case: Case, answer: Mapping[str, Any]) -> bool:
    """Say whether a citation of the answer lies on a gold page."""
    return any(
        matches(gold, citation["document"], (citation["page"],))
        for gold in gold_places(case)
        for citation in answer["citations"]
    )
