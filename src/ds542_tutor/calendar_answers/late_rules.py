"""Until when late work is taken, what it costs, and where the course says so."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ds542_tutor.calendar_answers.values import CourseFact, Draft, moment_name
from ds542_tutor.course import Course, Statement


def late_limit(moment: datetime, course: Course) -> datetime:
    """Return until when late work is accepted, by the wall clock: "two days after the deadline"."""
    assert course.late_hours is not None
    return moment + timedelta(hours=course.late_hours)


def late_end(due: datetime, course: Course) -> datetime:
    """Return the end of the late period, which is the deadline itself where there is none."""
    return due if course.late_hours is None else late_limit(due, course)


def say_late_period(
    draft: Draft,
    course: Course,
    due: datetime,
    now: datetime,
    fact: CourseFact,
    *,
    discussion: bool,
) -> None:
    """Say until when work that is due at `due` is taken late, or was. `fact`: its dates."""
    if course.late_hours is None or course.late_penalty is None:
        return
    limit = late_limit(due, course)
    rules = late_statements(course, discussion=discussion)
    until = f"Late work {'was' if limit < now else 'is'} accepted until {moment_name(limit)}"
    if limit < now:
        draft.say(f"{until}; it is not accepted any more", fact, *rules)
    else:
        draft.say(
            f"{until} and loses {course.late_penalty:.0%}; that time can be cut short, see"
            " Gradescope",
            fact,
            *rules,
        )


def late_statements(course: Course, *, discussion: bool) -> list[CourseFact]:
    """Return what the site says on lateness, the statement on discussions first when asked for."""
    found = [
        s for s in course.statements if "late" in s.topic or re.search(r"\blate\b", s.text, re.I)
    ]

    def order(statement: Statement) -> tuple[bool, bool]:
        about = "discussion" in statement.topic or "48" in statement.text
        return about != discussion, "penal" not in statement.text and "%" not in statement.text

    # One statement a file, two files at most: the late rule stands on the site more than once.
    files: dict[str, CourseFact] = {}
    for s in sorted(found, key=order):
        files.setdefault(s.source, CourseFact(s.source, s.text))
    return list(files.values())[:2]
