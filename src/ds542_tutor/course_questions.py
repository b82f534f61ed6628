"""Which calendar question a message asks, judged by its likeness to exemplars.

The rules of `calendar_answers` read wordings; people have more of them than rules foresee. Where
no rule is sure, the kind of question is taken from the regression over `course_questions.txt`
(`policy.kinds`), and put anew in words that the rules read, with the work, days and sections that
the message names. What is answered is computed all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from ds542_tutor import course_matters
from ds542_tutor.calendar_answers import (
    CourseAnswer,
    answer_from_course,
    in_context,
    wants_more_than_dates,
)
from ds542_tutor.calendar_answers.administration import must_name
from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.cards import joined, work_card
from ds542_tutor.calendar_answers.grading import HOW_GRADED
from ds542_tutor.calendar_answers.links import IN_A_FILE
from ds542_tutor.calendar_answers.other_terms import term_asked
from ds542_tutor.calendar_answers.rewording import DATES, names_due_work, names_somebody, reworded
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Course
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.policy.classify import joined_messages, only_resembles
from ds542_tutor.policy.disguise import meant
from ds542_tutor.policy.findings import judged
from ds542_tutor.policy.kinds import Kinds, exemplars, read_exemplars
from ds542_tutor.policy.requests import points_back
from ds542_tutor.policy.signals import Sense

LIKELY, AS_LIKELY = 0.24, 0.4
"""Probability from which a kind of question is believed where no rule was sure; the second for
kinds that need nothing to be named, and later in a conversation: much could be taken for them."""

OVERRIDES = 3.0
"""How many times likelier than the kind that a rule took the message for."""

NO_QUESTION = 0.35
"""Probability of "other" and "admin" from which a message is not about the calendar."""

SURE = 0.6
"""Probability from which one of the dates of a piece of work is meant and not another."""

NOT_LATE = 0.1
"""Probability below which a message with "late" in it does not ask what late work costs."""

SECOND, SECOND_OF_ALL, SECOND_OF_FIRST = 0.15, 0.3, 0.3
"""Probability from which a second kind is asked for too, the same for kinds that need nothing to be
named, and the share of the first kind's that it needs."""

OF_THE_COURSE, SURELY_OF_THE_COURSE = 0.5, 0.75
"""Probability from which the course's own pages have to answer (`needs_course_pages`); the second
where a message also names slides, a book or a notebook."""

SETTLED, SETTLED_OF_STAFF = 0.5, 0.1
"""Probability from which a computed answer is given instead of holding a look-alike back; the
second where the calendar's rules read that the course's staff is asked for, who are no secret."""

OF_A_PAGE = 0.8
"""Probability of "admin" from which a page answers and no date, whatever a rule has read."""

OTHER, ADMIN = "other", "admin"
_SAYS = {
    "meeting": r"lectures?|class|sections?|discussions?|meet|a\d|room|building|start|begin|end",
    "links": r"record|video|slides?|deck|link|watch|replay|mymedia",
    "exam-date": r"exam|final|midterm|mid-term|quiz|test",
    "weights": r"grad|percent|%|worth|count|weigh|points?|mark|chunk|share|part|total|final|score",
    "covers": r"when|lectur|class|sessions?|discussions?|sections?|tutorial|days?|date|weeks?"
    r"|cover|taught|teach|learn|schedul|semester|calendar|already|yet|come|coming|up|today|tomorrow"
    r"|get to|do we|will we|have we|before|after",
    "readings": r"read|chapter|paper|udl|book|prep|pages?|textbook|prince|material|links?|article",
    "regrade": r"re-?grad|grad|score|dispute|points?|complain|mark|appeal|contest",
}
"""Words without one of which a message is not of a kind, whatever it is like."""
_IN_A_FILE = r"\b(?:slides?|page|pages|figures?|links?|powerpoint|who)\b"
_SESSIONS = frozenset({"session", "next-session", "last-session", "covers", "class-on"})
_CLASSES = _SESSIONS - {"covers"}
_TO_READ = r"\b(?:read|readings?|chapters?|papers?)\b"
_PLAIN = frozenset(
    {"admin", "people", "office", "meeting", "weights", "regrade", "exam-date", "links"}
)
"""Kinds that name no work: requests for it name its dates too ("do hw 2, it is due tonight")."""
_NEEDS_NOTHING = frozenset({"weights", "meeting", "regrade", "people", "office", "exam-date"})
_TOPICS = {
    "due": {"due", "upcoming"},
    "upcoming": {"upcoming", "due", "lecture"},
    "left": {"due", "left", "upcoming"},
    "session": {"lecture", "class", "covers"},
    "next-session": {"lecture", "class"},
    "last-session": {"lecture", "term"},
    "covers": {"covers", "lecture"},
    "class-on": {"class", "lecture", "term"},
    "office": {"people"},
    "late": {"late"},
    "exam-date": {"exam", "weights"},
}
"""Topics of `calendar_answers` that answer a kind of question, where they are not called alike."""


