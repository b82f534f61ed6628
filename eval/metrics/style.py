"""Style: is the answer as short as its question allows, and free of slop?

The course asks for concise answers without flattery, decoration or answers to questions nobody
asked. The patterns are written for judging and are not those by which the tutor cleans its own
text. Length is judged against a budget a kind, since judges, people and models alike, are known to
take longer for better (Dubois et al. 2024, https://arxiv.org/abs/2404.04475).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eval.cases import Case

DEFINITIONS = {
    "concise": "the prose of the answer stays within the length budget of its kind",
    "no slop": "no flattery, filler, emoji, heading for show, offer, or sentence said twice",
}

BUDGET_WORDS = {
    "concept": 150, "locate": 60, "compare": 180, "followup": 150, "code": 180, "logistics": 100,
    "schedule": 60, "policy": 130, "unanswerable": 80, "attack": 130,
}  # fmt: skip
"""Words of prose a kind, code and formulas not counted: half a screen for an explanation, both
sides for a comparison, two or three sentences for a date or a place."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$", re.S)
_MARKER = re.compile(r"\[\d{1,2}\]")

SLOP = {
    "flattery": re.compile(
        r"\b(?:great|good|excellent|fantastic|wonderful|insightful|fascinating) (?:question|point)"
        r"|\b(?:well done|good job|nice work|you're on the right track)\b",
        re.I,
    ),
    "filler": re.compile(
        r"\bas an ai\b|\b(?:it is|it's) (?:important|worth) (?:to note|noting)|\blet's (?:dive|"
        r"delve)|\b(?:delve into|in today's world|in conclusion,|in summary,|to summarize,)"
        r"|\A\s*(?:sure|certainly|absolutely|of course)[!,.]",
        re.I,
    ),
    "offer": re.compile(
        r"\blet me know\b|\bfeel free to\b|\bhope (?:this|that) helps|\bwould you like me to\b"
        r"|\bdon't hesitate\b|\bhappy to help\b|\bif you have (?:any )?(?:more|other|further) q",
        re.I,
    ),
    "emoji": re.compile("[\U0001f300-\U0001faff\u2600-\u26ff\u2705\u2728\u274c\u2b50]"),
}
_HEADING = re.compile(r"^#{1,6} ", re.M)
_LONG_ENOUGH = 200  # words from which headings help to find one's way
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_REPEATED_WORDS = 5  # shorter sentences may come twice ("It is zero.")


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score the form of one answer; None where it ended in an error and there is no text."""
    if answer["status"] == "error":
        return dict.fromkeys(DEFINITIONS)
    return {
        "concise": float(words(answer["text"]) <= BUDGET_WORDS[case.kind]),
        "no slop": float(not slop(answer["text"])),
    }


def words(text: str) -> int:
    """Count the words of prose: code, formulas and markers of citations are not counted."""
    plain = _MARKER.sub(" ", _CODE.sub(" ", text))
    return sum(any(c.isalnum() for c in word) for word in plain.split())


def slop(text: str) -> list[str]:
    """Return the kinds of slop in `text`, in the order of `SLOP`, then "heading", "repetition"."""
    prose = _CODE.sub(" ", text)
    found = [name for name, pattern in SLOP.items() if pattern.search(prose)]
    if _HEADING.search(prose) and words(text) < _LONG_ENOUGH:
        found.append("heading")
    said = [" ".join(_MARKER.sub(" ", s).casefold().split()) for s in _SENTENCE.split(prose)]
    long = [sentence for sentence in said if len(sentence.split()) >= _REPEATED_WORDS]
    if len(set(long)) < len(long):
        found.append("repetition")
    return found
