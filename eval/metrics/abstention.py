"""Silence: does the tutor answer what it can, and only that?

Over the cases that expect an answer or silence there are four outcomes. Precision and accuracy are
those of LitQA2 (Skarlinski et al. 2024, https://arxiv.org/abs/2409.13740): right answers as a share
of the answers given, and as a share of the questions that have an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.cases import Case
from eval.metrics import answer as words

DEFINITIONS = {
    "answer precision": "answered: rightly, a question that has an answer",
    "answer accuracy": "questions that have an answer: answered rightly",
    "false answer": "silence expected: answered (lower is better)",
    "over-abstention": "answer expected: abstained (lower is better)",
}

LOWER_IS_BETTER = frozenset({"false answer", "over-abstention"})

OUTCOMES = {
    "answered-correct": "answered, and said what it must",
    "answered-wrong": "answered wrongly, or where the materials have no answer",
    "abstained-right": "stayed silent where the materials have no answer",
    "abstained-wrong": "gave no answer where there is one (silent, refused, hinted or failed)",
}


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score silence or its absence; None for a rate that the case is no part of."""
    found, status = outcome(case, answer), answer["status"]
    scores: dict[str, float | None] = dict.fromkeys(DEFINITIONS)
    if found is None:
        return scores
    right = float(found == "answered-correct")
    if status == "answered":
        scores["answer precision"] = right
    if case.expect == "answer":
        scores["answer accuracy"] = right
        scores["over-abstention"] = None if status == "error" else float(status == "abstained")
    elif status != "error":
        scores["false answer"] = float(status == "answered")
    return scores


def outcome(case: Case, answer: Mapping[str, Any]) -> str | None:
    """Return which of `OUTCOMES` an answer is; None where a hint or a refusal was expected."""
    if case.expect not in ("answer", "abstain"):
        return None
    if answer["status"] == "answered":
        text = answer["text"]
        wrong = case.expect == "abstain" or words.missing(case, text) or words.forbidden(case, text)
        return "answered-wrong" if wrong else "answered-correct"
    silent = case.expect == "abstain" and answer["status"] == "abstained"
    return "abstained-right" if silent else "abstained-wrong"
