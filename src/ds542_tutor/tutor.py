"""`Tutor.answer`: one question from top to bottom, as events that end with the checked answer.

Each step has a module of its own; this one tells the story. It saves nothing (the chat does) and
prints nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers import CourseAnswer, asks_for_lecture, facts_for, term_asked
from ds542_tutor.calendar_answers.administration import must_name
from ds542_tutor.calendar_answers.ahead import deferral, taught_later
from ds542_tutor.calendar_answers.lessons import lectures_meant, without_days
from ds542_tutor.calendar_answers.other_terms import without_term
from ds542_tutor.calendars import Asked, from_calendars
from ds542_tutor.citations import Checked, Checker, DraftCheck, number
from ds542_tutor.course_matters import CREDITED, ELSEWHERE, NEAR_ENOUGH, WORDS, matter_of
from ds542_tutor.course_pages import (
    crediting_hits,
    on_crediting,
    on_the_course,
    with_parts,
)
from ds542_tutor.course_questions import asks_of_the_course, settled
from ds542_tutor.dialogue import (
    Answer,
    AnswerEvent,
    Decision,
    Delta,
    Finished,
    Hit,
    Judged,
    Passage,
    Prompt,
    Query,
    Stage,
    Turn,
)
from ds542_tutor.documents import Chunk
from ds542_tutor.evidence import evidence
from ds542_tutor.hints import by_idea, idea, teaches
from ds542_tutor.index.generation import Generation
from ds542_tutor.inputs import read_question
from ds542_tutor.models.code_excerpts import asks_code
from ds542_tutor.places import asks_for_a_place
from ds542_tutor.policy.classify import SecondOpinion, decide, sense_of, stricter
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.harms import without_injection
from ds542_tutor.policy.kinds import Kinds
from ds542_tutor.policy.orders import without_orders
from ds542_tutor.policy.rules import Policy
from ds542_tutor.policy.signals import Sense
from ds542_tutor.prompts import render
from ds542_tutor.protocols import ChatModel
from ds542_tutor.replies import Reply
from ds542_tutor.reply_terms import only_elsewhere, other_term
from ds542_tutor.retrieval import Retriever
from ds542_tutor.sentences import whole_sentences
from ds542_tutor.settings import Settings
from ds542_tutor.tasks import find_task

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

_MAY_END = re.compile(r"[.!?\n]")  # a piece of a draft after which a sentence may be over
# Tags and what a script between them says; "a < b" stays.
_MARKUP = re.compile(r"<(script|style)\b[^<>]*>.*?</\1>|<[a-zA-Z/!][^<>]{0,200}>", re.I | re.S)
CREDITING = "crediting"  # the rule for questions on how to credit AI use
_ABOUT_THE_COURSE = (CREDITING, "logistics")  # rules for questions that no lecture answers
_TEACHING_DEPTH = 40  # the assignment's own chunks come first, what teaches after them
_SHORT_DRAFT = 400  # characters; in a longer one the words are about something else
_PROBLEM_WORDS = 60  # of a problem's statement: its subject, before its details
_TEACHES_FROM = 0.35  # cosine (MiniLM) below which a passage is not about the task
_HINT_PASSAGES = 4  # the idea, and where else it stands

# Share of the evidence: a place that is not the one sought costs a click, a wrong answer more.
_OF_A_PLACE = 0.5

# How models say that the passages do not help; believed only of a short draft that cites nothing.
_NOTHING_FOUND = re.compile(
    r"(?:do|does|did)(?: not|n't) (?:answer|cover|say|mention|contain|address|include|provide)",
    re.I,
)

_SMALL_PASSAGES, _SMALL_WORDS = 3, 350

SMALL_MODELS = frozenset({"smollm2"})
"""Models that get the short prompt with an example and few passages: in more they get lost."""


@dataclass(frozen=True, slots=True)
class Tutor:
    """Answers questions from one generation of the index, with one chat model.

    `fallback` writes when nothing of the model's draft stands up to the check. `kinds` tells kinds
    of requests by their meaning, `course_kinds` those of calendar questions, `matters` what
    questions on the course are about, `places` those for a place; `second_opinion` may make a
    decision stricter, and is off unless one is given.
    """

    generation: Generation
    retriever: Retriever
    model: ChatModel
    fallback: ChatModel
    checker: Checker
    policy: Policy
    graded: GradedItems
    settings: Settings
    kinds: Kinds | None = None
    course_kinds: Kinds | None = None
    matters: Kinds | None = None
    places: Kinds | None = None
    second_opinion: SecondOpinion | None = None

    def answer(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        now: datetime | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[AnswerEvent]:
        """Answer `question` after `turns` (oldest first), as of `now` (the present by default).

        Yields stages and pieces of the draft; the last event is `Finished` with the checked
        answer, whose text replaces the draft. Setting `cancel` stops the model; what it wrote so
        far is checked and returned.

        Raises:
            QuestionError: the question is empty or too long.
            ModelError: the model failed.
        """
        question = read_question(question, self.settings.answer.max_question_chars)
        course = self.generation.course
        now = now or datetime.now(ZoneInfo(course.timezone))
        link = self.settings.server.url
        reply = Reply(question, tuple(turns), now, self.generation, self.policy, link)
        with reply.timed("retrieval"):
            sense = sense_of(question, turns, self.retriever.embedder.embed_query, self.kinds)
        with reply.timed("policy"):
            reply.decision, computed = self.judge(question, turns, now, sense)
        yield Stage("searching")
        with reply.timed("retrieval"):
            reply.query = self._query(reply, sense)
            reply.hits = self._search(reply)
        if reply.decision.action == "refuse":
            yield Finished(reply.refuse())
        elif reply.decision.action == "answer" and computed:
            yield Finished(reply.from_calendar(computed))
        elif not self._can_answer(reply):
            yield Finished(reply.abstain())
        else:
            yield from self._from_materials(reply, cancel or threading.Event())

    def _from_materials(self, reply: Reply, cancel: threading.Event) -> Iterator[AnswerEvent]:
        """Answer from what was found: the place, a word on when it comes, or a written answer."""
        decision = reply.decision
        # What work that students have asks of them is wanted now, whenever it is taught.
        teaches = decision.rule not in _ABOUT_THE_COURSE and not (
            decision.assignment or reply.query.assignment
        )
        if teaches and reply.decision.action == "answer" and self.settings.answer.ahead != "allow":
            reply.ahead = taught_later(self.generation.course, reply.hits, reply.now)
        dated = asks_for_lecture(self.generation.course, reply.question, reply.now)
        # Where nothing was weighed (crediting), whatever this term's pages say is enough.
        enough = 0.0 if reply.evidence is None else self._enough(reply.query)
        asks_now = decision.action == "answer" and not reply.query.term
        elsewhere = only_elsewhere(reply.query, reply.hits, self.generation, enough)
        if asks_now and elsewhere:
            yield Finished(reply.point(elsewhere))
        elif reply.decision.action == "answer" and (reply.query.locate or dated):
            yield Finished(reply.locate(self._usable(reply), dated=dated))
        elif reply.ahead is not None and self.settings.answer.ahead == "defer":
            yield Finished(reply.from_calendar(deferral(reply.ahead)))
        else:
            yield from self._write(reply, cancel)

    def judge(
        self,
        question: str,
        turns: Sequence[Turn],
        now: datetime,
        sense: Sense,
        policy: Policy | None = None,
    ) -> tuple[Decision, CourseAnswer | None]:
        """Return what becomes of a question, and its answer where the calendar has it.

        Of the policy and the second opinion, where there is one, the stricter word counts.
        `policy`: another than the tutor's, to see what it would change.
        """
        course = self.generation.course
        decision = decide(question, turns, policy or self.policy, course, self.graded, now, sense)
        if self.second_opinion is not None:
            decision = stricter(decision, self.second_opinion.judge(question, turns, decision))
        asked = Asked(question, turns, now, sense, self.retriever.embedder.embed_query)
        computed = from_calendars(asked, self.generation, self.course_kinds, self.places)
        if computed is None:
            return decision, None
        likely = asks_of_the_course(question, self.course_kinds, sense.vector)
        return settled(question, decision, computed, likely), computed

    def _query(self, reply: Reply, sense: Sense) -> Query:
        """Make the question standalone; how to credit AI use, the course site says."""
        asked = without_injection(_MARKUP.sub(" ", reply.question)).strip() or reply.question
        course = self.generation.course
        if term := term_asked(asked, course.term):
            asked = without_term(asked) or asked
            sense = sense_of(asked, reply.turns, self.retriever.embedder.embed_query, self.kinds)
        query = replace(self.retriever.query(asked, reply.turns), term=term)
        if reply.policy.handouts == "from-date":
            query = replace(query, out=course.out_by_date(reply.now))
        query = replace(query, locate=asks_for_a_place(query, self.places, sense.vector))
        if not query.lectures and (meant := lectures_meant(course, asked, reply.now)):
            query = replace(query, lectures=meant, text=without_days(query.text))
        if reply.decision.rule == CREDITING:
            reply.subject = query.text
            matter = matter_of(reply.question, self.matters, sense.vector)
            return replace(query, kind="site", about_course=True, locate=False, matter=matter)
        if reply.decision.action != "answer":
            return query
        return on_the_course(query, reply.turns, self.course_kinds, self.matters, sense)

    def _search(self, reply: Reply) -> tuple[Hit, ...]:
        """Search; for a hint also with the words of the task, to find what it builds on."""
        hint = reply.decision.action == "hint"
        if reply.query.term and not hint:
            deep = self.retriever.search(reply.query, _TEACHING_DEPTH)
            return tuple(h for h in deep if h.chunk.term == reply.query.term)
        hits = self.retriever.search(reply.query)
        if reply.decision.rule == CREDITING:
            return crediting_hits(self.retriever, reply.query)
        if not hint and reply.query.about_course:
            return with_parts(self.retriever, self.matters, reply.query, hits)
        if not hint:
            return hits
        key = reply.decision.assignment
        given = self.generation.chunks.select(graded=True, assignment=key) if key else ()
        reply.task = find_task(
            f"{reply.question} {reply.query.text}",
            [c for c in given if self._is_out(c, reply.query.out)],
        )
        problems = [h.chunk for h in hits if h.chunk.graded and key in (None, h.chunk.assignment)]
        if reply.task:
            words = reply.task.subject
        elif problems:
            problem = " ".join(problems[0].text.split()[:_PROBLEM_WORDS])
            words = f"{reply.query.text} {problem}"
        else:
            words = reply.query.text
        subject = Query(words, words)
        mine = self.graded.of(key)
        near = [
            hit
            for hit in self.retriever.search(subject, _TEACHING_DEPTH)
            if teaches(hit.chunk, mine) and hit.similarity >= _TEACHES_FROM
        ]
        reply.teaching = by_idea(near, reply.task, self.generation.lexical.rarity)
        known = {hit.chunk.id for hit in hits}
        return (*hits, *(hit for hit in reply.teaching if hit.chunk.id not in known))

    def _is_out(self, chunk: Chunk, out: Sequence[str]) -> bool:
        """Whether students have been given a chunk of graded work already."""
        name = chunk.document.rpartition("/")[2]
        return not self.generation.course.withholds(chunk.assignment, name, out)

    def _can_answer(self, reply: Reply) -> bool:
        """Whether the hits carry an answer; a hint, or how to credit AI, always has something."""
        if reply.decision.action == "hint" or reply.decision.rule == CREDITING:
            return True
        course = self.generation.course
        if words := must_name(course, reply.question, reply.now):
            # Only a page that names the matter can speak on it, and only words that name it.
            reply.must_name = words
            reply.hits = self.retriever.naming(words, reply.query.term)
            reply.evidence = 1.0 if reply.hits else 0.0
            return bool(reply.hits)
        reply.evidence = evidence(reply.query, reply.hits, self.generation)
        nearest = max((hit.similarity for hit in reply.hits), default=0.0)
        reply.add_facts(facts_for(course, reply.question, reply.now))
        if reply.query.matter == ELSEWHERE and not reply.query.term and nearest < NEAR_ENOUGH:
            return False  # parking, curves, waitlists: no page that is merely near says it
        return reply.evidence >= self._enough(reply.query)

    def _enough(self, query: Query) -> float:
        """Return the evidence from which a question is answered."""
        share = _OF_A_PLACE if query.locate else 1.0
        return share * self.settings.retrieval.abstain_below

    def _write(self, reply: Reply, cancel: threading.Event) -> Iterator[AnswerEvent]:
        """Let the model write, check every sentence, fall back to quotes or silence."""
        retrieval = self.settings.retrieval
        count, words = retrieval.passages, retrieval.budget_words
        hits = self._usable(reply)
        if self.model.name in SMALL_MODELS:
            count, words = min(count, _SMALL_PASSAGES), min(words, _SMALL_WORDS)
        elif reply.decision.action == "answer":
            hits = self.retriever.with_neighbours(hits, reply.query.out)
        passages = number(hits, count, words)
        if reply.decision.action == "answer":
            reply.unspoken = self.retriever.unspoken(reply.query, [p.chunk for p in passages])
        if reply.unspoken and len(reply.unspoken) == len(reply.query.things):
            yield Finished(reply.abstain())
            return
        if reply.decision.action == "hint" and passages:
            # The idea is explained, not the task: what answers it may stand in the materials.
            topics = " ".join(reply.task.topics) if reply.task else ""
            reply.subject = f"{idea(passages[0].chunk)} {topics}".strip()
        prompt = self._prompt(reply, passages)
        check = self.checker.begin(passages, strict=self.model.name in SMALL_MODELS)
        yield Stage("writing")
        draft = ""
        with reply.timed("generation"):
            for piece in self.model.stream(prompt, cancel):
                reply.first_token()
                draft += piece
                if reply.decision.action != "answer":
                    continue  # a hint is shown when it has been enforced
                yield Delta(piece)
                if _MAY_END.search(piece):
                    with reply.timed("verification"):
                        verdicts = check.judge(draft)
                    if verdicts:
                        yield Judged(verdicts)
        if reply.decision.rule == CREDITING and reply.query.matter in CREDITED:
            draft = f"{self.policy.duties(reply.decision)}\n\n{draft}"
        yield Stage("checking")
        yield Finished(self._check(reply, prompt, whole_sentences(draft), check))

    def _check(self, reply: Reply, prompt: Prompt, draft: str, check: DraftCheck) -> Answer:
        """Return the checked answer; what does not stand up is written anew from quotes."""
        model = self.model.name
        checked = self._checked(reply, check, draft)
        found_nothing = _NOTHING_FOUND.search(draft) and len(draft) < _SHORT_DRAFT
        fell = not checked.citations or checked.removed_sentences > checked.sentences
        if fell and not found_nothing and self.model is not self.fallback:
            with reply.timed("generation"):
                draft = "".join(self.fallback.stream(prompt, threading.Event()))
            model = self.fallback.name
            checked = self._checked(reply, check, draft)
        said = checked.text.casefold()
        if not all(word in said for word in reply.must_name):
            return reply.abstain()
        if checked.citations or reply.decision.action == "hint":
            return reply.written(checked, model, self.graded, prompt.passages)
        return reply.abstain()

    def _checked(self, reply: Reply, check: DraftCheck, draft: str) -> Checked:
        with reply.timed("verification"):
            return check.finish(without_orders(draft))

    def _usable(self, reply: Reply) -> list[Hit]:
        """Drop other terms' chunks, where there are any of this one; in hints also the problems."""
        if reply.query.term and reply.decision.action == "answer":
            return list(reply.hits)  # of that term alone
        current = [h for h in reply.hits if not other_term(h.chunk, self.generation)]
        if reply.decision.rule == CREDITING:
            current = on_crediting(reply.query, current)
        if reply.decision.action == "hint":
            mine = [h for h in reply.teaching if not other_term(h.chunk, self.generation)]
            return (mine or list(reply.teaching))[:_HINT_PASSAGES]
        return current or list(reply.hits)

    def _prompt(self, reply: Reply, passages: tuple[Passage, ...]) -> Prompt:
        action = reply.decision.action
        small = self.model.name in SMALL_MODELS
        return Prompt(
            question=reply.subject or reply.query.text,
            passages=passages,
            messages=render(
                reply.question,
                passages,
                reply.turns,
                action,
                small=small,
                compares=bool(reply.query.things),
                code=asks_code(reply.question),
            ),
            action=action,
            max_tokens=self.settings.models.max_tokens,
            rules=reply.query.about_course or reply.decision.rule == CREDITING,
            own=reply.query.original if reply.query.context and not reply.subject else "",
            matter=WORDS.get(reply.query.matter, ""),
        )

    def as_runnable(self) -> Runnable[str, Answer]:
        """Return the tutor as a LangChain Runnable from a question to its `Answer`."""
        from langchain_core.runnables import RunnableLambda

        def finished(question: str) -> Answer:
            *_, last = self.answer(question)
            assert isinstance(last, Finished)
            return last.answer

        return RunnableLambda(finished)
