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
    class_days,
    deadlines,
    grading,
    lateness,
    meetings,
    people,
    releases,
    sessions,
    topics,
)
from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.facts import facts_for
from ds542_tutor.calendar_answers.other_terms import term_asked
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course
from ds542_tutor.dialogue import Turn

__all__ = [
    "CourseAnswer",
    "CourseFact",
    "answer_from_course",
    "asks_for_lecture",
    "facts_for",
    "term_asked",
    "wants_more_than_dates",
]

_TOPICS: tuple[Callable[[Asking], CourseAnswer | None], ...] = (
    grading.regrade,
    topics.readings,
    grading.weights,
    lateness.late,
    releases.counted,
    releases.released,
    deadlines.due,
    deadlines.upcoming,
    people.term,
    people.people,
    meetings.meetings,
    class_days.today,
    sessions.taught,
    sessions.counted,
    class_days.held,
    lateness.named,
    topics.covering,
)
"""The kinds of question, the more specific first; each returns None for what is not its own."""

_FOLLOW_UPS = {
    "due": "when is {} due",
    "late": "when is {} due and how late can i hand it in",
    "released": "when is {} released",
    "lecture": "what is the lecture {} about",
    "readings": "what are the readings for {}",
    "class": "is there class {}",
    "covers": "which lecture covers {}",
    "upcoming": "what is due {}",
}
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
_FOLLOW_UP = re.compile(r"^(?:(?:ok|okay|and|what about|how about|also|then|so|for)\b[ ,]*)+")
_ONE_AFTER = (
    r"\b(?:the )?(?:one|next) (?:after|following)(?: that| it| this)?(?: one)?\b|\bthe next one\b"
)
_MAX_FOLLOW_UP_WORDS = 8  # a longer message says itself what it asks
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
    earlier = [turn.text for turn in turns if turn.role == "user"]
    if answer is None and earlier:
        answer = _follow_up(course, question, earlier, local)
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
    if wants_more_than_dates(whole):
        return None
    for index, text in enumerate((whole, *parts)):
        asking = Asking(course, text, now)
        if index and _others(course, parts, text, now) > _MAX_OTHER_WORDS:
            continue
        for topic in _TOPICS:
            found = topic(asking)
            if found:
                return found
    return None


def _others(course: Course, parts: Sequence[str], text: str, now: datetime) -> int:
    """Count the words that say something in the sentences besides `text`."""
    return sum(Asking(course, part, now).strays() for part in parts if part != text)


def _follow_up(
    course: Course, question: str, earlier: Sequence[str], now: datetime
) -> CourseAnswer | None:
    text = clauses(question)[0]
    if len(text.split()) > _MAX_FOLLOW_UP_WORDS:
        return None
    before = _answer(course, earlier[-1], now)
    if before is None and len(earlier) > 1:
        # The topic may lie one message further back: "when is hw2 due", "and hw3", "and hw4".
        before = _answer(course, earlier[-2], now)
    rest = _FOLLOW_UP.sub("", text).strip(" ?!.")
    rest = _with_kind(
        rest, next((w for t in reversed(earlier) if (w := _work_words(course, t, now))), "")
    )
    asking = Asking(course, rest, now)
    if before and before.topic in _FOLLOW_UPS and (asking.works or asking.span or asking.lectures):
        return _answer(course, _FOLLOW_UPS[before.topic].format(rest), now)
    named = next((w for t in reversed(earlier) if (w := _work_words(course, t, now))), None)
    if named and re.search(r"\b(?:it|that|this|this one|that one)\b", text) and not asking.works:
        return _answer(
            course, re.sub(r"\b(?:it|that one|this one|that|this)\b", named, text, count=1), now
        )
    return None


def _with_kind(text: str, named: str) -> str:
    """Say of what kind "the second one" or "the one after that" is, when `named` is "hw 1"."""
    kind, _, number = named.rpartition(" ")
    if not kind or not number.isdigit():
        return text
    text = re.sub(r"\b(first|second|third|fourth|fifth|last) one\b", rf"\1 {kind}", text)
    return re.sub(_ONE_AFTER, f"{kind} {int(number) + 1}", text)


def _work_words(course: Course, text: str, now: datetime) -> str | None:
    """Return the work that an earlier message named, as "hw 2"."""
    works = Asking(course, clauses(text)[0], now).works
    if not works:
        return None
    key = getattr(works[-1], "key", f"discussion{getattr(works[-1], 'number', '')}")
    return re.sub(r"(\d+)$", r" \1", key).replace("homework", "hw")
