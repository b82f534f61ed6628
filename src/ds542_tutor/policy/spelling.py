"""Misspelt key words of requests, corrected: "hoemwork", "anwser", "slove".

Only words on which a rule may turn are corrected, and only where the misspelling is no English word
of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

KEYWORDS = tuple(
    "homework assignment project discussion exercise question problem solution solutions answer "
    "answers function implement implementation complete finish write solve ignore disregard forget "
    "previous instructions restrictions system prompt password professor instructor disclosure "
    "attribution citation header comment remove without detector hypothetically rubric midterm "
    "classmate student students explain understand please".split()
)

_WORDS = frozenset(
    "alignment assignments projects protect discussions discussing exercises exercised "
    "questions problems resolutions functions junction implemented complement implements "
    "implementations completed compete completes finnish white wrote writer writes rite writ "
    "sole solved solves ignored ignores forgot forge forged forgets precious instruction "
    "instructors constructions instructional instructed restriction restricting systems "
    "prompts passwords profession professors processor processors disclose disclosures "
    "retribution attributions citations leader headed headers reader healer comments removed "
    "remote removes remover detectors hypothetical rubrics midterms classmates explained "
    "explains understands pleased lease pleas discussed solver solvers completion detected "
    "finished answered questioned written writing problematic".split()
)
"""English words that lie as near to a key word as its misspellings do."""

_LONG = 9
"""From so many letters on two slips are forgiven: fewer words lie near a long one."""

_TOKEN = re.compile(r"(?<![\w'])[a-z]{5,18}(?![\w'(])")


def corrected(text: str) -> str:
    """Return `text`, in lower case, with misspelt key words put right."""
    return _TOKEN.sub(lambda match: _meant(match.group()), text)


@lru_cache(maxsize=4096)
def _meant(word: str) -> str:
    if word in KEYWORDS or word in _WORDS:
        return word
    slips = 2 if len(word) >= _LONG - 1 else 1
    near = {key for variant in _shorter(word, slips) for key in _variants().get(variant, ())}
    allowed = {key for key in near if distance(word, key) <= (2 if len(key) >= _LONG else 1)}
    return min(allowed, key=lambda key: (distance(word, key), key)) if allowed else word


@cache
def _variants() -> dict[str, tuple[str, ...]]:
    """Return which key words lose a letter or two to each spelling."""
    found: dict[str, tuple[str, ...]] = {}
    for key in KEYWORDS:
        for variant in _shorter(key, 2 if len(key) >= _LONG else 1):
            found[variant] = (*found.get(variant, ()), key)
    return found


def _shorter(word: str, letters: int) -> set[str]:
    """Return `word` and what is left of it without up to `letters` letters."""
    found = {word}
    for _ in range(letters):
        found |= {v for known in found for v in _without_one(known)}
    return found


def _without_one(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def distance(a: str, b: str) -> int:
    """Return how many letters must be added, dropped, changed or swapped with a neighbour
    (optimal string alignment, https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        last, row, older = row, [i], before
        for j, right in enumerate(b, start=1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left != right)))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                row[j] = min(row[j], older[j - 2] + 1)
        before = last
    return row[-1]
