"""Matters of running a course on which only a document that names them can speak.

Whether there is a curve, who may withdraw, or how to reach a person: pages that are merely near in
meaning do not say it, and an answer put together from them would be a guess.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.people import unknown_names
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course

_WORK = r"(?:hw|homework|project|discussion|score|grade|assignment|quiz)s?"
_MATTERS = (
    (rf"(?:graded|grades?|grading|class|course|have)\b.{{0,30}}\bcurved?|curved? {_WORK}", "curve"),
    (r"\bcurve\b.{0,20}\b(?:grades?|grading|exam)\b", "curve"),
    (rf"lowest (?:\S+ )?{_WORK}.{{0,30}}\bdrop\w*|drop\w* .{{0,20}}lowest", "lowest"),
    (r"(?:how many|course|class|get) .{0,20}\bcredits\b|credit hours", "credits"),
    (r"wait ?list\w*", "waitlist"),
    (r"pass ?/ ?fail|pass or fail|credit/no credit", "pass/fail"),
    (r"zoom", "zoom"),
    (
        r"(?:class|lecture|session|video)s?\b.{0,30}\b(?:recorded|recordings?)|recordings? of",
        "record",
    ),
    (r"attendance|(?:un)?excused absences?|absences?|skip class", "abs"),
    (r"phone numbers?|telephone|cell (?:phone )?number", "phone"),
    (r"(?:own|bring|need|have|require\w*) .{0,20}\blaptops?", "laptop"),
    (r"extra credit", "extra credit"),
    (r"(?:grade|letter) cut ?offs?|cut ?offs? for", "cutoff"),
    (r"mid ?terms?", "midterm"),
    (r"cheat sheet", "cheat sheet"),
    (r"(?:can|may|how do) i (?:audit|withdraw)|audit (?:the|this)", "audit"),
)
"""What a question is about, with the word that a document on it must have."""


def must_name(course: Course, question: str, now: datetime) -> tuple[str, ...]:
    """Return words of which a document must have every one to answer `question`, or nothing."""
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    asking = Asking(course, clauses(question)[0], local)
    found = [word for pattern, word in _MATTERS if re.search(rf"\b(?:{pattern})\b", asking.text)]
    return (found[0],) if found else tuple(unknown_names(asking))
