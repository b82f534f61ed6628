"""What a short message refers to in those before it: "and hw3?", "the one after that".

What was asked before gives the topic; what was named before, by either side, gives the work, the
lecture, the section or the person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from ds542_tutor.calendar_answers.asking import Asking, due_moment, work_words
from ds542_tutor.calendar_answers.cards import joined
from ds542_tutor.calendar_answers.people import named_people
from ds542_tutor.calendar_answers.scores import part_pattern
from ds542_tutor.calendar_answers.values import CourseAnswer, day_name
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course, Lecture
from ds542_tutor.dialogue import Turn

_TOPICS = {
    "due": "when is {} due",
    "late": "when is {} due and how late can i hand it in",
    "released": "when is {} released",
    "lecture": "what is the lecture {} about",
    "readings": "what are the readings for {}",
    "class": "is there class {}",
    "covers": "which lecture covers {}",
    "upcoming": "what is due {}",
    "meeting": "when and where is {}",
    "people": "who is {}",
    "regrade": "until when can i ask for a regrade of a grade released {}",
}
_START = re.compile(r"^(?:(?:ok|okay|and|what about|how about|also|then|so|for)\b[ ,]*)+")
_ONE_AFTER = (
    r"\b(?:the )?(?:one|next|lecture|class) (?:right )?(?:after|following)(?: that| it| this)?"
    r"(?: one)?\b|\bthe (?:next|following) one\b"
)
_DAY_AFTER = (
    r"\b(?:the )?(?:next day|(?:day|morning|one day|a day) (?:after|later)(?: that| it)?)\b"
)
_PLACES = ("first", "second", "third", "fourth", "fifth")
_BACK = (
    r"\b(?:it|that|this|those|these|them|they|he|she|him|her|one|ones|there|then)\b|^(?:and|what "
    r"about|how about|also|so|ok|but)\b|\b(?:optional|on top|besides|extra|as well|else)\b"
)
_THAT_ONE = (
    r"\b(?:that|this|the) (?:first |second |third |last |other )?one\b"
    r"|\b(?:of|in|on) (?:those|them)\b"
)
# "Weights break the symmetry" names no recess.
_NAMED_RECESS = r"\b(?:spring|winter|semester) (?:break|recess|vacation)\b|\brecess\b"
_HANDS_IT_IN = r"\b(?:turn|hand|send|submit|upload)\w* (?:it|that|this|mine)\b"
_BY_THAT = r"\b(after|before|during) (?:it|that|this|then)\b"
_SECTION = r"\b[abc]\d\b"
MOST_WORDS = 16  # a longer message says itself what it asks


def by_topic(
    course: Course,
    question: str,
    turns: Sequence[Turn],
    now: datetime,
    answer: Callable[[str], CourseAnswer | None],
) -> CourseAnswer | None:
    """Answer a follow-up that names the work or day by the topic of the question before it.

    Args:
        now: in the course's zone.
        answer: answers a message that stands for itself.
    """
    text = clauses(question)[0]
    earlier = [turn.text for turn in turns if turn.role == "user"]
    if len(text.split()) > MOST_WORDS or not earlier or re.search(_HANDS_IT_IN, text):
        return None
    before = answer(earlier[-1])
    if before is None and len(earlier) > 1:
        # The topic may lie one message further back: "when is hw2 due", "and hw3", "and hw4".
        before = answer(earlier[-2])
    rest = _START.sub("", text).strip(" ?!.")
    rest = _with_kind(
        rest, next((w for t in reversed(earlier) if (w := _work_words(course, t, now))), "")
    )
    asking = Asking(course, rest, now)
    named = bool(
        asking.works
        or asking.span
        or asking.lectures
        or re.fullmatch(f"(?:section )?{_SECTION}", rest)
        or named_people(asking)
    )
    if not (before and before.topic in _TOPICS and named):
        return None
    if before.topic == "regrade" and not asking.span:
        return None  # the rule names no work: it would answer whatever is asked next
    found = answer(_TOPICS[before.topic].format(rest))
    own = answer(rest)
    # "and the one after that? when do we get it": the question before, and one of its own.
    return joined([found, own]) if found and own and own.topic != found.topic else found


def in_context(
    course: Course, question: str, turns: Sequence[Turn], now: datetime
) -> Iterator[str]:
    """Yield a follow-up with what it refers to put in its words; nothing where none is found."""
    text = clauses(question)[0]
    own = Asking(course, text, now)
    most = 2 * MOST_WORDS if re.search(_THAT_ONE, text) else MOST_WORDS
    if len(text.split()) > most or not turns or not re.search(_BACK, text):
        return
    if own.works or own.lectures or re.search(_SECTION, text):
        return
    for turn in reversed(turns[-4:]):
        said = clauses(turn.text)[0]
        asking = Asking(course, said, now)
        if re.search(_NAMED_RECESS, said) and re.search(_BY_THAT, text):
            yield re.sub(_BY_THAT, r"\1 spring break", _START.sub("", text), count=1)
            return
        if lectures := asking.lectures or _lectures_of(asking):
            yield from _of_lecture(course, text, lectures[-1])
            return
        if asking.works:
            place = _place(text, len(asking.works))
            yield from _of_work(course, text, asking, work_words(asking.works[place]))
            return
        if sections := re.findall(_SECTION, said):
            yield f"{text} section {sections[-1]}"
            return
        parts = [w for w, _ in course.weights if re.search(part_pattern(w), said)]
        if len(parts) == 1:
            yield re.sub(r"\b(?:those|these|them|that|it)\b", parts[0].casefold(), text, count=1)
            return
        if people := _in_order(asking):
            yield f"{text} {people[max(0, _place(text, len(people), otherwise=0))]}"
            return


def _place(text: str, count: int, otherwise: int = -1) -> int:
    """Return which of `count` things named before a text means: "that first one", "the other"."""
    for place, word in enumerate(_PLACES):
        if re.search(rf"\b{word} (?:one|of)\b", text):
            return min(place, count - 1)
    return otherwise


def _of_lecture(course: Course, text: str, lecture: Lecture) -> Iterator[str]:
    if re.search(_ONE_AFTER, text):
        later = [lec for lec in course.lectures if lec.starts > lecture.starts]
        for after in later[:1]:
            yield f"what is lecture {after.number} about"
    elif lecture.number is not None:
        yield f"{text} lecture {lecture.number}"


def _of_work(course: Course, text: str, asking: Asking, named: str) -> Iterator[str]:
    if re.search(_ONE_AFTER, text):
        yield _with_kind(text, named)
        return
    moment = due_moment(asking.works[-1], course)
    if moment and re.search(_DAY_AFTER, text):
        day = day_name(moment + timedelta(1)).casefold()
        yield re.sub(_DAY_AFTER, f"on {day}", text) + f" {named}"
        return
    if re.search(r"\b(?:it|that one|this one|that|this)\b", text):
        yield re.sub(r"\b(?:it|that one|this one|that|this)\b", named, text, count=1)
    yield f"{text} {named}"


def _lectures_of(asking: Asking) -> tuple[Lecture, ...]:
    """Return the lecture that an answer gave by its day: "Tuesday, April 14: diffusion models"."""
    span = asking.span
    if asking.works or span is None or not span.single or not asking.has("lectures?|class"):
        return ()
    return tuple(lec for lec in asking.course.lectures if lec.starts.date() == span.first)


def _in_order(asking: Asking) -> list[str]:
    """Return the names of people in the order in which the text has them."""
    places = []
    for person in named_people(asking):
        name = person.name.casefold()
        found = [asking.text.find(word) for word in name.split() if word in asking.text]
        places.append((min(found, default=0), name))
    return [name for _, name in sorted(places)]


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
    return work_words(works[-1]) if works else None
