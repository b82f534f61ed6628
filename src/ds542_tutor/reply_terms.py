"""Whose term the sources of an answer are from, and what the answer says of that."""

from __future__ import annotations

from collections.abc import Sequence

from ds542_tutor.course import term_name
from ds542_tutor.dialogue import Citation, Hit, Query
from ds542_tutor.documents import Chunk
from ds542_tutor.evidence import evidence
from ds542_tutor.index.generation import Generation
from ds542_tutor.ranking import tells_of_the_course
from ds542_tutor.reply_parts import place_of


def with_terms(
    text: str, citations: Sequence[Citation], generation: Generation, asked: str | None
) -> str:
    """Say in the answer itself what rests on another term's documents.

    Args:
        asked: the term that the question names.
    """
    this = term_name(generation.course.term)
    others = [c for c in citations if other_term(chunk_of(c, generation), generation)]
    named = " and ".join(term_name(term) for term in other_terms(citations, generation))
    if not others:
        return text
    if asked and len(others) == len(citations):
        return told_of_term(named, this, text)
    markers = "".join(f"[{c.marker}]" for c in others)
    return f"{text}\n\nWhat {markers} says holds for {named}, not for this term ({this})."


def told_of_term(named: str, this: str, text: str) -> str:
    """Say before `text` which term it is from. Args: names of terms, such as "Fall 2025"."""
    return f"This is from {named}, not from this term ({this}):\n\n{text}"


def pointing(citations: Sequence[Citation], generation: Generation) -> str:
    """Say where another term's documents speak of what this term's do not.

    What they say is not told: a rule may hold no longer.
    """
    this = term_name(generation.course.term)
    named = " and ".join(term_name(term) for term in other_terms(citations, generation))
    places = "; ".join(
        f"{place_in_term(chunk, generation)} [{c.marker}]"
        for c in citations
        if (chunk := chunk_of(c, generation))
    )
    return (
        f"No document of this term ({this}) says this, so I won't guess. One of {named} does: "
        f"{places}. Ask whether it still holds."
    )


def only_elsewhere(
    query: Query, hits: Sequence[Hit], generation: Generation, enough: float
) -> list[Hit]:
    """Return the hits of other terms where they alone carry an answer to what is asked now.

    Args:
        enough: the evidence that carries one.
    """
    others = [hit for hit in hits if other_term(hit.chunk, generation)]
    current = [hit for hit in hits if hit not in others]
    if not others or (current and evidence(query, current, generation) >= enough):
        return []
    return others


def own_pages(citations: Sequence[Citation], generation: Generation) -> frozenset[int]:
    """Return the markers of the citations of the course's own pages of the running term."""
    chunks = ((c.marker, chunk_of(c, generation)) for c in citations)
    return frozenset(
        marker
        for marker, chunk in chunks
        if chunk and tells_of_the_course(chunk) and not other_term(chunk, generation)
    )


def chunk_of(citation: Citation, generation: Generation) -> Chunk | None:
    """Return the chunk that a citation is of."""
    chunks = generation.chunks.get([citation.chunk_id])
    return chunks[0] if chunks else None


def other_term(chunk: Chunk | None, generation: Generation) -> str | None:
    """Return the term of a chunk when it is not the running one."""
    running = generation.course.term
    return chunk.term if chunk and chunk.term and running and chunk.term != running else None


def other_terms(citations: Sequence[Citation], generation: Generation) -> list[str]:
    """Return the terms of citations other than the running one, in order."""
    chunks = generation.chunks.get([c.chunk_id for c in citations])
    return sorted({term for chunk in chunks if (term := other_term(chunk, generation))})


def place_in_term(chunk: Chunk, generation: Generation) -> str:
    """Say where a chunk stands, with its term when that is another one."""
    term = other_term(chunk, generation)
    place = place_of(chunk)
    told = not term or term_name(term) in place
    return place if told else f"{place} ({term_name(term or '')})"
