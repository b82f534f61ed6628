"""Whether a question asks where something stands: the answer is then a place, no explanation.

"Dropout slide?" does and "what does the dropout slide say" does not; the ways of asking are too
many for patterns alone. A regression over exemplars (`policy.kinds`) joins those of `queries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ds542_tutor.dialogue import Query
from ds542_tutor.policy.findings import judged
from ds542_tutor.policy.kinds import Kinds, read_exemplars

PLACE = "locate"
LIKELY, NOT_UNLIKELY = 0.6, 0.15
"""Probability from which a question asks for a place by itself, and where its words say so."""


@cache
def exemplars() -> tuple[tuple[str, str], ...]:
    """Return what `place_questions.txt` holds, as (kind, message) pairs."""
    return read_exemplars(files("ds542_tutor").joinpath("place_questions.txt").read_text("utf-8"))


def asks_for_a_place(query: Query, places: Kinds | None, vector: Sequence[float] | None) -> bool:
    """Return whether the words of `query`, or their likeness to exemplars, ask for a place.

    Args:
        places: the regression; None where there is none, and words alone decide.
        vector: unit embedding of `findings.judged` of the question.
    """
    if places is None:
        return query.locate
    likely = places.likely(judged(query.original), vector)[PLACE]
    return likely >= (NOT_UNLIKELY if query.locate else LIKELY)
