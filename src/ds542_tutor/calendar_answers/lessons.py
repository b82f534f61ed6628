"""Questions on content that name a class by its day: "explain the loss from yesterday's lecture".

The days become lectures, whose material is preferred in the search; the words of the days say
nothing about what is asked and are left out of it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.dates import without_dates
from ds542_tutor.calendar_answers.lectures import lectures_on
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course, Lecture

_MOST_DAYS = 10  # "this month" and longer name no class
_CLASS = (
    r"lectures?|class|classes|slides?|deck|session|professor|he|she|we (?:\w+ ){0,2}(?:cover\w*|did"
    r"|do|talk\w*|discuss\w*|learn\w*|went|had|saw|see|looked)|taught|covered|showed|mentioned|said"
)
_LATEST = r"(?:last|previous|latest|most recent) (?:lecture|class|session)|last time"
_FRAME = re.compile(
    r"\b(?:in|from|of|on|at|during|like)?\s*(?:the |our )?(?:last|previous|latest|most recent) "
    r"(?:lecture|class|session|time)(?:['’]?s)?\b"
    r"|\b(?:(?:in|from|of|on|at|during)\s+)?['’]?s? (?:lecture|class|session|slides|deck)\b",
    re.I,
)


def lectures_meant(course: Course, question: str, now: datetime) -> tuple[int, ...]:
    """Return the numbers of the decks of the lectures on whose days a question asks, () for none.

    Lectures to come count as well: who reads ahead asks of tomorrow's slides.
    """
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    asking = Asking(course, clauses(question)[0], local)
    if asking.lectures or asking.works:
        return ()
    if asking.has(_LATEST) and not asking.spans:
        held = [lecture for lecture in course.lectures if lecture.starts <= local]
        return _decks(held[-1:])
    span = asking.window
    if span is None or not asking.has(_CLASS) or span.last - span.first > timedelta(_MOST_DAYS):
        return ()
    return _decks(lectures_on(course, span.first, span.last))


def without_days(question: str) -> str:
    """Return a question without the words that name days and the class on them."""
    bare = " ".join(_FRAME.sub(" ", without_dates(question)).split())
    return bare or question


def _decks(lectures: list[Lecture]) -> tuple[int, ...]:
    """The numbers that decks of lectures bear in their file names, else those of the lectures."""
    numbers = []
    for lecture in lectures:
        named = re.match(r"\d{1,2}(?!\d)", lecture.deck or "")
        number = int(named.group()) if named else lecture.number
        if number is not None and number not in numbers:
            numbers.append(number)
    return tuple(numbers)
