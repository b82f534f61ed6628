"""How well candidates answer a query: features of each pair, weighed by a fitted linear model.

What is found, and by which searcher, is for `retrieval`; here candidates are only compared with
each other. The weights come from `python -m eval.ranking_weights` (docs/experiments.md): a listwise
softmax loss after Cao et al. (2007), Learning to rank, https://doi.org/10.1145/1273496.1273513
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ds542_tutor.dialogue import Query
from ds542_tutor.documents import Chunk
from ds542_tutor.index.lexical import tokenize

WEIGHTS = {
    "cosine": 0.86,
    "dense rank": 1.49,
    "lexical rank": 2.44,
    "covered": 5.19,
    "covered by title": 0.90,
    "title asked for": 1.00,
    "slides": 0.85,
    "notes": -0.77,
    "exercise": -1.00,
    "graded": -1.01,
    "errata": -0.79,
    "bare title": -3.24,
    "code": -0.40,
    "code, asked for": 0.15,
    "neighbour": 0.66,
    "kind asked for": 1.77,
    "slides, where": 1.97,
    "assignment": 5.18,
    "other term": -2.56,
}
"""Of the features, in their order. Cosines are compared by their spread, so that they serve any
embedder."""

_DENSE, _LEXICAL = ("cosine", "dense rank"), ("lexical rank", "covered")

# What a question says outright counts more than any likeness; too rare in cases to be fitted.
_LECTURE, _PAGE, _SECTION, _COURSE_PAGE = 4.0, 2.0, 2.5, 3.0

_RANK = 10  # 10 / (10 + rank): the first and the tenth rank differ by a factor of two
_NEIGHBOUR_RANK = 60  # for neighbours, the usual constant of reciprocal rank fusion
_BARE_WORDS = 4  # a slide with fewer words beside its title only announces

_CODE_SIGN = re.compile(r"[=(){}\[\]_]")
_ASKS_CODE = re.compile(
    r"\bcode|pytorch|torch|numpy|python|implement|function|\bclass\b|_|\(\)", re.I
)

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """What was found for a query: n chunks, and what the searchers know of them.

    Attributes:
        chunks: in any order.
        cosines: of query and chunk. Shape: (n,).
        dense_ranks, lexical_ranks: from 1; infinity where that searcher did not find it. (n,).
        matches: which chunk has which term of the query. Shape: (terms, n), boolean.
        terms: of the query. rarity: their inverse document frequency. Shape: (terms,).
        term: the term of the year that is wanted, or None.
    """

    chunks: Sequence[Chunk]
    cosines: Matrix
    dense_ranks: Matrix
    lexical_ranks: Matrix
    matches: NDArray[np.bool_]
    terms: Sequence[str]
    rarity: Matrix
    term: str | None = None


def scores(
    query: Query, candidates: Candidates, dense_weight: float = 1.0, lexical_weight: float = 1.0
) -> Matrix:
    """Return how well each candidate answers, higher is better. Shape: (n,).

    Differences are those of log-probabilities that a candidate is the right one. `dense_weight` and
    `lexical_weight` multiply what either searcher says.
    """
    if not candidates.chunks:
        return np.zeros(0)
    by_searcher = {
        **dict.fromkeys(_DENSE, dense_weight),
        **dict.fromkeys(_LEXICAL, lexical_weight),
    }
    weights = np.array([weight * by_searcher.get(name, 1.0) for name, weight in WEIGHTS.items()])
    named = np.array([_named(query, chunk) for chunk in candidates.chunks])
    return np.asarray(features(query, candidates) @ weights + named)


def features(query: Query, candidates: Candidates) -> Matrix:
    """Return the features of each candidate, in the order of `WEIGHTS`. Shape: (n, features)."""
    chunks = candidates.chunks
    titles = [title_terms(chunk) for chunk in chunks]
    asked = frozenset(candidates.terms)
    rarity = candidates.rarity
    # Terms that the corpus does not have would only lower all shares alike.
    total = float(rarity.sum()) or 1.0
    covered = (rarity[:, None] * candidates.matches).sum(axis=0) / total
    code = np.array([10 * len(_CODE_SIGN.findall(c.text)) / (len(c.text) + 1) for c in chunks])
    is_slide = _flags(chunk.kind == "slides" for chunk in chunks)
    known = dict(zip(candidates.terms, rarity, strict=True))
    columns = {
        "cosine": (candidates.cosines - candidates.cosines.mean())
        / (candidates.cosines.std() + 1e-6),
        "dense rank": _RANK / (_RANK + candidates.dense_ranks),
        "lexical rank": _RANK / (_RANK + candidates.lexical_ranks),
        "covered": covered,
        "covered by title": np.array(
            [sum(known[term] for term in title & asked) / total for title in titles]
        ),
        "title asked for": np.array([len(t & asked) / (len(t) or 1) for t in titles]),
        "slides": is_slide,
        "notes": _flags(chunk.kind == "notes" for chunk in chunks),
        "exercise": _flags(chunk.exercise for chunk in chunks),
        "graded": _flags(chunk.graded and chunk.kind != "site" for chunk in chunks),
        "errata": _flags("errata" in chunk.title.lower() for chunk in chunks),
        "bare title": _flags(_is_bare(chunk) for chunk in chunks),
        "code": code,
        "code, asked for": code * bool(_ASKS_CODE.search(query.original)),
        "neighbour": _best_neighbours(candidates),
        "kind asked for": _flags(query.kind == chunk.kind for chunk in chunks),
        "slides, where": is_slide * query.locate,
        "assignment": _flags(
            query.assignment is not None and c.assignment == query.assignment for c in chunks
        ),
        "other term": _flags(
            bool(candidates.term and c.term and c.term != candidates.term) for c in chunks
        ),
    }
    return np.column_stack([columns[name] for name in WEIGHTS])


def _named(query: Query, chunk: Chunk) -> float:
    """What a candidate gains because the question names its place."""
    gained = 0.0
    if chunk.lecture is not None and chunk.lecture in query.lectures:
        gained += _LECTURE
        if query.page is not None and query.page in chunk.pages:
            gained += _PAGE
    if query.section is not None and in_section(chunk, query.section):
        gained += _SECTION
    if query.about_course and tells_of_the_course(chunk):
        gained += _COURSE_PAGE
    return gained


def title_terms(chunk: Chunk) -> frozenset[str]:
    """Return the search terms of a chunk's innermost heading."""
    return _terms(chunk.search_text.partition("\n")[0].rpartition(" > ")[2])


