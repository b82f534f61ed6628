"""Answers that are computed from the course calendar instead of retrieved.

Due dates, lateness, lectures, readings, rooms, staff, weights: everything here follows from the
values of a `Course`, and every sentence cites the file its facts come from. A question that is not
certainly about the calendar gets None, and retrieval goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers import (
    cards,
    class_days,
    day_topics,
    deadlines,
    exams,
    grading,
    lateness,
    links,
    meetings,
    people,
    releases,
    sessions,
    topics,
)
from ds542_tutor.calendar_answers.administration import not_computed
from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.cards import joined
from ds542_tutor.calendar_answers.facts import facts_for
from ds542_tutor.calendar_answers.follow_ups import by_topic, in_context
from ds542_tutor.calendar_answers.other_terms import term_asked
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course
from ds542_tutor.dialogue import Turn
from ds542_tutor.sentences import split_questions

__all__ = [
    "CourseAnswer",
    "CourseFact",
    "answer_from_course",
    "asks_for_lecture",
    "facts_for",
    "in_context",
    "term_asked",
    "wants_more_than_dates",
]

_TOPICS: tuple[Callable[[Asking], CourseAnswer | None], ...] = (
    grading.regrade,
    topics.of_chapter,
    links.pages,
    links.links,
    exams.exam,
    topics.readings,
    grading.weights,
    lateness.late,
    sessions.remaining,
    releases.counted,
    releases.released,
    cards.time_frame,
    deadlines.due,
    deadlines.upcoming,
    people.term,
    people.people,
    meetings.meetings,
    day_topics.on_day,
    class_days.today,
    sessions.counted,
    sessions.taught,
    class_days.held,
    lateness.named,
    topics.covering,
)
"""The kinds of question, the more specific first; each returns None for what is not its own."""

_ORDERS = re.compile(
    r"(?:^|\bplease |: ?|\b(?:now|and|then) )(?:set|change|move|extend|raise|update|edit|delete"
    r"|reset|override"
    r"|bump|notify|cancel|write|solve|build|code|implement|finish|complete) (?:\S+ ){0,4}?"
    r"(?:deadline|due|grades?|scores?|hw|project|discussion|assignment|everybody|everyone|class)\b"
)
"""Orders to do or to change something: no question, whatever dates they name."""
_HELP = re.compile(
    r"\b(?:help (?:me )?(?:with|on|start|to)|stuck|(?:dont|do not|didnt) (?:get|understand)|explain"
    r"|get(?:ting)? started|summari[sz]e|quiz me|walk me|(?:question|part|problem|exercise|step) "
    r"\d)\b"
)
_ASKS_A_DATE = re.compile(
    r"\b(?:when|deadline|due dates?|what (?:day|date|time)|how late|late policy|penalty|until|lose"
    r"|days left|still)\b"
)
"""What makes a plea for help a question about dates all the same."""
_LEANS = (
    r"\b(?:it|its|that|them|they|those|these|then)\b|(?<!is )(?<!are )\bthere\b"
    r"|\bthis\b(?! (?:week|mon|tue|wed|thu|fri|sat|sun))"
)
"""What points to what was said: "and is it graded", but not "is there class this friday"."""
_ASKS = (
    r"(?:[^:]*: )?(?:\w+ )?(?:what|when|which|who|where|is|are|do|does|did|will|can|any)\b"
    r"(?: \S+){2}"
)
_BESIDE = frozenset({"lecture", "upcoming", "class", "readings"})
"""Topics of which a second question is answered as well: each needs a day and nothing else."""
_SAME = frozenset({"lecture", "class", "covers", "meeting"})
"""Topics that tell the same sessions; after one of them another brings nothing new."""
_MAX_OTHER_WORDS = 4
"""Words that the other sentences may have; with more, the message asks for something else too."""


def answer_from_course(
    course: Course, question: str, now: datetime, turns: Sequence[Turn] = ()
) -> CourseAnswer | None:
    """Answer `question` from the calendar, or return None when it is about something else.

    Args:
        now: the moment of the question; taken into the course's zone, or to be in it when naive.
        turns: earlier messages; a short follow-up ("and hw3?") takes its topic from them, "it" the
            work that was spoken of.
    """
    if term_asked(question, course.term):
        return None  # another term's dates and people are not in this calendar
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    answer = _answer(course, question, local)
    # The rule on lateness alone answers nothing when "that one" is what may be late.
    vague = (
        answer is not None and answer.topic == "late" and not _names_work(course, question, local)
    )
    if turns and (answer is None or vague):

        def alone(text: str) -> CourseAnswer | None:
            return _answer(course, text, local)

        found = by_topic(course, question, turns, local, alone)
        for text in () if found else in_context(course, question, turns, local):
            if found := alone(text):
                break
        answer = found or answer
    return answer


def asks_for_lecture(course: Course, question: str, now: datetime) -> bool:
    """Whether `question` is when, or in which lecture, something is taught."""
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    return any(topics.asks_when(Asking(course, text, local)) for text in clauses(question))


def wants_more_than_dates(text: str) -> bool:
    """Whether `text` (as `clauses` gives it) orders something, or asks for help with the work."""
    return bool(_ORDERS.search(text) or (_HELP.search(text) and not _ASKS_A_DATE.search(text)))


def _answer(course: Course, question: str, now: datetime) -> CourseAnswer | None:
    whole, *parts = clauses(question)
    if wants_more_than_dates(whole) or not_computed(whole):
        return None
    said = [Asking(course, part, now).strays() for part in parts]
    for index, text in enumerate((whole, *parts)):
        asking = Asking(course, text, now)
        others = (n for part, n in zip(parts, said, strict=True) if part != text)
        if index and sum(others) > _MAX_OTHER_WORDS:
            continue
        if index and (section := _other_section(whole, text)):
            asking = Asking(course, f"{text} {section}", now)  # "i moved to a3. what building?"
        found = _of(asking)
        if found:
            return found if index else _with_others(course, whole, now, found)
    return None


def _of(asking: Asking) -> CourseAnswer | None:
    return next((found for topic in _TOPICS if (found := topic(asking))), None)


def _with_others(course: Course, whole: str, now: datetime, found: CourseAnswer) -> CourseAnswer:
    """Return the answer to a message with those to other questions in it that need no context.

    "What is today's lecture on, and is anything due tonight?" One that leans on what is said before
    ("and is it graded") is part of the same question.
    """
    answers = [found]
    for text in split_questions(whole):
        if not re.match(_ASKS, text) or re.search(_LEANS, text):
            continue
        asking = Asking(course, text.strip(" ,.?!"), now)
        other = _of(asking) if asking.spans else None
        if other and other.topic in _BESIDE and not {other.topic, found.topic} <= _SAME:
            answers.append(other)
    return joined(answers) if len(answers) > 1 else found


def _other_section(whole: str, text: str) -> str:
    """Return the one discussion section that a message names, where its part `text` names none."""
    named = set(re.findall(r"\b[abc]\d\b", whole))
    return named.pop() if len(named) == 1 and not re.search(r"\b[abc]\d\b", text) else ""


def _names_work(course: Course, question: str, now: datetime) -> bool:
    return any(Asking(course, text, now).works for text in clauses(question))
