"""Hits that say much the same, folded into one with all its places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ds542_tutor.dialogue import Hit
from ds542_tutor.disagreements import differ
from ds542_tutor.documents import Chunk
from ds542_tutor.words import content_words, jaccard

_DUPLICATE_OVERLAP = 0.85  # share of common words (Jaccard) from which two chunks say the same
_SAME_OVERLAP = 0.95  # with numbers and small words, from which both places are told


def fold_duplicates(hits: Sequence[Hit], k: int) -> list[Hit]:
    """Keep the best of chunks that say much the same, up to `k` hits.

    Where another says just the same, its place is kept. One of another document with another
    number in the same sentence is no duplicate: readers should see both.
    """
    kept: list[tuple[Hit, set[str], list[Chunk]]] = []
    for hit in hits:
        if len(kept) == k:
            break
        words = set(content_words(hit.chunk.text))
        for kept_hit, said, also in kept:
            if jaccard(words, said) >= _DUPLICATE_OVERLAP and not _differ(kept_hit, hit):
                if _same(kept_hit.chunk, hit.chunk):
                    also.append(hit.chunk)
                break
        else:
            kept.append((hit, words, []))
    return [replace(hit, also=tuple(also)) if also else hit for hit, _, also in kept]


def _differ(one: Hit, other: Hit) -> bool:
    a, b = one.chunk, other.chunk
    return a.document != b.document and a.term == b.term and differ(a.text, b.text)


def _same(chunk: Chunk, other: Chunk) -> bool:
    """Whether two chunks of a term say the same to the number: "2 inputs" is not "1 input"."""
    one, two = (set(re.findall(r"\w+", c.text.lower())) for c in (chunk, other))
    free = not (chunk.graded or other.graded)
    return free and chunk.term == other.term and jaccard(one, two) >= _SAME_OVERLAP