@functools.lru_cache(maxsize=20_000)
def _terms(heading: str) -> frozenset[str]:
    return frozenset(tokenize(heading))


def tells_of_the_course(chunk: Chunk) -> bool:
    """Whether a chunk is of the course site, a syllabus, or the first lecture, which has rules."""
    return chunk.kind in ("site", "notes") or (chunk.kind == "slides" and chunk.lecture == 1)


def in_section(chunk: Chunk, number: str) -> bool:
    """Whether a heading on the chunk's path carries this number, or one below it."""
    pattern = re.compile(rf"(?:^|\s){re.escape(number)}(?:[.\s:]|$)")
    return any(pattern.search(heading) for heading in chunk.locator.section)


def _is_bare(chunk: Chunk) -> bool:
    title = chunk.locator.slide_title or ""
    return len(chunk.text.split()) <= len(title.split()) + _BARE_WORDS


def _best_neighbours(candidates: Candidates) -> Matrix:
    """How well the better of the two chunks beside each was found; 0 where neither was."""
    found = _NEIGHBOUR_RANK / (_NEIGHBOUR_RANK + candidates.dense_ranks)
    found = found + _NEIGHBOUR_RANK / (_NEIGHBOUR_RANK + candidates.lexical_ranks)
    by_place = {
        (chunk.document, chunk.ordinal): float(value)
        for chunk, value in zip(candidates.chunks, found, strict=True)
    }
    return np.array(
        [
            max(by_place.get((c.document, c.ordinal + step), 0.0) for step in (-1, 1))
            for c in candidates.chunks
        ]
    )


def _flags(values: Iterable[bool]) -> Matrix:
    return np.fromiter((float(value) for value in values), dtype=float)
