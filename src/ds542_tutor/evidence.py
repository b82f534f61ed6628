"""How far what was found can carry an answer: the score below which the tutor stays silent.

A logistic regression over signals of question and hits; its weights come from `python -m
eval.evidence_weights` (docs/experiments.md). Near misses, questions that sound like the course but
are not answered by it, are what it has to tell apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ds542_tutor.dialogue import Hit, Query
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.lexical import tokenize
from ds542_tutor.index.lexicon import is_english
from ds542_tutor.labels import LABEL
from ds542_tutor.words import STOP_WORDS

WEIGHTS = {
    "nearest": 1.82,
    "first": 3.29,
    "mass": 0.52,
    "covered": 2.05,
    "missing": -1.27,
    "unknown": 0.32,
    "length": 2.88,
    "number asked for": -0.79,
    "course page": -0.84,
    "about the course": 0.9,  # not fitted: a rule unsaid costs a student more than a near miss
}
BIAS = -4.48

# Words of asking, as terms: they say nothing about what is asked.
ASKING = frozenset(tokenize(" ".join(sorted(STOP_WORDS))))

_TOP = 5  # hits that are looked at: about what an answer is written from
_FIRST = 3
_MOST_MASS, _MOST_LENGTH, _MOST_UNKNOWN = 4.0, 2.0, 3
_NO_TERM = "\0"
_MANY_CHUNKS = 300  # from so many on, a word that is nowhere is taken to be no subject
_TERM_WORDS = frozenset(tokenize("last previous past next fall spring summer term semester year"))
_YEAR = re.compile(r"(?:fa|sp|su)?20\d\d")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,}")
_NUMBER = re.compile(
    r"\bhow (?:many|much|long|big|large|fast|often)\b"
    r"|\b(?:what|which) (?:year|percent|number|size|paper)\b|\bwho\b|\bwhen\b",
    re.I,
)


def evidence(query: Query, hits: Sequence[Hit], generation: Generation) -> float:
    """Return how likely `hits`, best first, hold an answer to `query`, in [0, 1]."""
    if hits and hits[0].retriever == LABEL:
        return 1.0  # what was asked for by its number is there
    found = signals(query, hits, generation)
    if not found:
        return 0.0
    total = BIAS + sum(WEIGHTS[name] * value for name, value in found.items())
    return 1 / (1 + math.exp(-total))


def signals(query: Query, hits: Sequence[Hit], generation: Generation) -> dict[str, float]:
    """Return the value of each of `WEIGHTS`; nothing where there is nothing to compare.

    "nearest" and "first": the highest and the first cosine of the best five hits. "mass": the
    rarity of the terms that the best of them shares with the question, "covered": their share of
    all its terms, "missing": the rarity of the rarest term that none has; rarity is the inverse
    document frequency, as a share of that of an unknown term. "unknown": words that neither the
    corpus nor a dictionary has. "course page": a page on the course is found for a question that
    was not taken to be about that, "about the course": for one that was.
    """
    lexical = generation.lexical
    terms = set(tokenize(query.text)) - ASKING
    if query.term:  # all hits are of that term; they need not say which it is
        terms = {term for term in terms if term not in _TERM_WORDS and not _YEAR.fullmatch(term)}
    top = hits[:_TOP]
    if not top or not terms:
        return {}
    most = lexical.rarity(_NO_TERM)
    rarity = {term: lexical.rarity(term) / most for term in terms}
    has = [terms & set(tokenize(hit.chunk.search_text)) for hit in top]
    mass = max(sum(rarity[term] for term in found) for found in has)
    missing = terms.difference(*has)
    # That a handful of chunks happen not to have a word says less than that hundreds lack it.
    telling = min(1.0, math.log1p(len(lexical)) / math.log1p(_MANY_CHUNKS))
    spelt = generation.lexicon.spelt(query.original)
    unknown = [
        word
        for word in _WORD.findall(spelt)
        if not is_english(word.lower()) and not any(map(lexical.has, tokenize(word)))
    ]
    return {
        "nearest": max(hit.similarity for hit in top),
        "first": top[0].similarity,
        "mass": min(mass, _MOST_MASS),
        "covered": mass / sum(rarity.values()),
        "missing": max((rarity[term] for term in missing), default=0.0) * telling,
        "unknown": float(min(len(unknown), _MOST_UNKNOWN)),
        "length": min(len(terms) / 10, _MOST_LENGTH),
        "number asked for": float(bool(_NUMBER.search(query.original))),
        "course page": float(
            not query.about_course and any(hit.chunk.kind == "site" for hit in hits[:_FIRST])
        ),
        "about the course": float(query.about_course),
    }
