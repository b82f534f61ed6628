"""What another term's syllabus says of staff, meetings, weights and lateness, for who asks for it.

It stays out of the running term's calendar; a question that names the other term is answered from
it by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ds542_tutor.calendar_answers import CourseAnswer, CourseFact
from ds542_tutor.calendar_answers.other_terms import names_running_term, without_term
from ds542_tutor.calendar_answers.values import Draft
from ds542_tutor.course import Course, Meeting, Person, Statement, term_name
from ds542_tutor.course_questions import computed_answer
from ds542_tutor.documents import Chunk
from ds542_tutor.index.generation import Generation
from ds542_tutor.policy.findings import judged
from ds542_tutor.policy.kinds import Kinds
from ds542_tutor.reply_terms import told_of_term

_FIELD = re.compile(r"^[\s•*-]*([A-Za-z][A-Za-z -]{1,30}?)(s?):\s+(.+)$")
_ROLES = {
    "instructor": "instructor",
    "professor": "instructor",
    "lecturer": "instructor",
    "teaching assistant": "teaching assistant",
    "teaching fellow": "teaching assistant",
    "ta": "teaching assistant",
    "course assistant": "course assistant",
    "grader": "course assistant",
}
_MEETINGS = ("lecture", "discussion", "lab")
_DETAILS = {
    "office hour": "office_hours",
    "office": "office",
    "email": "email",
    "e-mail": "email",
    "mail": "email",
}
_SESSION = re.compile(
    r"((?:\d{1,2}:\d\d|\d{1,2} ?[ap]m)\s*(?:-|–|to)\s*\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\.?)?)"
    r"(?:\s*\(([^)]+)\))?",
    re.I,
)
_WEIGHT = re.compile(r"\b([A-Z][\w-]+(?: [A-Za-z][\w-]+){0,4})[: ]\s*(\d{1,3}(?:\.\d+)?) ?%")
_LATE = re.compile(r"[^.\n]*\blate\b[^.\n]*\b(?:penal\w+|allow\w+|accept\w+|los\w+)[^.\n]*\.", re.I)
_ASKS_LATENESS = re.compile(r"\blate(?:ness)?\b|\bpenalt", re.I)
_PRESENT = {"was": "is", "were": "are", "did": "do", "taught": "teaches", "met": "meets"}
"""The rules on calendar questions are written for the running term."""
_ALL = 100.0  # per cent: numbers that add up to less are no weights of the grade


def course_of(term: str, chunks: Sequence[Chunk], running: Course) -> Course | None:
    """Return the course as it was in `term`, read from `chunks`; None where they tell nothing.

    Args:
        chunks: of notes of that term, in their order; each line "Label: value" tells one thing.
        running: whose name, time zone and address it shares.
    """
    people: list[Person] = []
    meetings: list[Meeting] = []
    statements: list[Statement] = []
    weights: list[tuple[str, float]] = []
    for chunk in chunks:
        for label, several, value in _fields(chunk.text):
            if role := _ROLES.get(label):
                people += _people(role, value.rstrip("."), chunk.document, several=several)
            elif label in _MEETINGS:
                meetings += _meetings(label, value, chunk.document)
            elif people and (detail := _DETAILS.get(label)):
                people[-1] = replace(people[-1], **{detail: value})
        found = [(what, float(percent)) for what, percent in _WEIGHT.findall(chunk.text)]
        if not weights and sum(percent for _, percent in found) == _ALL:
            weights = found
            told = "; ".join(f"{what}: {percent:g}%" for what, percent in found) + "."
            statements.append(Statement("grading", told, chunk.document))
        statements += [
            Statement("late", " ".join(rule.split()), chunk.document)
            for rule in _LATE.findall(chunk.text)
        ]
    if not (people or meetings or weights or statements):
        return None
    return Course(
        running.name,
        term,
        running.timezone,
        running.site_url,
        people=tuple(people),
        meetings=tuple(meetings),
        statements=tuple(statements),
        weights=tuple(weights),
    )


def answer_of_term(
    term: str,
    question: str,
    now: datetime,
    generation: Generation,
    kinds: Kinds | None,
    embed: Callable[[str], Sequence[float]],
) -> CourseAnswer | None:
    """Answer a question on the course in `term` from its syllabus; from both, where both are named.

    Args:
        kinds: the regression over kinds of calendar questions, see `computed_answer`.
    """
    running = generation.course
    former = course_of(term, generation.chunks.select(kind="notes", term=term), running)
    if former is None:
        return None
    past = without_term(question)
    alone = re.sub(r"[a-z]+", lambda m: _PRESENT.get(m[0].casefold(), m[0]), past, flags=re.I)
    vector = embed(judged(alone))
    then = computed_answer(former, alone, (), now, kinds, vector) or _lateness(former, alone)
    asks_both = names_running_term(past)
    today = computed_answer(running, alone, (), now, kinds, vector) if asks_both else None
    if then is None:
        return today
    text, sources = told_of_term(term_name(term), term_name(running.term), then.text), then.sources
    if today:
        told = re.sub(r"\[(\d+)\]", lambda m: f"[{int(m[1]) + len(then.sources)}]", today.text)
        text, sources = f"{text}\n\nThis term: {told}", (*sources, *today.sources)
    return replace(then, text=text, sources=sources)


def _lateness(former: Course, question: str) -> CourseAnswer | None:
    """Quote the rules on late work: one that costs more by the hour has no one penalty."""
    rules = [rule for rule in former.statements if rule.topic == "late"]
    if not rules or not _ASKS_LATENESS.search(question):
        return None
    draft = Draft("late")
    for rule in rules:
        draft.say(rule.text, CourseFact(rule.source, rule.text))
    return draft.finish()


def _fields(text: str) -> Iterator[tuple[str, bool, str]]:
    """Yield of lines "Labels: value" the label in the singular, whether it was none, the value."""
    for line in text.splitlines():
        if match := _FIELD.match(line):
            yield match[1].casefold(), bool(match[2]), match[3].strip()


def _people(role: str, value: str, source: str, *, several: bool) -> Iterator[Person]:
    """Read "Ada Former, Tower 3", a name with an office, or of several "Ann Lee, Bo Ray"."""
    if several:
        for name in re.split(r",|;|\band\b", value):
            if name.strip():
                yield Person(name.strip(), role, source)
    else:
        name, _, place = value.partition(",")
        yield Person(name.strip(), role, source, office=place.strip())


def _meetings(label: str, value: str, source: str) -> Iterator[Meeting]:
    """Read "Wednesday 12:20-1:10 (CDS 164), 1:25-2:15 (STH 113)": days, then times and rooms."""
    times = list(_SESSION.finditer(value))
    days = value[: times[0].start()].strip(" ,") if times else ""
    for match in times:
        yield Meeting(f"{label.capitalize()}s", days, match.group(1), match.group(2) or "", source)
