"""Excerpts with what `quotes` found for them, and how two of them compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ds542_tutor.models.excerpts import Excerpt
from ds542_tutor.vectors import dot

_SAME_WORDS = 0.6  # Jaccard overlap of content words from which two sentences say the same
_SAME_MEANING = 0.92  # and the cosine


@dataclass(frozen=True, slots=True)
class Scored:
    """An excerpt with its score, its cosine to the question, its unit vector and its words."""

    excerpt: Excerpt
    score: float
    meaning: float
    vector: Sequence[float]
    words: frozenset[str]


def says_the_same(a: Scored, b: Scored) -> bool:
    """Whether two excerpts overlap in the passage or in what they say."""
    if overlap(a.excerpt, b.excerpt) or dot(a.vector, b.vector) >= _SAME_MEANING:
        return True
    shorter = min(len(a.words), len(b.words)) or 1
    shared = len(a.words & b.words)
    return shared / (len(a.words | b.words) or 1) >= _SAME_WORDS or shared == shorter


def overlap(a: Excerpt, b: Excerpt) -> bool:
    """Whether two excerpts of one passage share characters."""
    same_passage = a.passage.number == b.passage.number
    return same_passage and a.start < b.end and b.start < a.end


def reading_order(chosen: Sequence[Excerpt]) -> list[Excerpt]:
    """Order by passage as first chosen, within a passage as written."""
    rank: dict[int, int] = {}
    for excerpt in chosen:
        rank.setdefault(excerpt.passage.number, len(rank))
    return sorted(chosen, key=lambda e: (rank[e.passage.number], e.start))