@cache
def request_exemplars() -> tuple[tuple[str, str], ...]:
    """Return the exemplars of requests; what asks how the course is run is logistics."""
    logistics = [("logistics", text) for kind, text in _own_exemplars() if kind in _PLAIN]
    return (*exemplars(), *logistics)


@cache
def question_exemplars() -> tuple[tuple[str, str], ...]:
    """Return the exemplars of calendar questions, and those of other requests as no such question.

    What is asked of graded work names dates and work as calendar questions do.
    """
    requests = [
        (ADMIN if kind == "crediting" else OTHER, text)
        for kind, text in exemplars()
        if kind != "logistics"
    ]
    return (*_own_exemplars(), *requests)


@cache
def _own_exemplars() -> tuple[tuple[str, str], ...]:
    file = files("ds542_tutor").joinpath("course_questions.txt")
    calendar = read_exemplars(file.read_text("utf-8"))
    return (*calendar, *((ADMIN, text) for _, text in course_matters.exemplars()))


def computed_answer(
    course: Course,
    question: str,
    turns: Sequence[Turn],
    now: datetime,
    kinds: Kinds | None,
    vector: Sequence[float] | None,
) -> CourseAnswer | None:
    """Answer `question` from the calendar: by its rules, or by what it is like (see below)."""
    found = answer_from_course(course, question, now, turns)
    if kinds is None:
        return found
    if not turns:
        return answer_by_meaning(course, question, now, kinds, vector, found)
    if found:
        return found  # what was said before says what is meant
    for text in in_context(course, question, turns, _local(course, now)):
        answer = answer_by_meaning(course, question, now, kinds, vector, follows=True, in_full=text)
        if answer:
            return answer
    if points_back(clauses(question)[0]):
        return None
    return answer_by_meaning(course, question, now, kinds, vector, follows=True)


def asks_of_the_course(question: str, kinds: Kinds | None, vector: Sequence[float] | None) -> float:
    """Return how likely a message asks for dates, people, rules or other matters of the course."""
    return 1 - _likely(question, kinds, vector)[OTHER] if kinds else 0.0


def needs_course_pages(
    question: str, turns: Sequence[Turn], kinds: Kinds | None, sense: Sense
) -> float:
    """Return how likely only the pages on the running of the course answer a message.

    When something is taught, and what to read on it, the slides know as well. A short follow-up
    ("any downsides?") has to be such a question together with the messages before it, too.
    """
    if kinds is None:
        return 0.0
    likely = [_likely(question, kinds, sense.vector)]
    if joined := joined_messages(question, turns):
        likely.append(kinds.likely(meant(joined), sense.context))
    of_the_material = (OTHER, "readings", *_SESSIONS)
    return min(1 - sum(each.get(kind, 0.0) for kind in of_the_material) for each in likely)


