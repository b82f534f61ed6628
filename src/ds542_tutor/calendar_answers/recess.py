"""Days without class that the course's calendar names, and its first and last days."""

from __future__ import annotations

import re
from datetime import date, datetime

from ds542_tutor.calendar_answers.dates import Named
from ds542_tutor.course import Course, Event

_VERB_BEFORE = "".join(
    rf"(?<!\b{word} )"
    for word in "to i did not we you it they dont could would that can will".split()
)
RECESS = (
    r"(?:spring|winter|semester) (?:break|recess|vacation|holidays)|recess|vacation|holidays"
    rf"|{_VERB_BEFORE}break"
)
"""The recess in students' words; "did i break something" is none."""
_BACK = (
    r"(?:the )?(?:very )?first (?:day|class|lecture|session) (?:back )?(?:from|after|of)"
    rf" (?:{RECESS})"
)
_END = r"(?:the )?end of (?:the |this )?(?:semester|term|year|course)"
_REST = r"(?:the )?(?:rest|remainder) of (?:the |this )?(?:semester|term|year|course)"


def recess_of(course: Course) -> tuple[Event, Event] | None:
    """Return the events that begin and end the recess, when the site has both."""
    named = [
        e for e in course.events if re.search(r"recess|break", f"{e.name} {e.description}", re.I)
    ]
    first = next((e for e in named if re.search(r"start|begin", e.name, re.I)), None)
    last = next((e for e in named if re.search(r"\bend", e.name, re.I)), None)
    return (first, last) if first and last else None


def in_recess(course: Course, day: date) -> bool:
    """Whether `day` lies in the recess."""
    recess = recess_of(course)
    return bool(recess and recess[0].when.date() <= day <= recess[1].when.date())


def last_day(course: Course) -> date | None:
    """Return the last day on which the calendar has anything."""
    days = [lecture.starts.date() for lecture in course.lectures]
    days += [discussion.day for discussion in course.discussions]
    days += [work.due.date() for work in course.assignments if work.due]
    return max(days, default=None)


def named_days(course: Course, now: datetime) -> Named:
    """Return what words such as "spring break" mean in this course."""
    named: dict[str, tuple[date, date]] = {}
    recess, last = recess_of(course), last_day(course)
    after = [lec.starts.date() for lec in course.lectures if recess and lec.starts > recess[1].when]
    if after:
        named[_BACK] = (min(after), min(after))
    if recess:
        named[RECESS] = (recess[0].when.date(), recess[1].when.date())
    if last:
        named[_END] = (last, last)
        named[_REST] = (now.date(), max(last, now.date()))
    return named
