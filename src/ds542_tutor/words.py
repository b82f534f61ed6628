"""Content words: what two texts must share to be about the same thing. Standard library only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from functools import lru_cache

_WORD = re.compile(r"[^\W_]{2,}")
STOP_WORDS = frozenset(
    "a about actually after all also am an and any are as at be been before being but by can could"
    " did do does doesn don exactly for from get gets give go got had has have he her him his how i"
    " if im in into is isn it its just know like make many me mean means more most much my need no"
    " not of off ok on one only or other our out over please really said say says she should so"
    " some tell than that the their them then there these they thing this those to too up us use"
    " used uses using very want was way we were what whats when where which while who why will with"
    " would you your explain difference between work works".split()
)


def content_words(text: str) -> list[str]:
    """Return the lower-case words of `text` that carry meaning, crudely stemmed, in order."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return [_stem(word) for word in _WORD.findall(folded) if word not in STOP_WORDS]


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    for ending in ("ization", "isation", "ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def jaccard(a: Set[str], b: Set[str]) -> float:
    """Return the share of the words of either that both have; 0 where one has none."""
    return len(a & b) / len(a | b) if a and b else 0.0