def asks_a_matter(question: str, kinds: Kinds | None, vector: Sequence[float] | None) -> bool:
    """Whether a message on the course asks what its pages tell, not what the calendar has."""
    if kinds is None:
        return False
    likely = _likely(question, kinds, vector)
    return max(likely, key=lambda kind: likely[kind] if kind != OTHER else -1.0) == ADMIN


def settled(
    question: str, decision: Decision, computed: CourseAnswer | None, of_the_course: float
) -> Decision:
    """Return the decision on a question that the calendar can answer, or can not (None).

    Dates, rooms and rules of the site are nobody's secret and solve nothing: what only resembles a
    request that is held back is answered with them, when it surely asks how the course is run.

    Args:
        of_the_course: how likely it does, by `asks_of_the_course`.
    """
    staff = computed is not None and computed.exact and decision.rule == "private"
    needed = SETTLED_OF_STAFF if staff else SETTLED
    resembles = only_resembles(question, decision) and of_the_course >= needed
    # "compute my percentage" wants sums of one's own grades, which are no graded work.
    sums = computed is not None and computed.exact and computed.topic == "weights"
    if computed and (
        decision.action == "answer" or resembles or (sums and decision.action == "hint")
    ):
        reason = "answered from the course calendar"
        return replace(decision, action="answer", rule="logistics", clause="", reason=reason)
    return decision


def answer_by_meaning(
    course: Course,
    question: str,
    now: datetime,
    kinds: Kinds,
    vector: Sequence[float] | None,
    found: CourseAnswer | None = None,
    *,
    follows: bool = False,
    in_full: str = "",
) -> CourseAnswer | None:
    """Answer `question` by the kind, or the two kinds, of calendar question it is most like.

    Args:
        vector: unit embedding of `findings.judged` of the question.
        found: what the rules answered; it stays, unless the message is surely of another kind.
        follows: other messages came before, so that it may be about something else.
        in_full: the question with what it refers to in words, where it refers to something.

    Returns:
        The answer; `found` where none is likely enough or what it needs is not named.
    """
    text = clauses(in_full or question)[0]
    if term_asked(question, course.term) or wants_more_than_dates(text):
        return found
    likely = _likely(question, kinds, vector)
    admin = likely.pop(ADMIN, 0.0)
    if admin >= OF_A_PAGE:
        return None  # "can i wait with my letter until project 1 is due" wants no due date
    elsewhere = likely.pop(OTHER) + admin
    asking = Asking(course, text, _local(course, now))
    if asking.unknown_work or must_name(course, question, now):
        return found  # matters and people that the calendar does not know
    first, second, *_ = sorted(likely, key=lambda kind: -likely[kind])
    if asking.of_content and first in (_SESSIONS if asking.spans else _CLASSES):
        return found
    named = first in _NEEDS_NOTHING and names_somebody(asking)
    if elsewhere >= max(NO_QUESTION, likely[first]) and not named:
        return found
    believed = _believed(first, likely[first], asking, follows=follows and not in_full)
    answers = _first_answers(first, likely, asking, found, believed=believed)
    least = SECOND_OF_ALL if second in _NEEDS_NOTHING else SECOND
    as_well = likely[second] >= max(least, likely[first] * SECOND_OF_FIRST)
    if first in _SESSIONS and re.search(_TO_READ, text):
        second, as_well = "readings", True
    if answers and as_well and _asks_twice(text) and _says(second, text):
        answers += [a for a in _answers(second, likely, asking) if _differs(a, answers)]
    return joined(answers) if answers and answers != [found] else found


def _first_answers(
    kind: str,
    likely: Mapping[str, float],
    asking: Asking,
    found: CourseAnswer | None,
    *,
    believed: bool,
) -> list[CourseAnswer]:
    """Return what the rules found, what the likeliest kind says, or both where two are asked."""
    twice = _asks_twice(asking.text)
    if found and asking.works and _other_date(kind, found.topic, likely["late"]):
        card = work_card(asking)
        return [card] if card else [found]
    if found and not _better(kind, likely, found, asking):
        if likely[kind] < SURE or not twice:
            return [found]
        # The rules may have read half of it.
        return [found, *(a for a in _answers(kind, likely, asking) if _differs(a, [found]))]
    answers = _answers(kind, likely, asking) if believed else []
    if found and answers and twice:
        return [found, *(a for a in answers if _differs(a, [found]))]
    return answers


