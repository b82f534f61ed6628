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
_NOT_COMPUTED = (
    (r"(?:grade|letter) cut ?offs?|cut ?offs? for", "cutoff"),
    (
        r"an a ?[+-]|(?:a|an) (?:[abcd]) (?:minus|plus)|letter grades?|[bcd][+-](?=\W|$)",
        "letter grade",
    ),
    (
        r"(?:class|course) (?:average|mean|median)"
        rf"|average\b(?! (?:of )?(?:a |an )?\d).{{0,20}}\b(?:on|for|in|of) {_WORK}"
        r"|(?:class|students|people|everyone) .{0,20}\bon average",
        "average",
    ),
    (
        r"park(?:ing)?(?= (?:lot|garage|near|at|my|on|close|around|for|space|spot)|[ ?]*$)",
        "parking",
    ),
    (r"dining|cafeteria|(?:to|can i) eat|lunch", "dining"),
    (
        r"how many (?:people|students|others)(?: \S+){0,4} (?:enrolled|registered|class|course)",
        "enroll",
    ),
    (
        r"(?:grades?|scores?|results|marks)\b.{0,30}\b(?:come out(?! to\b)|be out|be up|go up"
        r"|get posted|be posted|be released|come back|be back|are out|get back)",
        "grades will be",
    ),
    (r"tuition", "tuition"),
)
"""Matters that no calendar computes, whatever else a question on them says."""
_MATTERS = (
    (rf"(?:graded|grades?|grading|class|course|have)\b.{{0,30}}\bcurved?|curved? {_WORK}", "curve"),
    (r"\bcurve\b.{0,20}\b(?:grades?|grading|exam)\b", "curve"),
    (rf"lowest (?:\S+ )?{_WORK}.{{0,30}}\bdrop\w*|drop\w* .{{0,20}}lowest", "lowest"),
    (r"(?:how many|course|class|get) .{0,20}\bcredits\b|credit hours", "credits"),
    (r"wait ?list\w*", "waitlist"),
    (r"pass ?/ ?fail|pass or fail|credit/no credit", "pass/fail"),
    (
        r"zoom (?:link|id|room|code|url|meeting)"
        r"|(?:lectures?|class|discussions?|office hours) .{0,20}\bzoom|is there (?:a )?zoom",
        "zoom",
    ),
    (
        r"(?:class|lecture|session|video)s?\b.{0,30}\b(?:recorded|recordings?)|recordings? of",
        "record",
    ),
    (r"attendance|(?:un)?excused absences?|absences?|skip class", "absence"),
    (r"phone numbers?|telephone|cell (?:phone )?number", "phone"),
    (r"(?:own|bring|need|have|require\w*) .{0,20}\blaptops?", "laptop"),
    (r"extra credit", "extra credit"),
    (
        r"\bdrop(?:ping)? (?:\S+ ){0,3}(?:class|course|542)|add ?/ ?drop|withdraw\w*|a w on"
        r"|without (?:getting )?a w\b",
        "withdraw",
    ),
    (
        r"(?:project|final|team) presentations?|present (?:our|my|the) (?:final )?project"
        r"|presentation (?:slot|day|date|schedule)s?",
        "presentations",
    ),
    (
        r"(?:project|hw)\b.{0,40}\b(?:solo|team(?:ed|ing)? up|teams?|group size|in (?:pairs|groups)"
        r"|partners? up)|(?:team|group) sizes?|(?:solo|teams?|pairs|groups) .{0,30}\bproject",
        "teams",
    ),
    (
        r"(?:re-?do|revise|resubmit|correct)\b.{0,40}\b(?:points?|credit|grade|score)"
        r"|(?:points?|credit) back|(?:make up|regain|recover) (?:\S+ )?points",
        "revision",
    ),
    (r"mid ?terms?", "midterm"),
    (
        r"cheat sheet.{0,40}\b(?:exam|final|midterm|quiz|test)|(?:exam|final|midterm|quiz|test)\b"
        r".{0,40}cheat sheet|(?:bring|allowed|use) (?:an? |our |my )?cheat sheet",
        "cheat sheet",
    ),
    (r"(?:can|may|how do) i (?:audit|withdraw)|audit (?:the|this)", "audit"),
    *_NOT_COMPUTED,
)
"""What a question is about, with the word that a document on it must have."""


def not_computed(text: str) -> bool:
    """Whether `text` (as `clauses` gives it) is about a matter that no calendar computes."""
    return any(re.search(rf"\b(?:{pattern})", text) for pattern, _ in _NOT_COMPUTED)


def must_name(course: Course, question: str, now: datetime) -> tuple[str, ...]:
    """Return words of which a document must have every one to answer `question`, or nothing."""
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    asking = Asking(course, clauses(question)[0], local)
    # What is told before a question ("just got off the waitlist") is not what it is about.
    asked = [part for part in re.split(r"(?<=[?!.])\s+", question) if "?" in part]
    about = clauses(" ".join(asked) or question)[0]
    found = [word for pattern, word in _MATTERS if re.search(rf"\b(?:{pattern})(?!\w)", about)]
    return (found[0],) if found else tuple(unknown_names(asking))
