"""Where two sources of an answer say the same thing differently: another number, or a denial.

Only what is nearly the same sentence is compared. Sentences on one subject differ in most of their
words and in what they count, and telling those apart from a contradiction takes a reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ds542_tutor.dialogue import Passage
from ds542_tutor.sentences import block_sentences, split_blocks
from ds542_tutor.support import denies, numbers_in
from ds542_tutor.words import content_words, jaccard

_MIN_WORDS, _MAX_WORDS = 4, 60  # content words; fewer are a label, more have lost their stops
_SAME_BUT_NUMBERS = 0.7  # Jaccard overlap of content words, numbers aside
_SAME_BUT_DENIAL = 0.75
_BEGINNING = 60  # characters of a sentence by which it is known in an answer
_EXERCISE = re.compile(r"\?|^\W*(?:problem|exercise|question|figure|fig\.|table|listing)\b", re.I)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sentences that cannot both hold, with the passages they stand in."""

    said: str
    passage: Passage
    otherwise: str
    other: Passage


def disagreement(
    cited: Sequence[Passage], passages: Sequence[Passage], text: str
) -> Disagreement | None:
    """Return the first sentence of `text` that another document's passage says differently.

    Args:
        cited: passages that `text` cites.
        passages: all that were read for it, in order.
    """
    answer = _squeezed(text)
    quoted = [
        (passage, sentence, words)
        for passage in cited
        for sentence, words in _sentences(passage.text)
        if _squeezed(sentence)[:_BEGINNING] in answer
    ]
    for other in passages:
        if other.chunk.exercise or other.chunk.graded:
            continue
        for otherwise, their_words in _sentences(other.text):
            for passage, said, words in quoted:
                if _comparable(passage, other) and _differ(said, words, otherwise, their_words):
                    return Disagreement(said, passage, otherwise, other)
    return None


def _comparable(one: Passage, other: Passage) -> bool:
    """Whether two passages are of different documents of one term: other terms are told."""
    a, b = one.chunk, other.chunk
    return a.document != b.document and (a.term == b.term or None in (a.term, b.term))


def differ(one: str, other: str) -> bool:
    """Whether a sentence of one text says what one of another says with another number, or not."""
    theirs = list(_sentences(other))
    return any(
        _differ(said, words, otherwise, their_words)
        for said, words in _sentences(one)
        for otherwise, their_words in theirs
    )


def _sentences(text: str) -> Iterable[tuple[str, frozenset[str]]]:
    """Yield the sentences of a text that state something, with their content words."""
    for block in split_blocks(text):
        if block.kind in ("code", "math", "heading"):
            continue
        for span in block_sentences(block):
            said = " ".join(span.text.split())
            words = frozenset(w for w in content_words(said) if not w.isdigit())
            if _MIN_WORDS <= len(words) <= _MAX_WORDS and not _EXERCISE.search(said):
                yield said, words


def _differ(one: str, words: frozenset[str], other: str, their_words: frozenset[str]) -> bool:
    alike = jaccard(words, their_words)
    if alike >= _SAME_BUT_NUMBERS:
        mine, theirs = numbers_in(one), numbers_in(other)
        if mine and len(mine) == len(theirs) and not mine & theirs:
            return True
    return alike >= _SAME_BUT_DENIAL and denies(one, other)


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", " ", text).casefold().strip()
