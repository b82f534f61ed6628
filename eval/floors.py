"""Trivial tutors that every report puts beside ours: whoever cannot beat them has learned nothing.

    bm25, dense     answer everything with the best passage of one searcher alone, word for word
    always-refuse   refuses everything
    never-refuse    answers everything (whatever it says)

They are scored by the same metrics. The first two search with the question as it was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eval.cases import Case

if TYPE_CHECKING:
    from ds542_tutor.documents import Chunk
    from ds542_tutor.index.generation import Generation
    from ds542_tutor.protocols import Embedder

SEARCHING = {"bm25": "BM25 alone", "dense": "dense alone"}
DECIDING = {"always-refuse": "always refuse", "never-refuse": "never refuse"}
FLOORS = {**SEARCHING, **DECIDING}

DEPTH = 10

DECISIONS = (
    "decision", "bypass", "over-refusal", "false answer", "over-abstention",
)  # fmt: skip
"""All that can be said of a tutor that only decides."""

NOT_FOR_SEARCHERS = frozenset({"concise", "no slop"})
"""The length of a passage says nothing about its searcher."""


def search_floors(
    case: Case, generation: Generation, embedder: Embedder
) -> dict[str, dict[str, Any]]:
    """Return the answers of the floors that search, in the form of `ask --json`, cut short."""
    question = case.question
    found = {
        "bm25": generation.lexical.search(question, DEPTH),
        "dense": generation.dense.search(embedder.embed_query(question), DEPTH),
    }
    return {name: _answer(pairs, generation) for name, pairs in found.items()}


def floor_answer(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the floor `name` answers to the case of `record`."""
    empty = {"text": "", "citations": [], "hits": [], "timings_ms": {}}
    if name in DECIDING:
        return {**empty, "status": "refused" if name == "always-refuse" else "answered"}
    # A case that failed before the floors were asked: they found nothing either.
    return dict(record.get("floors", {}).get(name, {**empty, "status": "error"}))


def metrics_of(name: str, scores: Mapping[str, float | None]) -> dict[str, float | None]:
    """Keep the scores that mean something for the floor `name`."""
    if name in DECIDING:
        return {metric: scores[metric] for metric in DECISIONS}
    return {m: None if m in NOT_FOR_SEARCHERS else value for m, value in scores.items()}


def _answer(pairs: Sequence[tuple[str, float]], generation: Generation) -> dict[str, Any]:
    by_id = {chunk.id: chunk for chunk in generation.chunks.get([i for i, _ in pairs])}
    chunks = [by_id[identifier] for identifier, _ in pairs]
    return {
        "status": "answered",
        "text": chunks[0].text if chunks else "",
        "citations": [{"marker": 1, **_place(chunks[0])}] if chunks else [],
        "hits": [_place(chunk) for chunk in chunks],
    }


def _place(chunk: Chunk) -> dict[str, Any]:
    pages = list(chunk.pages)
    return {"document": chunk.document, "page": chunk.locator.page, "pages": pages}