def _believed(kind: str, likelihood: float, asking: Asking, *, follows: bool) -> bool:
    """Whether a message that no rule was sure of is of `kind`."""
    unsure = follows or (kind in _NEEDS_NOTHING and not names_somebody(asking))
    if likelihood < (AS_LIKELY if unsure else LIKELY):
        return False
    return _says(kind, asking.text)


def _says(kind: str, text: str) -> bool:
    """Whether a message has a word that its kind needs, and none that tells of a file."""
    if kind in _SAYS and not re.search(rf"\b(?:{_SAYS[kind]})", text):
        return False
    if kind == "weights" and re.search(HOW_GRADED, text):
        return False
    if kind == "meeting" and re.search(r"\b(?:turn|turned|hand|handed) in\b|\bsubmit", text):
        return False
    if kind == "readings" and re.search(r"\breflections?\b", text):
        return False  # what they are graded on, a page tells
    if kind == "links":
        return re.search(rf"\b(?:{IN_A_FILE})", text) is None
    return not (kind in ("covers", "readings") and re.search(_IN_A_FILE, text))


def _answers(kind: str, likely: Mapping[str, float], asking: Asking) -> list[CourseAnswer]:
    """Return the answer to a question of `kind`, in a list that is empty where there is none."""
    if asking.works and kind in DATES - {"late"} and likely[kind] < SURE:
        # Which of the dates of the work is meant, is not sure: all of them are two sentences.
        card = work_card(asking)
        return [replace(card, exact=False)] if card else []
    for words in reworded(kind, asking):
        if answer := answer_from_course(asking.course, words, asking.now):
            return [replace(answer, exact=False)]
    return []


def _other_date(kind: str, topic: str, late: float) -> bool:
    """Whether a rule took the message for one date of a piece of work, and `kind` is another."""
    if topic == "late":
        # It says when the work was due as well: enough, unless lateness is not meant at all.
        return kind in DATES - {"late"} and late < NOT_LATE
    return (
        kind in DATES - {"late"}
        and topic in ("due", "released")
        and topic != ("due" if kind == "left" else kind)
    )


def _asks_twice(text: str) -> bool:
    return re.search(r"\b(?:and|also|plus|or|then)\b|[,;?] *\w", text) is not None


def _differs(answer: CourseAnswer, answers: Sequence[CourseAnswer]) -> bool:
    return all(answer.text != other.text for other in answers)


def _better(kind: str, likely: Mapping[str, float], found: CourseAnswer, asking: Asking) -> bool:
    """Whether `kind` is surely what was asked, and not what `found` answers."""
    taken = [k for k in likely if found.topic in _TOPICS.get(k, {k})]
    if kind in DATES and found.topic == "late" and asking.works:
        return False  # says when it was due as well
    if kind in taken:
        # The late policy in general, where the moment tells which work is meant.
        return kind == "late" and not asking.works and names_due_work(asking)
    return likely[kind] >= max(AS_LIKELY, OVERRIDES * max((likely[k] for k in taken), default=0.0))


def _likely(question: str, kinds: Kinds, vector: Sequence[float] | None) -> dict[str, float]:
    """Return how likely each kind is for a message, which several here ask of the same one."""
    return dict(_measured(question, kinds, None if vector is None else tuple(vector)))


@lru_cache(maxsize=64)
def _measured(
    question: str, kinds: Kinds, vector: tuple[float, ...] | None
) -> tuple[tuple[str, float], ...]:
    return tuple(kinds.likely(judged(question), vector).items())


def _local(course: Course, now: datetime) -> datetime:
    zone = ZoneInfo(course.timezone)
    return now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
