"""What one document says about another: errata of a book, and which of its problems are answered.

Works on the chunks of all documents, after they were read one by one. How a list of errata or an
answer booklet is read is `readers.beside_book`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import groupby
from typing import Final

from ds542_tutor.documents import Chunk, Erratum
from ds542_tutor.words import content_words
from ingest.sources import SourceFile

ERRATUM: Final = "erratum"
"""An entry of a list of errata carries "erratum 17" besides what it corrects."""

_NUMBER: Final = re.compile(r"^(?:chapter |appendix )?((?:[A-Z]|\d+)(?:\.\d+)*)\b", re.I)
_SMALL: Final = re.compile(r"\b(minor|small|typos?|cosmetic)\b", re.I)


@dataclass(frozen=True, slots=True)
class Tied:
    """All chunks, some now graded, and the corrections of books, each with its page."""

    chunks: tuple[Chunk, ...]
    errata: tuple[Erratum, ...]


def tie(chunks: Sequence[Chunk], files: Iterable[SourceFile]) -> Tied:
    """Tie lists of errata and answers to the books that they belong to, where those are there.

    A book's problem that its answer booklet leaves unanswered becomes graded: students hand such
    problems in. Everything else stays as it is, in its order.
    """
    errata: list[Erratum] = []
    unanswered: set[str] = set()
    for file in files:
        pattern = file.errata_for or file.answers_for
        if pattern is None:
            continue
        own = [chunk for chunk in chunks if chunk.document == file.name]
        book = [chunk for chunk in chunks if fnmatch(chunk.document, pattern)]
        if file.errata_for:
            errata += _errata(own, book)
        if file.answers_for:
            answered = {label for c in own if not c.graded for label in c.labels}
            unanswered |= {c.id for c in book if c.exercise and _unanswered(c, answered)}
    tied = (replace(c, graded=True) if c.id in unanswered else c for c in chunks)
    return Tied(tuple(tied), tuple(errata))


def _unanswered(chunk: Chunk, answered: set[str]) -> bool:
    problems = [label for label in chunk.labels if label.startswith(("problem ", "exercise "))]
    return bool(problems) and not answered.issuperset(problems)


def _errata(entries: Iterable[Chunk], book: Sequence[Chunk]) -> list[Erratum]:
    """Every entry of a list that has a place in the book; an entry may fill several chunks."""
    found: list[Erratum] = []
    printed = {c.locator.page: c.locator.page_label for c in book}
    for number, group in groupby(entries, key=_entry_number):
        parts = list(group)
        places = [label for label in parts[0].labels if not label.startswith(ERRATUM)]
        text = " ".join(" ".join(part.text for part in parts).split()).removeprefix("• ")
        place = _place(places, text, book) if number else None
        if place is None:
            continue
        page = _page(place, places)
        section = parts[0].locator.section
        found.append(
            Erratum(
                book=place.document,
                page=page,
                page_label=printed.get(page),
                printing=next((s for s in reversed(section) if "printing" in s.lower()), ""),
                text=text,
                serious=not any(_SMALL.search(name) for name in section),
                document=parts[0].document,
                chunk_id=parts[0].id,
            )
        )
    return found


def _entry_number(chunk: Chunk) -> str:
    return next((label for label in chunk.labels if label.startswith(ERRATUM)), "")


def _place(places: Sequence[str], text: str, book: Sequence[Chunk]) -> Chunk | None:
    """The chunk of the book that an entry speaks of.

    Of all that have the first of its places that is there, the one that shares most words with the
    entry, which quotes the sentence that it corrects.
    """
    words = set(content_words(text))
    for place in places:
        there = [chunk for chunk in book if _has(chunk, place)]
        if there:
            return max(there, key=lambda c: len(words & set(content_words(c.text))))
    return None


def _page(chunk: Chunk, places: Sequence[str]) -> int:
    """The page on which a number stands in a chunk that may cover two."""
    for place in places:
        kind, _, number = place.partition(" ")
        mark = f"({number})" if kind == "equation" else place
        at = chunk.text.lower().find(mark) if place in chunk.labels else -1
        for run in chunk.runs:
            if run.start <= at < run.start + run.length:
                return run.page
    return chunk.locator.page or 0


def _has(chunk: Chunk, place: str) -> bool:
    kind, _, number = place.partition(" ")
    if kind == "page":
        return chunk.locator.page_label == number
    if kind not in ("section", "chapter", "appendix"):
        return place in chunk.labels
    headings = (_NUMBER.match(name) for name in chunk.locator.section)
    numbers = [match.group(1).lower() for match in headings if match]
    return any(found == number or found.startswith(f"{number}.") for found in numbers)
