"""Whether a question of a conversation goes on with what was said before, or begins anew.

A logistic regression over how the question is worded, how like it is to the question and the answer
before, and whether the corpus has something that is like the question by itself. The weights come
from `python -m eval.context_weights` (docs/experiments.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ds542_tutor.dialogue import Query
from ds542_tutor.protocols import Vector
from ds542_tutor.queries import leans, points
from ds542_tutor.vectors import dot
from ds542_tutor.words import content_words

WEIGHTS = {
    "leans": 0.57,
    "points": 1.10,
    "like the question": 0.96,
    "like the answer": 6.29,
    "nearest": -7.67,
    "own words": -3.17,
}
BIAS = 2.83
_MOST_WORDS = 12  # content words; more say no more
THRESHOLD = 0.55
"""Probability from which a question is searched with what was said before."""


def signals(
    query: Query, embed: Callable[[str], Vector], nearest: Callable[[Vector], float]
) -> list[float]:
    """Return the features of a query with a context, in the order of `WEIGHTS`.

    Args:
        embed: gives the unit vector of a text. nearest: the highest cosine in the corpus to one.
    """
    own = embed(query.original)
    return [
        float(leans(query.original)),
        float(points(query.original)),
        dot(own, embed(query.context)),
        dot(own, embed(query.said)) if query.said else 0.0,
        nearest(own),
        min(len(content_words(query.original)), _MOST_WORDS) / _MOST_WORDS,
    ]


def goes_on(
    query: Query, embed: Callable[[str], Vector], nearest: Callable[[Vector], float]
) -> bool:
    """Whether `query` has to do with its context; True where it has none."""
    if not query.context:
        return True
    found = signals(query, embed, nearest)
    logit = BIAS + sum(w * x for w, x in zip(WEIGHTS.values(), found, strict=True))
    return 1 / (1 + math.exp(-logit)) >= THRESHOLD
