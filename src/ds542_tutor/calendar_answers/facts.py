"""Facts of the calendar that belong to a question which no computed answer fits.

They join what was retrieved, so that whoever writes the answer has the dates, rules and people that
the question names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.class_days import recess_facts
from ds542_tutor.calendar_answers.deadlines import work_fact
from ds542_tutor.calendar_answers.late_rules import late_statements
from ds542_tutor.calendar_answers.lectures import (
    discussion_fact,
    discussions_on,
    lecture_fact,
    lectures_on,
)
from ds542_tutor.calendar_answers.meetings import meeting_fact
from ds542_tutor.calendar_answers.other_terms import term_asked
from ds542_tutor.calendar_answers.people import named_people, person_fact
from ds542_tutor.calendar_answers.recess import RECESS
from ds542_tutor.calendar_answers.values import CourseFact
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course, Discussion
from ds542_tutor.dialogue import Turn

_DATED = (
    r"when|due|deadlines?|dates?|days?|late|extension|extended?|submit\w*|turn(?:ed|ing)? in"
    r"|hand(?:ed|ing)? in|released?|posted|published|today|tonight|tomorrow|week|before|until"
)
_LATE = r"late|extension|extended?|overdue|penalt\w+|deadline|miss(?:ed|ing)?|accept\w*"
_GRADES = r"grad(?:e|es|ed|ing)|percent\w*|worth"
_REGRADE = r"regrad\w*|re-?grad\w*|appeal|dispute"
_STAFF = r"instructor|professor|teacher|tas?|teaching assistants?|course assistants?|staff"
_REACH = r"office(?: hours?)?|e-?mails?|contact|reach|who|ask|talk to"
_PLACE = r"where|room|building|what time|location|meets?"
_SESSION = r"lectures?|class|classes|discussions?|sections?"
_MOST = 4
"""Facts that may join: more would crowd out what was found by its content."""


def facts_for(
    course: Course, question: str, now: datetime, turns: Sequence[Turn] = ()
) -> tuple[CourseFact, ...]:
    """Return the facts that `question` names, those of the work it names first, few at most.

    A question that is not about the running of the course gets none.
    """
    if term_asked(question, course.term):
        return ()
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    asking = Asking(course, clauses(question)[0], local)
    found: dict[str, CourseFact] = {}
    for fact in _facts(asking):
        found.setdefault(fact.document, fact)
    return tuple(islice(found.values(), _MOST))


def _facts(asking: Asking) -> Iterator[CourseFact]:
    course = asking.course
    dated = asking.has(_DATED)
    if dated:
        yield from map(work_fact, asking.works)
        yield from map(lecture_fact, asking.lectures)
    if asking.has(_LATE) and (
        asking.works or asking.has("hw|project|discussion|assignments?|work")
    ):
        about = any(isinstance(work, Discussion) for work in asking.works)
        yield from late_statements(course, discussion=about)
    if asking.has(RECESS):
        yield from recess_facts(course)
    span = asking.span
    if span and span.single and asking.has(_SESSION):
        yield from map(lecture_fact, lectures_on(course, span.first, span.last))
        yield from map(discussion_fact, discussions_on(course, span.first, span.last))
    people = named_people(asking)
    if people or (asking.has(_STAFF) and asking.has(_REACH)):
        yield from map(person_fact, people or course.people[:1])
    for topic, words in (("regrade", _REGRADE), ("grading", _GRADES), ("no exam", r"exams?")):
        if asking.has(words) and (
            topic != "grading" or asking.has("course|class|final|part|count")
        ):
            for statement in course.statements:
                if statement.topic == topic:
                    yield CourseFact(statement.source, statement.text)
    if asking.has(_PLACE) and asking.has(_SESSION) and not asking.residue("lecture room class"):
        yield from map(meeting_fact, course.meetings[:1])
