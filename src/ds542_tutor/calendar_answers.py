"""Answers that are computed from the course calendar instead of retrieved.

Due dates, lateness, lectures, readings, rooms, staff, weights: everything here follows from the
values of a `Course`, and every sentence cites the file its facts come from. A question that is not
certainly about the calendar gets None, and retrieval goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ds542_tutor.course import Course
from ds542_tutor.dialogue import Turn


@dataclass(frozen=True, slots=True)
class CourseFact:
    """One fact with the file it comes from. `document`: path; `statement`: the fact in words."""

    document: str
    statement: str


@dataclass(frozen=True, slots=True)
class CourseAnswer:
    """A computed answer.

    Attributes:
        text: sentences with markers [1], [2], which refer to `sources` in order.
        tentative: it rests on something that is not published yet.
        topic: what kind of question it answers ("due", "late", "lecture", ...).
    """

    text: str
    sources: tuple[CourseFact, ...]
    tentative: bool
    topic: str


def answer_from_course(
    course: Course, question: str, now: datetime, turns: Sequence[Turn] = ()
) -> CourseAnswer | None:
    """Answer `question` from the calendar, or return None when it is about something else.

    Args:
        now: the moment of the question; taken into the course's zone.
        turns: earlier messages; a short follow-up ("and hw3?") takes its topic from them.
    """
    for topic in TOPICS:
        found = topic(course, question, now, turns)
        if found:
            return found
    return None


TOPICS: tuple[Callable[[Course, str, datetime, Sequence[Turn]], CourseAnswer | None], ...] = ()
"""The kinds of question, most specific first; each returns None for what it doesn't recognise."""
