"""Which calendar question a message asks, judged by its likeness to exemplars.

The rules of `calendar_answers` read wordings; people have more of them than rules foresee. Where
no rule is sure, the kind of question is taken from the regression over `course_questions.txt`
(`policy.kinds`), and put anew in words that the rules read, with the work, days and sections that
the message names. What is answered is computed all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers import (
    CourseAnswer,
    answer_from_course,
    wants_more_than_dates,
)
from ds542_tutor.calendar_answers.administration import must_name
from ds542_tutor.calendar_answers.asking import Asking, Work
from ds542_tutor.calendar_answers.clock_times import time_of
from ds542_tutor.calendar_answers.deadlines import due_in
from ds542_tutor.calendar_answers.other_terms import term_asked
from ds542_tutor.calendar_answers.topics import (
    COMMON_WORDS,
    COVERS_VOCABULARY,
    discussions_about,
    lectures_about,
)
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course import Assignment, Course, Lecture
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.policy.classify import only_resembles
from ds542_tutor.policy.disguise import meant
from ds542_tutor.policy.kinds import Kinds, load_kinds, read_exemplars
from ds542_tutor.policy.requests import points_back

LIKELY, AS_LIKELY = 0.24, 0.4
"""Probability from which a kind of question is believed where no rule was sure; the second for
kinds that need nothing to be named, and later in a conversation: much could be taken for them."""

OVERRIDES = 1.5
"""How many times likelier than the kind that a rule took the message for."""

NO_QUESTION = 0.35
"""Probability of "other" from which a message is not about the calendar."""

OTHER = "other"
_SHARE = 3  # one word of so many must point to a lecture
_RARE = 4  # lectures at most that a word of a topic may point to
_ROLES = {
    r"tas?\b|teaching assistants?": "the tas",
    r"course assistants?|cas?\b|graders?": "the course assistants",
    r"prof\w*|instructor|teacher|lecturer|gardos": "the instructor",
}
_SAYS = {
    "meeting": r"lectures?|class|sections?|discussions?|meet|a\d",
    "weights": r"grad|percent|%|worth|count|weigh|points?|mark|chunk|share|part|total|final|score",
    "regrade": r"regrad|grad|score|dispute|points?|complain",
}
"""Words without one of which a message is not of a kind that needs nothing to be named."""
_IN_A_FILE = r"\b(?:slides?|page|pages|figures?|links?|powerpoint|who)\b"
_NEEDS_NOTHING = frozenset({"weights", "meeting", "regrade", "people", "office"})
_PAST = r"\b(?:was|were|did|had|missed|skipped|taught|covered|sick|absent|yesterday)\b"
_RECESS = r"\b(?:break|recess|vacation)\b"
_TOPICS = {
    "due": {"due", "upcoming"},
    "upcoming": {"upcoming", "due"},
    "left": {"due", "left", "upcoming"},
    "session": {"lecture", "class", "covers"},
    "next-session": {"lecture", "class"},
    "last-session": {"lecture"},
    "covers": {"covers", "lecture"},
    "class-on": {"class", "lecture", "term"},
    "office": {"people"},
    "late": {"late", "due"},
}
"""Topics of `calendar_answers` that answer a kind of question, where they are not called alike."""


def load_course_kinds(
    embed: Callable[[Sequence[str]], Sequence[Sequence[float]]],
    model_id: str,
    folder: Path | None = None,
) -> Kinds:
    """Fit the regression over the exemplars, or read it from `folder`; see `load_kinds`."""
    return load_kinds(embed, model_id, folder, _exemplars())


@cache
def _exemplars() -> tuple[tuple[str, str], ...]:
    file = files("ds542_tutor").joinpath("course_questions.txt")
    return read_exemplars(file.read_text("utf-8"))


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
    if kinds is None or (turns and (found or points_back(clauses(question)[0]))):
        return found  # what was said before says what is meant
    return answer_by_meaning(course, question, now, kinds, vector, found, follows=bool(turns))


def settled(question: str, decision: Decision, computed: CourseAnswer | None) -> Decision:
    """Return the decision on a question that the calendar can answer, or can not (None).

    Dates, rooms and rules of the site are nobody's secret and solve nothing: what only resembles a
    request that is held back is answered with them.
    """
    if computed and (decision.action == "answer" or only_resembles(question, decision)):
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
) -> CourseAnswer | None:
    """Answer `question` by the kind of calendar question that it is most like.

    Args:
        vector: unit embedding of `disguise.meant` of the question.
        found: what the rules answered; it stays, unless the message is surely of another kind.
        follows: other messages came before, so that it may be about something else.

    Returns:
        The answer; `found` where none is likely enough or what it needs is not named.
    """
    text = clauses(question)[0]
    if term_asked(question, course.term) or wants_more_than_dates(text):
        return found
    likely = kinds.likely(meant(question), vector)
    if likely.pop(OTHER) >= NO_QUESTION:
        return found
    kind = max(likely, key=likely.__getitem__)
    zone = ZoneInfo(course.timezone)
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    asking = Asking(course, text, local)
    if likely[kind] < (AS_LIKELY if follows or kind in _NEEDS_NOTHING else LIKELY):
        return found
    if found is not None and not _better(kind, likely, found, asking):
        return found
    if asking.unknown_work or must_name(course, question, now):
        return found  # matters and people that the calendar does not know
    if kind in _SAYS and not re.search(rf"\b(?:{_SAYS[kind]})", text):
        return found
    if kind in ("covers", "readings") and re.search(_IN_A_FILE, text):
        return found
    for words in _reworded(kind, asking):
        if answer := answer_from_course(course, words, local):
            return answer
    return found


def _better(kind: str, likely: Mapping[str, float], found: CourseAnswer, asking: Asking) -> bool:
    """Whether `kind` is surely what was asked, and not what `found` answers."""
    taken = [k for k in likely if found.topic in _TOPICS.get(k, {k})]
    if kind in taken:
        # The late policy in general, where the moment tells which work is meant.
        return kind == "late" and not asking.works and bool(_due_about(asking))
    return likely[kind] >= OVERRIDES * max((likely[k] for k in taken), default=0.0)


def _reworded(kind: str, asking: Asking) -> Iterator[str]:
    """Yield the question in words that the rules read, the most exact first."""
    works = " and ".join(_works(asking.works) or (_due_about(asking) if kind == "late" else []))
    days, text = _days(asking), asking.text
    match kind:
        case "due" if works:
            yield f"when is {works} due"
        case "due" | "upcoming":
            yield f"what is due {days or 'next'}"
        case "released" if works:
            yield f"when is {works} released"
        case "left" if works:
            yield f"when is {works} due"  # which says in how many days
        case "left" if re.search(_RECESS, text):
            yield "how many days until spring break"
        case "late" if works:
            if moment := f"{days} {time_of(text)[1]}".strip():
                yield f"is it late if i submit {works} {moment}"
            yield f"how late can i hand in {works}"
        case "late":
            yield "what is the late policy"
        case "session":
            session = "discussion" if re.search(r"discussion|section", text) else "lecture"
            verb = "was" if re.search(_PAST, text) else "is"
            if days:
                yield f"what {verb} the {session} {days} about"
        case "next-session":
            yield f"what is the next {'discussion' if 'discussion' in text else 'lecture'}"
        case "last-session":
            yield f"what was the last {'discussion' if 'discussion' in text else 'lecture'} about"
        case "covers":
            if re.search(r"\bdiscussions?\b", text):
                for discussion in discussions_about(asking.course, _topic_words(asking))[:1]:
                    yield f"when is discussion {discussion.number}"
            for lecture in _of_topic(asking):
                yield f"when is lecture {lecture.number}"
        case "readings":
            yield from _readings(asking, days)
        case "class-on" if days:
            yield f"is there class {days}"
        case "class-on" if re.search(_RECESS, text):
            yield "when is spring break"
        case "meeting":
            yield from _meeting(text)
        case "office":
            yield f"when are the office hours of {_role(text) or 'the instructor'}"
        case "people":
            yield f"what is the name and email of {_role(text) or 'the course staff'}"
        case "weights":
            final = re.search(r"\bexam\w*|\bfinals?\b(?! grade| mark| score)", text)
            yield "is there a final exam" if final else "what are the grading weights"
        case "regrade":
            yield "how long can i ask for a regrade"
        case _:
            return


def _due_about(asking: Asking) -> list[str]:
    """Return the work that was due on the day spoken of, or within two days before it."""
    span = asking.span
    if span is None or not span.single or not time_of(asking.text)[0]:
        return []
    near = due_in(asking, span.first - timedelta(days=2), span.first)
    return _works(near) if len(near) == 1 else []


def _works(works: Sequence[Work]) -> list[str]:
    found = []
    for work in works:
        key = work.key if isinstance(work, Assignment) else f"discussion{work.number}"
        found.append(re.sub(r"(\d+)$", r" \1", key).replace("homework", "hw"))
    return found


def _days(asking: Asking) -> str:
    """Return the days that the message names, in its own words."""
    span = asking.span
    if span is None:
        return ""
    words = asking.text[slice(*span.words)]
    if not span.single and " and " in words:
        return f"between {words}"
    return f"{span.relation} {words}".strip()


def _topic_words(asking: Asking) -> list[str]:
    words = dict.fromkeys(asking.residue(COVERS_VOCABULARY))
    return [word for word in words if word not in COMMON_WORDS]


def _of_topic(asking: Asking) -> list[Lecture]:
    """Return the lectures, two at most, that most words of the message point to."""
    votes: Counter[str] = Counter()
    by_source = {lecture.source: lecture for lecture in asking.course.lectures}
    words = _topic_words(asking)
    for word in words:
        found = lectures_about(asking.course, [word])
        if len(found) <= _RARE:
            votes.update(lecture.source for lecture in found)
    best = max(votes.values(), default=0)
    if best * _SHARE < len(words):
        return []  # of its words too few point there: the slides may know
    chosen = [by_source[source] for source, count in votes.items() if count == best]
    return chosen if len(chosen) <= 2 and all(lec.number is not None for lec in chosen) else []


def _readings(asking: Asking, days: str) -> Iterator[str]:
    if lectures := asking.lectures or tuple(_of_topic(asking)):
        numbers = " and ".join(str(lecture.number) for lecture in lectures[:2])
        yield f"what are the readings for lecture {numbers}"
    if days:
        yield f"what are the readings for {days}"
    if re.search(r"\bfirst\b", asking.text):
        yield "what are the readings for lecture 1"
    if not re.search(r"\b(?:lecture|class|discussion) \w+", asking.text):
        yield "what are the readings for the next lecture"


def _meeting(text: str) -> Iterator[str]:
    if section := re.search(r"\ba\d\b", text):
        yield f"when and where is section {section.group()}"
    elif re.search(r"\b(?:discussions?|sections?)\b", text):
        yield "when and where are the discussion sections"
    else:
        yield "when and where is the lecture"


def _role(text: str) -> str:
    return next((words for form, words in _ROLES.items() if re.search(rf"\b(?:{form})", text)), "")
