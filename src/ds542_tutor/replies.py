"""Puts final answers together: refusals, computed answers, abstentions, written ones.

`tutor` decides which kind of reply a question gets; here each kind finds its evidence and words.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import ds542_tutor
from ds542_tutor.calendar_answers import CourseAnswer
from ds542_tutor.citations import Checked, best_window, cite, find_exact, number
from ds542_tutor.course import term_name
from ds542_tutor.dialogue import (
    Answer,
    Citation,
    Decision,
    Disclosure,
    Hit,
    Passage,
    Query,
    Status,
    Turn,
)
from ds542_tutor.documents import Chunk
from ds542_tutor.index.generation import Generation
from ds542_tutor.policy.disclosure import make_disclosure
from ds542_tutor.policy.enforce import enforce
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import Policy
from ds542_tutor.prompts import shorten
from ds542_tutor.words import content_words

COMPUTED = "calendar"
"""Name of the retriever, and of the model, of answers computed from the course calendar."""
SEARCH_SPEAKS = "search"
POLICY_SPEAKS = "policy"

_NEAR = 0.35  # cosine (MiniLM) below which two texts have no subject in common
_PLACES = 3
_NEAREST = 2  # places an abstention points to: enough to look, few enough to read
# A computed fact is worded by us; from this share of its words a span of the file says it.
_SURE_SHARE = 0.6
# Errata shown with a citation: a page rarely has more that matter, and the list itself is found.
_NOTES, _NOTE_WORDS = 3, 80


@dataclass(slots=True)
class Reply:
    """One answer in the making: what is known so far, and the clock.

    `subject`: what a hint is about, when the question itself only names the problem. `evidence`:
    see `Answer`. `link`: what its disclosure gives as the place of the tutor.
    """

    question: str
    turns: tuple[Turn, ...]
    now: datetime
    generation: Generation
    policy: Policy
    link: str = ""
    query: Query = field(init=False)
    decision: Decision = field(init=False)
    hits: tuple[Hit, ...] = ()
    subject: str = ""
    evidence: float | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to `timings_ms[stage]`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1000
            self.timings_ms[stage] = self.timings_ms.get(stage, 0.0) + spent

    def first_token(self) -> None:
        """Note that the first piece of text is there, once."""
        elapsed = (time.perf_counter() - self.started) * 1000
        self.timings_ms.setdefault("first_token", elapsed)

    def refuse(self) -> Answer:
        """Say no, why, and what help there is; cite the clause where the course states it."""
        text = self.policy.wording(self.decision)
        citation = self._clause_citation(text)
        if citation is not None:
            text = f"{text} [1]"
        return self._finish("refused", text, (citation,) if citation else (), POLICY_SPEAKS)

    def from_calendar(self, computed: CourseAnswer) -> Answer:
        """Give an answer that was computed from the course calendar, citing its files."""
        citations, hits = [], []
        for marker, fact in enumerate(computed.sources, start=1):
            chunk = self._chunk_with(fact.document, fact.statement)
            if chunk is None:
                continue
            start, end = _span_of(fact.statement, chunk.text)
            passage = Passage(marker, chunk, chunk.text)
            citations.append(cite(passage, start, end, 1.0, fact.statement))
            hits.append(Hit(chunk, 1.0, COMPUTED, 1.0))
        found = {hit.chunk.id for hit in hits}
        self.hits = (*hits, *(hit for hit in self.hits if hit.chunk.id not in found))
        return self._finish("answered", computed.text, tuple(citations), COMPUTED)

    def locate(self, hits: Sequence[Hit]) -> Answer:
        """Say where the best hits stand, the kind of source asked for first."""
        citations, places = [], []
        ranked = sorted(hits, key=lambda hit: self.query.kind not in (None, hit.chunk.kind))
        for passage in number(ranked, _PLACES, budget_words=10_000):
            chunk = passage.chunk
            title = chunk.locator.slide_title or ""
            start, end = (find_exact(title, chunk.text) if title else None) or (0, 0)
            citations.append(cite(passage, start, end, 1.0, chunk.locator.describe()))
            places.append(f"{_place(chunk)} [{passage.number}]")
        text = f"The best match is {places[0]}."
        if places[1:]:
            text += f" See also {' and '.join(places[1:])}."
        notices = tuple(self._term_notices(citations))
        return self._finish("answered", text, tuple(citations), SEARCH_SPEAKS, notices)

    def abstain(self) -> Answer:
        """Say that the materials do not cover the question, what is near, and whom to ask."""
        near = [hit for hit in self.hits if hit.similarity >= _NEAR][:_NEAREST]
        text = "The course materials I have don't answer this, so I won't guess."
        citations = []
        if near:
            places = []
            for passage in number(near, _NEAREST, budget_words=10_000):
                citations.append(cite(passage, 0, 0, 0.0, ""))
                places.append(f"{_place(passage.chunk)} [{passage.number}]")
            text += f" The nearest I found: {'; '.join(places)}."
        return self._finish("abstained", f"{text} {self.policy.contact}", tuple(citations), "")

    def written(
        self, checked: Checked, model: str, graded: GradedItems, passages: Sequence[Passage] = ()
    ) -> Answer:
        """Give a checked draft, with the policy enforced on it."""
        hint = self.decision.action == "hint"
        disclosure = self._disclosure(checked.text, model)
        enforced = enforce(checked.text, self.decision, disclosure, graded, passages)
        text = enforced.text
        if hint:
            text = f"{self.policy.wording(self.decision)}\n\n{text}".strip()
        notices = [*enforced.notices, *self._term_notices(checked.citations)]
        answer = self._finish(
            "hinted" if hint else "answered", text, checked.citations, model, tuple(notices)
        )
        return replace(
            answer,
            dropped_markers=checked.dropped_markers,
            removed_sentences=checked.removed_sentences,
        )

    def _finish(
        self,
        status: Status,
        text: str,
        citations: tuple[Citation, ...],
        model: str,
        notices: tuple[str, ...] = (),
    ) -> Answer:
        self.first_token()
        self.timings_ms["total"] = (time.perf_counter() - self.started) * 1000
        for stage in ("policy", "retrieval", "generation", "verification"):
            self.timings_ms.setdefault(stage, 0.0)
        return Answer(
            question=self.question,
            standalone_question=self.query.text,
            status=status,
            text=text,
            citations=tuple(self._with_notes(citation) for citation in citations),
            hits=self.hits,
            decision=self.decision,
            disclosure=self._disclosure(text, model),
            generation=self.generation.id,
            model=model or "none",
            timings_ms={name: round(ms, 1) for name, ms in self.timings_ms.items()},
            notices=notices,
            evidence=self.evidence,
        )

    def _with_notes(self, citation: Citation) -> Citation:
        """Add what is listed as wrong on the pages of a book that a citation shows."""
        chunks = self.generation.chunks.get([citation.chunk_id])
        pages = chunks[0].pages if chunks else (citation.page,)
        errata = [
            erratum
            for page in pages
            if page is not None
            for erratum in self.generation.chunks.errata(citation.document, page)
        ]
        errata.sort(key=lambda erratum: (not erratum.serious, erratum.page != citation.page))
        notes = (shorten(erratum.describe(), _NOTE_WORDS) for erratum in errata[:_NOTES])
        return replace(citation, notes=(*citation.notes, *notes))

    def _disclosure(self, text: str, model: str) -> Disclosure:
        return make_disclosure(
            self.question,
            text,
            model or "none",
            self.now.date(),
            self.link,
            ds542_tutor.__version__,
            self.turns,
        )

    def _chunk_with(self, document: str, statement: str) -> Chunk | None:
        """Return the chunk of `document` that comes closest to saying `statement`."""
        chunks = self.generation.chunks.by_document(document)
        return max(chunks, key=lambda chunk: _shared(statement, chunk.text), default=None)

    def _clause_citation(self, text: str) -> Citation | None:
        """Find where the course's own site states the policy that a refusal rests on."""
        if not self.decision.clause:
            return None
        wanted = f"Generative AI Assistance GAIA policy students shall {text}"
        found = [i for i, _ in self.generation.lexical.search(wanted, 20)]
        chunks = {c.id: c for c in self.generation.chunks.get(found)}
        for identifier in found:
            chunk = chunks.get(identifier)
            if chunk and chunk.kind == "site" and "GAIA" in chunk.search_text:
                return cite(Passage(1, chunk, chunk.text), 0, 0, 1.0, text)
        return None

    def _term_notices(self, citations: Sequence[Citation]) -> Iterator[str]:
        """Label evidence from another term: its dates and rules are not this term's."""
        running = self.generation.course.term
        terms = {
            chunk.term
            for chunk in self.generation.chunks.get([c.chunk_id for c in citations])
            if chunk.term and running and chunk.term != running
        }
        for term in sorted(terms):
            yield f"Part of this comes from {term_name(term)}, not from this term."


def _place(chunk: Chunk) -> str:
    """Say where a chunk stands: "Lecture 7: Attention, slide 9: Why …" or the document alone."""
    where = chunk.locator.describe()
    first = chunk.pages[0] if chunk.pages else None
    if chunk.kind == "slides" and first != chunk.locator.page:
        where = f"{where} (built up from slide {first})"
    return f"{chunk.title}, {where}" if where else chunk.title


def _shared(statement: str, text: str) -> float:
    """Share of the statement's content words that `text` has."""
    words = set(content_words(statement))
    return len(words & set(content_words(text))) / len(words) if words else 0.0


def _span_of(statement: str, text: str) -> tuple[int, int]:
    """Return the range of `text` that says `statement`; (0, 0) when none surely does."""
    start, end = find_exact(statement, text) or best_window(statement, text) or (0, 0)
    return (start, end) if _shared(statement, text[start:end]) >= _SURE_SHARE else (0, 0)
