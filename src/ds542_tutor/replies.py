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
from ds542_tutor.calendar_answers import CourseAnswer, CourseFact
from ds542_tutor.calendar_answers.ahead import comes_later, lecture_of, rests_on_later
from ds542_tutor.calendar_answers.deadlines import UNKNOWN
from ds542_tutor.calendar_answers.lectures import lecture_fact, lecture_name
from ds542_tutor.calendar_answers.values import moment_name
from ds542_tutor.citations import Checked, cite, number, still_said
from ds542_tutor.course import Lecture, term_name
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
from ds542_tutor.evidence import unheard
from ds542_tutor.hints import idea, next_question, worked_example
from ds542_tutor.index.generation import Generation
from ds542_tutor.markers import markers_in, only_known
from ds542_tutor.policy.disclosure import make_disclosure
from ds542_tutor.policy.enforce import enforce, with_headers
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import Policy
from ds542_tutor.policy.solutions import OpenWork
from ds542_tutor.prompts import shorten
from ds542_tutor.queries import NO_ANSWER, looked_up, why_unanswered
from ds542_tutor.reply_parts import (
    citing,
    shared,
    span_of,
    speaker,
    with_disagreement,
    with_speaker,
)
from ds542_tutor.reply_terms import (
    other_terms,
    own_pages,
    place_in_term,
    pointing,
    with_terms,
)
from ds542_tutor.support import find_exact
from ds542_tutor.tasks import Task

COMPUTED = "calendar"
"""Name of the retriever, and of the model, of answers computed from the course calendar."""
SEARCH_SPEAKS = "search"
POLICY_SPEAKS = "policy"

_NEAR = 0.35  # cosine (MiniLM) below which two texts have no subject in common
_PLACES = 3
_NEAREST = 2  # places an abstention points to: enough to look, few enough to read
_NAMED = 2  # names that nothing in the materials has; more is a list
_OF_OWN_WORK = ("crediting", "debugging", "own-work")  # rules under which no handout is needed
_BEFORE_FACTS = 2  # hits that stay before facts of the calendar: the question may be about these
# Errata shown with a citation: a page rarely has more that matter, and the list itself is found.
_NOTES, _NOTE_WORDS = 3, 80

_OWN_CODE = "No source has this code: the model wrote it. Read and run it before you rely on it."
_EXAMPLE = "An example of something else, from the materials"
_NO_PASSAGE = (
    "I found no slide or section that explains what this task needs, so I name none. Tell me which "
    "idea you think it takes, and I will look for that."
)


