"""Pieces that `replies` puts answers together from: places, spans of facts, who speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ds542_tutor.citations import cite
from ds542_tutor.course import Course, Person
from ds542_tutor.dialogue import Citation, Passage
from ds542_tutor.disagreements import disagreement
from ds542_tutor.documents import Chunk
from ds542_tutor.markers import markers_in
from ds542_tutor.support import best_window, find_exact
from ds542_tutor.words import content_words

# A computed fact is worded by us; from this share of its words a span of the file says it.
_SURE_SHARE = 0.6
# "I." and "I)" count items.
_FIRST_PERSON = re.compile(r"\bI\b(?![.)])|\b(?:me|[Mm]y)\b")
_SENTENCE = re.compile(r"(?<=\]\.)\s+")


def citing(citations: tuple[Citation, ...], passage: Passage, words: str) -> tuple[Citation, ...]:
    """The citations with one of `passage`, which says `words`."""
    if any(citation.marker == passage.number for citation in citations):
        return citations
    start, end = find_exact(words, passage.chunk.text) or (0, 0)
    added = cite(passage, start, end, 1.0, words)
    return tuple(sorted((*citations, added), key=lambda citation: citation.marker))


def place_of(chunk: Chunk) -> str:
    """Say where a chunk stands: "Lecture 7: Attention, slide 9: Why …" or the document alone."""
    where = chunk.locator.describe()
    first = chunk.pages[0] if chunk.pages else None
    if chunk.kind == "slides" and first != chunk.locator.page:
        where = f"{where} (built up from slide {first})"
    return f"{chunk.title}, {where}" if where else chunk.title


def shared(statement: str, text: str) -> float:
    """Share of the statement's content words that `text` has."""
    words = set(content_words(statement))
    return len(words & set(content_words(text))) / len(words) if words else 0.0


def span_of(statement: str, text: str) -> tuple[int, int]:
    """Return the range of `text` that says `statement`; (0, 0) when none surely does."""
    start, end = find_exact(statement, text) or best_window(statement, text) or (0, 0)
    return (start, end) if shared(statement, text[start:end]) >= _SURE_SHARE else (0, 0)


def speaker(text: str, own: frozenset[int], course: Course) -> Person | None:
    """Return the one instructor whose words a quotation in the first person is, else None.

    Args:
        own: markers of the course's own pages; others are written by others, of another term or
            from outside.
    """
    instructors = [person for person in course.people if person.role == "instructor"]
    prose = re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.S)
    said = [s for s in _SENTENCE.split(prose) if _FIRST_PERSON.search(s) and own & markers_in(s)]
    return instructors[0] if len(instructors) == 1 and said else None


def with_speaker(
    text: str, citations: tuple[Citation, ...], person: Person, page: Chunk
) -> tuple[str, tuple[Citation, ...]]:
    """Say who "I" is in what is quoted, with the page that names the person."""
    marker = max((citation.marker for citation in citations), default=0) + 1
    start, end = span_of(person.name, page.text)
    cited = cite(Passage(marker, page, page.text), start, end, 1.0, person.name)
    said = f"Here “I” is the instructor, {person.name} ({person.email}) [{marker}]."
    return f"{text}\n\n{said}", (*citations, cited)


def with_disagreement(
    text: str, citations: tuple[Citation, ...], passages: Sequence[Passage]
) -> tuple[str, tuple[Citation, ...]]:
    """Say where another source has another number or the reverse, and cite it."""
    cited = {citation.marker for citation in citations}
    found = disagreement([p for p in passages if p.number in cited], passages, text)
    if found is None:
        return text, citations
    mine, other = found.passage.number, found.other.number
    said = (
        f"The sources differ here: against [{mine}], {place_of(found.other.chunk)} says "
        f"“{found.otherwise.rstrip('. ')}” [{other}]."
    )
    return f"{text}\n\n{said}", citing(citations, found.other, found.otherwise)
