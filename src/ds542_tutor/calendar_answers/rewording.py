"""A kind of calendar question with what a message names, put in words that the rules read.

`course_questions` tells the kind by meaning; here the work, days, sections, people and topics that
the message names are put beside it. What is answered is computed by the rules all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from ds542_tutor.calendar_answers.asking import Asking, Work, work_words
from ds542_tutor.calendar_answers.clock_times import time_of
from ds542_tutor.calendar_answers.deadlines import due_in
from ds542_tutor.calendar_answers.lateness import lateness_words, score_words
from ds542_tutor.calendar_answers.people import named_people
from ds542_tutor.calendar_answers.scores import (
    part_pattern,
    scores_in,
    target_in,
)
from ds542_tutor.calendar_answers.topics import (
    COMMON_WORDS,
    COVERS_VOCABULARY,
    READ_VOCABULARY,
    discussions_about,
    lectures_of_words,
)
from ds542_tutor.course import Discussion, Lecture, Meeting

DATES = frozenset({"due", "released", "left", "late"})
"""Kinds of questions for one of the dates of a piece of work."""

_ROLES = {
    r"tas?\b|teaching assistants?": "the tas",
    r"course assistants?|cas?\b|graders?": "the course assistants",
    r"prof\w*|instructor|teacher|lecturer|teach(?:es|ing)?\b(?! assistant)": "the instructor",
}
_PAST = r"\b(?:was|were|did|had|missed|skipped|taught|covered|sick|absent|yesterday)\b"
_RECESS = r"\b(?:break|recess|vacation)\b"
_OF_THE_TERM = (
    r"\bvery (?:last|end)\b|\b(?:last|final) (?:ever )?(?:lecture|class|one|session|discussion)\b"
    r".{0,20}\b(?:semester|term|course|year|spring|calendar)\b"
)
_MISSED = r"\blectures\b.{0,20}\b(?:miss(?:ed)?|had|so far)\b"
_A_WEIGHT = r"\d ?(?:%|percent)(?: \S+){0,2} of (?:the|your|my|our) (?:final |course )?grade"
_DISCUSSION = r"\b(?:discussions?|sections?)\b"


def reworded(kind: str, asking: Asking) -> Iterator[str]:
    """Yield the question in words that the rules read, the most exact first."""
    named = asking.works or (asking.titled if kind in DATES else ())
    works = " and ".join(map(work_words, named or (_due_about(asking) if kind == "late" else ())))
    days, text = _days(asking), asking.text
    match kind:
        case "due" if works:
            yield f"when is {works} due"
        case "due" | "upcoming":
            yield f"what is due {days or 'next'}"
        case "released" if works:
            yield f"when is {works} released"
        case "released":
            which = re.search(r"\b(?:hw|project)", text)
            yield f"which {which.group() if which else 'assignment'}s are out"
        case "left" if works:
            yield f"when is {works} due"  # which says in how many days
        case "left" if re.search(_RECESS, text):
            yield "how many days until spring break"
        case "late" if works:
            yield from _late(asking, works, _handed_in(asking, days))
        case "late":
            yield f"what is the late policy, {lateness_words(text)} {score_words(text)}".strip(", ")
        case "session" | "last-session" if re.search(_MISSED, text) and not days:
            yield "which lectures have we had so far"
        case "session" | "next-session" | "last-session" if _discussions_of_topic(asking):
            yield from _discussions_of_topic(asking)
        case "session" | "last-session" if re.search(_OF_THE_TERM, text):
            session = "discussion" if re.search(_DISCUSSION, text) else "lecture"
            yield f"when is the last {session} of the semester"
        case "session":
            session = "discussion" if re.search(_DISCUSSION, text) else "lecture"
            verb = "was" if re.search(_PAST, text) else "is"
            if asking.lectures:
                yield f"what {verb} {_numbers(asking.lectures)} about"
            elif days:
                yield f"what {verb} the {session} {days} about"
        case "next-session" if re.search(r"\b(?:again|back|resum\w*|restart\w*)\b", text):
            yield "when do classes resume"
            yield "what is the next lecture"
        case "next-session":
            yield f"what is the next {'discussion' if 'discussion' in text else 'lecture'}"
        case "last-session":
            yield f"what was the last {'discussion' if 'discussion' in text else 'lecture'} about"
        case "covers":
            yield from _discussions_of_topic(asking)
            if lectures := lectures_of_words(asking.course, _topic_words(asking)):
                order = re.search(r"\b(?:before|after|first|earlier|later)\b", text)
                yield f"when is {_numbers(lectures)}{', what comes first' if order else ''}"
        case "readings":
            yield from _readings(asking, days)
        case "class-on" if days:
            yield f"is there class {days}"
        case "class-on" if re.search(_RECESS, text):
            yield "when is spring break"
        case "meeting":
            yield from _meeting(asking)
        case "office":
            yield f"when are the office hours of {_people(asking) or 'the instructor'}"
        case "people":
            yield f"what is the name and email of {_people(asking) or 'the course staff'}"
        case "weights":
            yield from _weights(asking)
        case "exam-date":
            yield "is there a final exam"
        case "links":
            yield from _links(asking, days)
        case "regrade":
            span = asking.span
            if span and span.single and span.first <= asking.now.date():
                yield f"my grade was released {days}, how long can i ask for a regrade"
            yield "how long can i ask for a regrade"
        case _:
            return


def _discussions_of_topic(asking: Asking) -> list[str]:
    """Return the question for the one discussion whose number or topic the message names."""
    numbers = [w.number for w in asking.works if isinstance(w, Discussion)]
    if len(numbers) == 1:
        return [f"what is discussion {numbers[0]} about and when"]
    if not re.search(r"\bdiscussions?\b", asking.text) or asking.spans:
        return []
    found = discussions_about(asking.course, _topic_words(asking))
    return [f"what is discussion {found[0].number} about and when"] if len(found) == 1 else []


def _late(asking: Asking, works: str, days: str) -> Iterator[str]:
    """Yield forms of how `works` stand when handed in at the moment that the message names."""
    text = asking.text
    score = score_words(text)
    if late := lateness_words(text):
        yield f"what happens if i submit {works} {late} {score}".strip()
    if moment := f"{days} {time_of(text)[1]}".strip():
        yield f"is it late if i submit {works} {moment} {score}".strip()
    if score or re.search(r"\b(?:still|now|today|possible|already|missed|forgot)\b", text):
        yield f"can i still submit {works} now {score}".strip()
    yield f"how late can i hand in {works}"


def _links(asking: Asking, days: str) -> Iterator[str]:
    what = (
        "slides" if re.search(r"\b(?:slides?|deck)\b(?!.*\brecord)", asking.text) else "recording"
    )
    if lectures := asking.lectures or lectures_of_words(asking.course, _topic_words(asking)):
        yield f"where is the link to the {what} of {_numbers(lectures)}"
    if days:
        yield f"where is the link to the {what} of the lecture {days}"
    if re.search(r"\b(?:last|latest|missed)\b", asking.text):
        yield f"where is the link to the {what} of the last lecture"
    if what == "recording":
        yield "where are the recordings"


def _weights(asking: Asking) -> Iterator[str]:
    """Yield forms with the parts of the grade, and the scores on them, that the message names."""
    text = asking.text
    if re.search(r"\bexam\w*|\bfinals?\b(?! grade| mark| score| percent)", text):
        yield "is there a final exam"
    parts = [what for what, _ in asking.course.weights]
    named = [m.group() for what in parts if (m := re.search(part_pattern(what), text))]
    scores = {what: score for what, score in scores_in(text, parts).items() if score is not None}
    if re.search(_A_WEIGHT, text):
        scores = {}  # "sections count 35 percent of the grade, is that so"
    if any(scores.values()):
        have = " and ".join(f"{score:g} on {what.casefold()}" for what, score in scores.items())
        target = target_in(text)
        aim = f", what do i need on the rest for {target:g}" if target else ", what is my grade"
        yield f"i have {have}{aim}"
    if len(named) > 1:
        yield f"what percent of the grade are {' and '.join(named)} together"
    elif named and scores:  # of nothing but zeros
        yield f"how much of the grade is there except {named[0]}"
    yield "what are the grading weights"


def names_due_work(asking: Asking) -> bool:
    """Whether the message names the moment of a deadline, and so the work that was due then."""
    return bool(_due_about(asking))


def _due_about(asking: Asking) -> list[Work]:
    """Return the work that was due on the day spoken of, or within two days before it."""
    span = asking.span
    if span is None or not span.single or not time_of(asking.text)[0]:
        return []
    earliest = span.first - timedelta(days=2)
    near: list[Work] = list(due_in(asking, earliest, span.first))
    if re.search(_DISCUSSION, asking.text):
        near = [d for d in asking.course.discussions if earliest <= d.day <= span.first]
    return near if len(near) == 1 else []


def _days(asking: Asking) -> str:
    """Return the days that the message names, in its own words."""
    span = asking.day_meant
    if span is None:
        return ""
    words = asking.text[slice(*span.words)]
    if not span.single and " and " in words:
        return f"between {words}"
    return f"{span.relation} {words}".strip()


def _handed_in(asking: Asking, days: str) -> str:
    """Return the days of `_days`; "" when they only say which work is meant."""
    if not any(map(asking.tells_work, asking.spans)):
        return days
    span = asking.span_besides_work
    if span is None:
        return ""
    today = span.single and span.first == asking.now.date()
    return "now" if today else asking.text[slice(*span.words)]


def _topic_words(asking: Asking) -> list[str]:
    words = dict.fromkeys(asking.residue(COVERS_VOCABULARY))
    return [word for word in words if word not in COMMON_WORDS]


def _readings(asking: Asking, days: str) -> Iterator[str]:
    topic = [word for word in _topic_words(asking) if word not in READ_VOCABULARY.split()]
    if lectures := asking.lectures or tuple(lectures_of_words(asking.course, topic)):
        numbers = " and ".join(str(lecture.number) for lecture in lectures[:2])
        yield f"what are the readings for lecture {numbers}"
    if days:
        yield f"what are the readings for {days}"
    if re.search(r"\bfirst\b", asking.text):
        yield "what are the readings for lecture 1"
    if not topic and not days and not re.search(r"\b(?:lecture|class) \d", asking.text):
        yield "what are the readings for the next lecture"


def _meeting(asking: Asking) -> Iterator[str]:
    text = asking.text
    if sections := _sections(asking):
        same = ", in the same room" if re.search(r"\b(?:same|different)\b", text) else ""
        yield f"when and where are sections {' and '.join(dict.fromkeys(sections))}{same}"
    elif re.search(_DISCUSSION, text) and not re.search(r"\blectures?\b", text):
        yield "when and where are the discussion sections"
    else:
        yield "when and where is the lecture"


def names_somebody(asking: Asking) -> bool:
    """Whether the message names one of the staff, or a section by letter, building or start."""
    return bool(_sections(asking) or named_people(asking))


def _sections(asking: Asking) -> list[str]:
    named = re.findall(r"\b[abc]\d\b", asking.text)
    return named + [
        section
        for meeting in asking.course.meetings
        if _named(meeting, asking.text)
        for section in re.findall(r"\b[abc]\d\b", meeting.name.casefold())
    ]


def _named(meeting: Meeting, text: str) -> bool:
    """Whether the message names the building or the start of a discussion section."""
    if "lecture" in meeting.name.casefold():
        return False
    building = re.match(r"[A-Za-z]{3,}", meeting.location)
    if building and re.search(rf"\b{building.group().casefold()}\b", text):
        number = re.search(r"\d+", meeting.location)
        rooms = re.findall(rf"\b{building.group().casefold()} ?(\d+)", text)
        return not rooms or (number is not None and number.group() in rooms)
    start = re.match(r"0?(\d{1,2}:\d\d)", meeting.time)
    return start is not None and re.search(rf"(?<!\d){start.group(1)}", text) is not None


def _numbers(lectures: Sequence[Lecture]) -> str:
    return "lecture " + " and ".join(str(lecture.number) for lecture in lectures)


def _people(asking: Asking) -> str:
    """Return the roles and people that the message names, "and" between them."""
    roles = [words for form, words in _ROLES.items() if re.search(rf"\b(?:{form})", asking.text)]
    names = [person.name.casefold() for person in named_people(asking)]
    return " and ".join(names or roles)