@dataclass(slots=True)
class Reply:
    """One answer in the making: what is known so far, and the clock.

    `subject`: what a hint is about, when the question itself only names the problem. `evidence`:
    see `Answer`. `link`: what its disclosure gives as the place of the tutor. `ahead`: the later
    lecture whose material this is. `must_name`: words that every answer has; `unspoken`:
    things compared of which no passage speaks.
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
    teaching: tuple[Hit, ...] = ()
    task: Task | None = None
    subject: str = ""
    evidence: float | None = None
    ahead: Lecture | None = None
    must_name: tuple[str, ...] = ()
    unspoken: tuple[str, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    inner_ms: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to `timings_ms[stage]`, less that of stages inside this one."""
        start, before = time.perf_counter(), self.inner_ms
        try:
            yield
        finally:
            whole = (time.perf_counter() - start) * 1000
            own = whole - (self.inner_ms - before)
            self.timings_ms[stage] = self.timings_ms.get(stage, 0.0) + own
            self.inner_ms = before + whole

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
            start, end = span_of(fact.statement, chunk.text)
            passage = Passage(marker, chunk, chunk.text)
            citations.append(cite(passage, start, end, 1.0, fact.statement))
            hits.append(Hit(chunk, 1.0, COMPUTED, 1.0))
        found = {hit.chunk.id for hit in hits}
        self.hits = (*hits, *(hit for hit in self.hits if hit.chunk.id not in found))
        status: Status = "abstained" if computed.topic == UNKNOWN else "answered"
        return self._finish(status, computed.text, tuple(citations), COMPUTED)

    def add_facts(self, facts: Sequence[CourseFact]) -> None:
        """Let facts of the calendar join the hits, after the best of them."""
        known = {hit.chunk.id for hit in self.hits}
        chunks = [self._chunk_with(fact.document, fact.statement) for fact in facts]
        joining = {c.id: Hit(c, 0.0, COMPUTED, 0.0) for c in chunks if c and c.id not in known}
        self.hits = (*self.hits[:_BEFORE_FACTS], *joining.values(), *self.hits[_BEFORE_FACTS:])

    def locate(self, hits: Sequence[Hit], *, dated: bool = False) -> Answer:
        """Say where the best hits stand, the kind of source asked for first.

        `dated`: the question is when or in which lecture it is taught; slides come first then, and
        the date of their lecture is told.
        """
        citations, places = [], []
        kinds = (None, "slides" if dated else self.query.kind)
        ranked = sorted(hits, key=lambda hit: hit.chunk.kind not in kinds and kinds[1] is not None)
        for passage in number(ranked, _PLACES, budget_words=10_000):
            chunk = passage.chunk
            title = chunk.locator.slide_title or ""
            start, end = (find_exact(title, chunk.text) if title else None) or (0, 0)
            citations.append(cite(passage, start, end, 1.0, chunk.locator.describe()))
            places.append(f"{place_in_term(chunk, self.generation)} [{passage.number}]")
        text = f"The best match is {places[0]}."
        if places[1:]:
            text += f" See also {' and '.join(places[1:])}."
        lecture = lecture_of(self.generation.course, ranked[0].chunk)
        page = lecture and self._chunk_with(lecture.source, lecture_fact(lecture).statement)
        if dated and lecture and page:
            marker = len(citations) + 1
            said = f"{lecture_name(lecture)}, is on {moment_name(lecture.starts)}"
            text += f" {said} [{marker}]."
            citations.append(cite(Passage(marker, page, page.text), 0, 0, 1.0, said))
        text, cited = self._with_terms(text, citations), tuple(citations)
        return self._finish("answered", text, cited, SEARCH_SPEAKS, tuple(self._notices(cited)))

    def abstain(self) -> Answer:
        """Say that the materials do not cover the question, what is near, and whom to ask."""
        facts = [hit for hit in self.hits if hit.retriever == COMPUTED]
        near = [*facts, *(hit for hit in self.hits if hit.similarity >= _NEAR)][:_NEAREST]
        text = why_unanswered(self.question, self.query.text)
        if text == NO_ANSWER and (names := self._unheard()):
            text += f" They never mention {' or '.join(names)}."
        if asked := self.query.term:
            text = f"I have no document of {term_name(asked)} that answers this, so I won't guess."
        passages = number(near, _NEAREST, budget_words=10_000)
        citations = [cite(passage, 0, 0, 0.0, "") for passage in passages]
        if passages:
            places = "; ".join(
                f"{place_in_term(p.chunk, self.generation)} [{p.number}]" for p in passages
            )
            text += f" The nearest I found: {places}."
        text, notices = f"{text} {self.policy.contact}", tuple(self._withheld())
        return self._finish("abstained", text, tuple(citations), "", notices)

    def point(self, hits: Sequence[Hit]) -> Answer:
        """Say where another term's documents speak of it, of which this term's say nothing."""
        passages = number(hits, _NEAREST, budget_words=10_000)
        citations = [cite(passage, 0, 0, 0.0, "") for passage in passages]
        text = f"{pointing(citations, self.generation)} {self.policy.contact}"
        return self._finish("abstained", text, tuple(citations), "", tuple(self._withheld()))

    def _with_terms(self, text: str, citations: Sequence[Citation]) -> str:
        return with_terms(text, citations, self.generation, self.query.term)

    def _withheld(self) -> Iterator[str]:
        """Say that work which a question is about was left out, where it is not published yet."""
        asked_of = (self.decision.assignment, self.query.assignment)
        work = self.generation.course.unpublished(asked_of)
        if work is None or self.decision.rule in _OF_OWN_WORK:
            return
        if work.key in self.query.out:
            yield f"The site does not mark {work.title} as published; its planned date has come."
        else:
            yield f"What {work.title} asks for is not published yet, so I did not look into it."

    def _unheard(self) -> list[str]:
        """Return what a question on the material names and the corpus does not."""
        of_material = self.decision.rule == "concept" and not self.query.about_course
        return unheard(self.question, self.generation)[:_NAMED] if of_material else []

    def written(
        self, checked: Checked, model: str, graded: GradedItems, passages: Sequence[Passage] = ()
    ) -> Answer:
        """Give a checked draft, with the policy enforced on it."""
        hint = self.decision.action == "hint"
        disclosure = self._disclosure(checked.text, model)
        draft, citations = checked.text, checked.citations
        if hint:
            draft, citations = self._with_example(draft, citations, graded, passages)
        enforced = enforce(draft, self.decision, disclosure, graded, passages, self.policy.notices)
        text = enforced.text
        cited = markers_in(text)
        citations = tuple(citation for citation in citations if citation.marker in cited)
        if hint:
            text, citations = self._teaching(text, citations, passages)
        if not hint:  # what a hint builds on is taught in every term
            text = self._with_terms(text, citations)
            text, citations = self._with_speaker(text, citations)
            text, citations = with_disagreement(text, citations, passages)
        own = [_OWN_CODE] if checked.own_code and "```" in text else []
        unspoken = dict.fromkeys((*self.unspoken, *(() if hint else self._unheard())))
        own += [f"I found no passage that speaks of “{thing}”." for thing in unspoken]
        notices = [*enforced.notices, *own, *self._notices(citations)]
        status: Status = "hinted" if hint else "answered"
        answer = self._finish(status, text, citations, model, tuple(notices))
        return replace(
            answer,
            dropped_markers=checked.dropped_markers,
            removed_sentences=checked.removed_sentences,
            verdicts=still_said(answer.text, checked.verdicts),
        )

    def _with_speaker(
        self, text: str, citations: tuple[Citation, ...]
    ) -> tuple[str, tuple[Citation, ...]]:
        """Say who "I" is where rules of the course are quoted in the instructor's own words."""
        if not self.query.about_course:
            return text, citations
        own = own_pages(citations, self.generation)
        person = speaker(text, own, self.generation.course)
        chunk = self._chunk_with(person.source, person.name) if person else None
        if person is None or chunk is None:
            return text, citations
        return with_speaker(text, citations, person, chunk)

    def _with_example(
        self,
        draft: str,
        citations: tuple[Citation, ...],
        graded: GradedItems,
        passages: Sequence[Passage],
    ) -> tuple[str, tuple[Citation, ...]]:
        """Add code of the materials that shows the idea on something else, where there is some."""
        work = OpenWork.of(graded, self.decision.assignment)
        found = None if "```" in draft else worked_example(self.task, passages, work)
        if found is None:
            return draft, citations
        passage, code = found
        shown = f"{_EXAMPLE} [{passage.number}]:\n\n```python\n{code}\n```"
        return f"{draft}\n\n{shown}".strip(), citing(citations, passage, code)

    def _teaching(
        self, explained: str, citations: tuple[Citation, ...], passages: Sequence[Passage]
    ) -> tuple[str, tuple[Citation, ...]]:
        """Frame what a model explained: the idea by name, where it stands, and a question back."""
        parts = [self.policy.wording(self.decision)]
        if passages:
            best = passages[0]
            name = idea(best.chunk)
            citations = citing(citations, best, name)
            parts.append(f"The idea behind it: “{name}” [{best.number}]. {explained}".strip())
            read = [p for p in passages if any(c.marker == p.number for c in citations)]
            places: dict[str, str] = {}
            for p in read[:_PLACES]:
                place = place_in_term(p.chunk, self.generation)
                places[place] = f"{places.get(place, '')}[{p.number}]"
            listed = "; ".join(f"{place} {markers}" for place, markers in places.items())
            parts.append(f"Where to read on: {listed}.")
            asked = next_question(self.task, best.chunk, self.generation.lexical.rarity)
            parts.append(f"A question to go on with: {asked}")
        else:
            parts += [explained, f"{_NO_PASSAGE} {self.policy.contact}"]
        return "\n\n".join(filter(None, parts)), citations

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
        text = only_known(text, [citation.marker for citation in citations])
        disclosure = self._disclosure(text, model)
        return Answer(
            question=self.question,
            standalone_question=self.query.text,
            status=status,
            text=with_headers(text, disclosure),
            citations=tuple(self._with_notes(citation) for citation in citations),
            hits=self.hits,
            decision=self.decision,
            disclosure=disclosure,
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
        return max(chunks, key=lambda chunk: shared(statement, chunk.text), default=None)

    def _clause_citation(self, text: str) -> Citation | None:
        """Find where the course's own site states the policy that a refusal rests on."""
        if not self.decision.clause:
            return None
        wanted = f"Generative AI Assistance GAIA policy students shall {text}"
        found = [i for i, _ in self.generation.lexical.search(wanted, 20)]
        for chunk in sorted(self.generation.chunks.get(found), key=lambda c: found.index(c.id)):
            if chunk.kind == "site" and "GAIA" in chunk.search_text:
                return cite(Passage(1, chunk, chunk.text), 0, 0, 1.0, text)
        return None

    def _notices(self, citations: Sequence[Citation]) -> Iterator[str]:
        """Say whose term evidence is from, and when the material comes, where it comes later."""
        if words := looked_up(self.question):
            yield f"I search in English, so I looked up “{words}”."
        yield from self._withheld()
        for term in other_terms(citations, self.generation) if not self.query.term else ():
            yield f"Part of this comes from {term_name(term)}, not from this term."
        cited = self.generation.chunks.get([c.chunk_id for c in citations])
        if self.ahead and rests_on_later(self.generation.course, cited, self.now):
            yield comes_later(self.ahead)
