"""Whether work is late, still accepted, and with what penalty."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from ds542_tutor.calendar_answers.asking import Asking, Work
from ds542_tutor.calendar_answers.deadlines import DUE_VOCABULARY, due_moment, say_due, work_fact
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    moment_name,
)
from ds542_tutor.course import Course, Discussion, Statement

_WORK_WORDS = "hw|homework|project|discussion|assignments?|work|notebook|pset|submission|it|things?"
_LATE = (
    r"late|latest|last (?:day|moment|chance)|past due|overdue|after the deadline|miss(?:ed|ing)? "
    r"(?:the|my|a) deadline|penalty"
    r"|penalties|still (?:\S+ ){0,3}?(?:submit|turn|hand|accept\w*|upload|get (?:any )?credit|ok"
    r"|okay|count)|too late|grace period|still (?:ok|okay|fine|allowed|possible)|can i still"
    r"|(?:points?|much|percent|%|marks?|what)(?: \S+){0,3} lose|(?:accepted|penali[sz]ed|docked)"
)
_HANDING_IN = (
    r"accept\w*|(?:ok|okay|fine|allowed|possible|happens|can i)(?: \S+){0,3} (?:hand|turn"
    r"|submit)(?: \S+){0,5}"
    r"|forgot (?:to )?(?:\S+ )?(?:hand|turn|submit)"
)
_NOT_LATE = (
    r"late[- ](?:fusion|interaction|layers?|chunking|stages?|binding|phase|training|epochs?|in)"
    r"|weight penalty|penalty term|l[12] penalty|(?:gradient|norm|kl|regulari[sz]ation) penalty"
)
_LATE_VOCABULARY = DUE_VOCABULARY + (
    " late penalty penalties lose loses lost cost costs points point grade percent credit accept "
    "accepted accepting allowed allow possible policy take off taken deducted deduct deduction "
    "hit grace period missed missing miss fine happens happen works work upload uploading ill "
    "still max maximum latest receive score marks mark penalized docked dock worth zero full "
    "few minutes minute rule rules couple partial ask does two three 48 24 asap sick finish"
)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(1), "w": timedelta(7)}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "couple": 2}


def late(asking: Asking) -> CourseAnswer | None:
    """Answer whether work is late, still accepted, and with what penalty."""
    after = re.search(r"\b(?:\d{1,3}|one|two|three|four|five|a|couple) (?:days?|hours?|minutes?|"
                      r"mins?|weeks?) (?:late|after|past)\b", asking.text)  # fmt: skip
    sure = asking.has(_LATE) or after
    if asking.has(_NOT_LATE) or not (sure or (asking.span and asking.has(_HANDING_IN))):
        return None
    if not asking.works and not asking.has(
        _WORK_WORDS
        + r"|policy|submissions?|penalty|hand|turn|submit|late work|deadline|late days?"
        + r"|grace period"
    ):
        return None
    if len(asking.residue(_LATE_VOCABULARY)) > (1 if sure else 0):
        return None
    course = asking.course
    if course.late_hours is None or course.late_penalty is None:
        return None
    draft = Draft("late")
    for work in asking.works:
        say_due(draft, work, asking, counted=False)
        _say_late(draft, work, asking)
    if not asking.works:
        _say_policy(draft, asking)
    return draft.finish()


def _late_limit(moment: datetime, course: Course) -> datetime:
    """Return until when late work is accepted, by the wall clock: "two days after the deadline"."""
    assert course.late_hours is not None
    return moment + timedelta(hours=course.late_hours)


def _say_late(draft: Draft, work: Work, asking: Asking) -> None:
    """Say how `work` stands at the moment asked about."""
    course = asking.course
    moment = due_moment(work, course)
    if moment is None or course.late_penalty is None:
        return
    limit = _late_limit(moment, course)
    rules = late_statements(course, discussion=isinstance(work, Discussion))
    at, words = _moment_asked(asking, moment)
    cost = f"{course.late_penalty:.0%}"
    if at is None:
        draft.say(
            f"Late work is accepted until {moment_name(limit)} and loses {cost}; after that it is"
            " not accepted",
            work_fact(work), *rules,
        )  # fmt: skip
    elif at <= moment:
        draft.say(f"Handing it in {words} is on time and costs nothing", work_fact(work))
        draft.say(f"After the deadline it loses {cost}, until {moment_name(limit)}", *rules)
    elif at <= limit:
        draft.say(
            f"Handing it in {words} is late but still accepted, until {moment_name(limit)}, and"
            f" loses {cost}",
            work_fact(work), *rules,
        )  # fmt: skip
    else:
        draft.say(
            f"Handing it in {words} is too late: late work was accepted until {moment_name(limit)},"
            f" with a loss of {cost}",
            work_fact(work), *rules,
        )  # fmt: skip
    draft.say("Gradescope shows the dates that count, and the late period can be cut short", *rules)


def _moment_asked(asking: Asking, due_at: datetime) -> tuple[datetime | None, str]:
    """Return the moment of handing in that the question means, with words for it."""
    ahead = _lateness(asking.text)
    if ahead is not None:
        return due_at + ahead, f"on {moment_name(due_at + ahead)}"
    span = asking.span_after(r"submit|hand|turn|accept") or asking.span
    if span:
        at = datetime.combine(span.last, span.at or time(23, 59), tzinfo=asking.now.tzinfo)
        if span.at is None and span.last == asking.now.date():
            at = max(asking.now, min(at, due_at) if asking.now <= due_at else asking.now)
        if span.at is None and span.last != asking.now.date():
            return at, f"on {day_name(span.last)}"
        return at, f"on {moment_name(at)}"
    if asking.has(r"now|still|can i|is it|too late|already"):
        return asking.now, f"now ({moment_name(asking.now)})"
    return None, ""


def _lateness(text: str) -> timedelta | None:
    """Read "three days late", "30 minutes after the deadline"."""
    match = re.search(
        r"\b(\d{1,3}|an?|one|two|three|four|five|couple)(?: of| whole| full)? "
        r"(minute|min|hour|hr|day|week)s? (?:late|after|past|overdue)",
        text,
    )
    if not match:
        return None
    number = match.group(1)
    return (int(number) if number.isdigit() else _COUNTS[number]) * _UNITS[match.group(2)[0]]


def _say_policy(draft: Draft, asking: Asking) -> None:
    """Say the rule for work that the question doesn't name."""
    course = asking.course
    assert course.late_hours is not None and course.late_penalty is not None
    rules = late_statements(course, discussion=asking.has("discussions?"))
    cost = f"{course.late_penalty:.0%}"
    window = f"{course.late_hours:.0f} hours ({course.late_hours / 24:g} days)"
    lateness = _lateness(asking.text)
    if lateness is not None and lateness > timedelta(hours=course.late_hours):
        draft.say(
            f"No: work is accepted up to {window} after the deadline, and not after that", *rules
        )
    draft.say(
        f"Homework, projects and discussion notebooks can be handed in up to {window} after the"
        f" deadline, and late work loses {cost}",
        *rules,
    )
    draft.say(
        f"The loss is the same {cost} however late it is within that time; the time can be cut"
        " short, for instance at the end of the semester, so check the dates on Gradescope",
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
