"""Whether a question of a conversation goes on with what was said before, or begins anew.

A logistic regression over how the question is worded, how like it is to the question and the answer
before, and whether the corpus has something that is like the question by itself. The weights come
from `python -m eval.context_weights` (docs/experiments.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ds542_tutor.dialogue import Query
from ds542_tutor.queries import leans, points

Vector = Sequence[float]

WEIGHTS = {
    "leans": 1.44,
    "points": 0.38,
    "like the question": 1.13,
    "like the answer": 6.45,
    "nearest": -8.52,
}
BIAS = 1.77
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
        _dot(own, embed(query.context)),
        _dot(own, embed(query.said)) if query.said else 0.0,
        nearest(own),
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


def _dot(a: Vector, b: Vector) -> float:
    """Cosine: embedders return unit vectors."""
    return sum(x * y for x, y in zip(a, b, strict=True))
