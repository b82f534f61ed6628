"""Answers: do the words say what they must and nothing that they must not?

A cheap stand-in for reading them: it finds missing facts and forbidden ones, not bad explanations.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from eval.cases import Case

DEFINITIONS = {
    "must say": "one alternative of each group of must_say is in the text",
    "must not say": "no phrase of must_not_say is in the text",
}

# Typographic marks that cases, typed on a keyboard, write plainly.
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "−": "-", "‑": "-"})


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score the text of one answer; None where the case names no phrases."""
    failed = answer["status"] == "error"
    says = not failed and not missing(case, answer["text"])
    clean = not failed and not forbidden(case, answer["text"])
    return {
        "must say": float(says) if case.must_say else None,
        "must not say": float(clean) if case.must_not_say else None,
    }


def missing(case: Case, text: str) -> list[tuple[str, ...]]:
    """Return the groups of `must_say` of which `text` has no alternative."""
    plain = normalise(text)
    return [g for g in case.must_say if not any(normalise(phrase) in plain for phrase in g)]


def forbidden(case: Case, text: str) -> list[str]:
    """Return the phrases of `must_not_say` that are in `text`."""
    plain = normalise(text)
    return [phrase for phrase in case.must_not_say if normalise(phrase) in plain]


def normalise(text: str) -> str:
    """Fold what does not change the words: case, width, typographic marks, line breaks."""
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN).casefold()
    # Runs of blanks become one, but blanks at the ends stay: " k " means the letter alone.
    return "".join(
        " " if character.isspace() else character
        for character, before in zip(plain, "x" + plain, strict=False)
        if not (character.isspace() and before.isspace())
    )
