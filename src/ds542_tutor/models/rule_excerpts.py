"""What `quotes` shows of the course's own rules: a rule whole, with its exceptions.

A message on the running of the course often asks two things at once; each gets its rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ds542_tutor.models.excerpts import Excerpt, word_count
from ds542_tutor.models.scored import Scored, overlap, says_the_same
from ds542_tutor.sentences import split_questions
from ds542_tutor.words import content_words

# On the rules of the course: words of a passage around the best excerpt, and the share of its score
# from which another passage is quoted as well.
_RULE_WORDS = 90
_LEAD_WORDS = 15  # of a page before the excerpt, such as the title of a book
_NEARLY = 0.85
_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s")

# Items beside the best one in its passage are quoted as well from this share of its cosine: what
# one must know before a course, stands in several.
_BESIDE, _BESIDE_WORDS = 0.7, 110
_OTHER_WORDS = 40  # of another passage that is nearly as good
# A further question of a message: its fewest content words, and the cosine that its rule needs.
_PART_WORDS, _PART_MEANING = 2, 0.4
_MOST_PARTS, _MOST_WORDS = 3, 170


def parts_of(question: str) -> list[str]:
    """Return the questions of a message that asks several, else nothing."""
    parts = [p for p in split_questions(question) if len(content_words(p)) >= _PART_WORDS]
    return parts[:_MOST_PARTS] if len(parts) > 1 else []


def with_part(
    chosen: list[Excerpt], ranked: Sequence[Scored], prose: Sequence[Excerpt]
) -> list[Excerpt]:
    """Add the rule that answers one of several questions best, where it is not chosen already."""
    best = ranked[0]
    words = sum(word_count(e.text) for e in chosen)
    known = any(overlap(best.excerpt, e) for e in chosen)
    if known or best.meaning < _PART_MEANING or words >= _MOST_WORDS:
        return chosen
    grown = _grown(best.excerpt, prose, min(_RULE_WORDS, _MOST_WORDS - words))
    return [*chosen, *(e for e in grown if not any(overlap(e, c) for c in chosen))]


def around(ranked: Sequence[Scored], prose: Sequence[Excerpt]) -> list[Excerpt]:
    """Choose the best excerpt with what belongs to it: rules come with their exceptions.

    Where another passage has one that is nearly as good, that one comes too.
    """
    best = ranked[0]
    chosen = [_led(e) for e in _grown(best.excerpt, prose, _RULE_WORDS)]
    words = sum(word_count(e.text) for e in chosen)
    for other in ranked[1:]:
        beside = other.excerpt.passage.number == best.excerpt.passage.number
        if not beside or other.meaning < _BESIDE * best.meaning:
            continue
        if _is_item(other.excerpt) and not _is_item(best.excerpt):
            continue  # of a list whose lead says what is meant: "don't lose points for"
        length = word_count(other.excerpt.text)
        if words + length <= _BESIDE_WORDS and not any(overlap(other.excerpt, e) for e in chosen):
            chosen.append(other.excerpt)
            words += length
    for other in ranked[1:]:
        if other.score < _NEARLY * best.score:
            break
        if other.excerpt.passage.number == best.excerpt.passage.number:
            continue
        if not any(says_the_same(other, c) for c in ranked if any(c.excerpt is e for e in chosen)):
            chosen += _grown(other.excerpt, prose, _OTHER_WORDS)
            break
    return chosen


def _led(excerpt: Excerpt) -> Excerpt:
    """Put the few words before the first excerpt of a page in front: what it is about."""
    passage = excerpt.passage
    ahead = passage.text[: excerpt.start]
    if passage.chunk.kind != "site" or not 0 < word_count(ahead) <= _LEAD_WORDS:
        return excerpt
    return replace(excerpt, start=0, text=f"{' '.join(ahead.split())} {excerpt.text}")


def _grown(excerpt: Excerpt, prose: Sequence[Excerpt], most: int) -> list[Excerpt]:
    """Return the excerpt with what belongs to it in its passage, as long as there are words left.

    That is its paragraph, the item of a list with the items below it, and the words that lead to
    it; not the next item, which is another rule.
    """
    same = [e for e in prose if e.passage.number == excerpt.passage.number]
    after = sorted((e for e in same if e.start >= excerpt.end), key=lambda e: (e.start, -e.end))
    ahead = sorted((e for e in same if e.end <= excerpt.start), key=lambda e: (-e.end, e.start))
    chosen, words = [excerpt], word_count(excerpt.text)
    for neighbours in (ahead, after):  # what leads to it first: the items below that belong to it
        for neighbour in neighbours:
            edge = (max if neighbours is after else min)(chosen, key=lambda e: e.start)
            first, second = (edge, neighbour) if neighbours is after else (neighbour, edge)
            if any(overlap(neighbour, e) for e in chosen):
                continue
            length = word_count(neighbour.text)
            outer = min(_indent(_line_of(e.passage.text, e.start)) for e in (*chosen, first))
            if words + length > most or not _belongs(first, second, outer):
                break
            chosen.append(neighbour)
            words += length
    return chosen


def _belongs(first: Excerpt, second: Excerpt, outer: int) -> bool:
    """Whether `second`, which follows `first` in the passage, goes on with it.

    `outer`: the indent of the outermost of what has been chosen; deeper items belong to that.
    """
    text = first.passage.text
    between = text[first.end : second.start]
    if "\n" not in between:
        return True
    leads = text[first.start : first.end + 2].rstrip().endswith(":")
    line = _line_of(text, second.start)
    if not _ITEM.match(line):
        return leads or "\n\n" not in between
    return leads or _indent(line) > outer


def _is_item(excerpt: Excerpt) -> bool:
    return _ITEM.match(_line_of(excerpt.passage.text, excerpt.start)) is not None


def _line_of(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
