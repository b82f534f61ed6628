"""Whether there is class on a day, and when recess is."""

from __future__ import annotations

import re
from datetime import date, timedelta

from ds542_tutor.calendar_answers.asking import Asking, work_name
from ds542_tutor.calendar_answers.dates import Span
from ds542_tutor.calendar_answers.lectures import (
    discussion_fact,
    discussions_on,
    lecture_fact,
    lecture_name,
    lectures_on,
    say_discussion,
    say_lecture,
    say_readings,
)
from ds542_tutor.calendar_answers.meetings import SESSION, say_meeting
from ds542_tutor.calendar_answers.recess import RECESS, in_recess, recess_of
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    moment_name,
)
from ds542_tutor.course import Course, Event

_HELD = (
    r"(?:is there|are there|is|do (?:we|i|you)(?: guys)?(?: \S+)? (?:have|meet)|have we|are we"
    r"|will there be|there"
    r"|we have|no|any|(?:need|have|got) to|must|having|have|meet"
    r"|meeting|cancel+ed|do we meet|does|did|go to|off|spring|break|recess|holiday|vacation)"
)
_HELD_VOCABULARY = (
    "lecture lectures class classes held meet meets meeting meetings cancelled canceled cancel "
    "discussion discussions section sections session sessions spring break recess vacation holiday "
    "holidays off happening running normal usual usually having free begin begins starts resume "
    "resumes back return returns happen happens show skip school go fall on start ends lecturing "
    "campus physically home flying flight hold holds up site person attend required a1 a2 a3 a4 "
    "a5 b1"
)
_TODAY = r"what (?:day|date) is (?:it|today)|what is (?:today|the date)|(?:what is )?today date"
_OTHER = (
    r"office|due|deadline|where|room|about|topics?|cover\w*|read\w*|chapters?|miss\w*"
    r"|(?:turn|hand)(?:ed|ing)? (?:\S+ )?in|submit\w*|upload\w*"
)
_BACK = r"(?:when|what day|first day) .{0,40}\b(?:come |be |are |go |get )?back|class(?:es)? resume"
_LEAVES = r"fly|flying|flight|leave|leaves|leaving|home|trip|travel\w*|away|break|recess"
_SOON = 4  # days before a recess on which "flying home tomorrow" speaks of it
_SHORT = 5  # words: "class on march 12?"
_RESUMES = r"resume\w*|back|return\w*|after|ends?|over|restart\w*|start again"


def held(asking: Asking) -> CourseAnswer | None:
    """Answer whether there is class on a date, and when recess is."""
    recess = asking.has(RECESS)
    single_day = asking.span is not None and asking.span.single
    session = asking.has(SESSION + r"|meet|meeting|off|school|campus|[ab]\d")
    short = single_day and len(asking.text.split()) <= _SHORT
    if asks_when_back(asking):
        draft = Draft("class")
        say_recess(draft, asking)
        return draft.finish()
    if not ((asking.has(_HELD) or short) and (recess or session)):
        return None
    if asking.works or asking.lectures or asking.has(_OTHER):
        return None
    if asking.has("how (?:long|many)") and not recess:
        return None
    near = 2 if session and single_day and not asking.of_content else 0
    if asking.strays(_HELD_VOCABULARY) > near:
        return None
    draft = Draft("class")
    spans = [s for s in asking.spans if not re.fullmatch(RECESS, asking.text[slice(*s.words)])]
    away = asking.has("no (?:class|lectures?|discussions?)|off|days off|cancel+ed")
    single = bool(spans) and spans[0].single
    if (recess and not single) or (away and spans and not single and _overlaps(asking, spans[0])):
        say_recess(draft, asking)
        return draft.finish()
    if recess and single and not asking.has(SESSION + "|meet"):
        inside = in_recess(asking.course, spans[0].first)
        say_recess(draft, asking)
        if draft.lines:
            verdict = f"{'Yes' if inside else 'No'}, {day_name(spans[0].first)} lies"
            draft.lines[0] = f"{verdict}{'' if inside else ' not'} in it. {draft.lines[0]}"
        return draft.finish()
    only = "" if asking.has("class|classes|meet|off") else _only(asking)
    for span in spans:
        if span.single:
            say_day(draft, asking, span.first, only=only)
        elif in_recess(asking.course, span.first + timedelta(1)):
            say_recess(draft, asking)
        else:
            for lecture in (
                lectures_on(asking.course, span.first, span.last) if only != "discussion" else ()
            ):
                say_lecture(draft, lecture, asking.now)
            for meeting in (
                discussions_on(asking.course, span.first, span.last) if only != "lecture" else ()
            ):
                say_discussion(draft, meeting, asking.now)
    return draft.finish()


def asks_when_back(asking: Asking) -> bool:
    """Whether it asks when class goes on: "flying home tomorrow, when do i have to be back"."""
    leaves = in_recess(asking.course, asking.now.date() + timedelta(_SOON))
    return (
        asking.has(_BACK)
        and not (asking.works or asking.lectures)
        and (not asking.spans or (leaves and asking.has(_LEAVES)))
        and not asking.residue(_HELD_VOCABULARY + " come")
    )


def _overlaps(asking: Asking, span: Span) -> bool:
    recess = recess_of(asking.course)
    return bool(
        recess and recess[0].when.date() <= span.last and span.first <= recess[1].when.date()
    )


def today(asking: Asking) -> CourseAnswer | None:
    """Answer what day it is, and whether there is class."""
    if not asking.has(_TODAY) or asking.residue() or asking.works or asking.has(SESSION):
        return None
    draft = Draft("class")
    day = asking.span.first if asking.span else asking.now.date()
    say_day(draft, asking, day)
    if draft.lines:
        which = "Today" if day == asking.now.date() else "That"
        draft.lines[0] = f"{which} is {day_name(day)}. {draft.lines[0]}"
    return draft.finish()


def _only(asking: Asking) -> str:
    if asking.has("discussions?|sections?"):
        return "" if asking.has("lectures?") else "discussion"
    return "lecture" if asking.has("lectures?") else ""


def say_day(draft: Draft, asking: Asking, day: date, *, only: str = "") -> None:
    """Say whether there is class on `day`, with the reason when there is none.

    `only`: "lecture" or "discussion" when just that is asked for.
    """
    course = asking.course
    lectures = lectures_on(course, day, day)
    discussions = discussions_on(course, day, day)
    found = {"lecture": lectures, "discussion": discussions}.get(only, [*lectures, *discussions])
    if found or lectures or discussions:
        facts = (*map(lecture_fact, lectures[:1]), *map(discussion_fact, discussions[:1]))
        if found:
            draft.say(f"Yes, there is class on {day_name(day)}", *facts)
        else:
            draft.say(f"The course site lists no {only} on {day_name(day)}, but", *facts)
            draft.lines[-1] = draft.lines[-1].replace(", but", "")
        for lecture in lectures:
            say_lecture(draft, lecture, asking.now)
        for discussion in discussions:
            say_discussion(draft, discussion, asking.now)
        return
    recess = recess_of(course)
    if recess and in_recess(course, day):
        first, last = recess
        draft.say(
            f"No, {day_name(day)} lies in spring recess, which runs from {day_name(first.when)} to"
            f" {day_name(last.when)}",
            _event_fact(first), _event_fact(last),
        )  # fmt: skip
        return
    _say_nothing_listed(draft, asking, day, only)


def _say_nothing_listed(draft: Draft, asking: Asking, day: date, only: str) -> None:
    course = asking.course
    if not course.lectures:
        return
    none = f"The course site lists no {only or 'class'} on {day_name(day)}"
    ahead = [d for d in course.discussions if d.day > day] if only == "discussion" else []
    if ahead:
        first = min(ahead, key=lambda d: d.day)
        draft.say(
            f"{none}; the next one is {work_name(first)}, on {day_name(first.day)}",
            discussion_fact(first),
        )
        return
    later = [lec for lec in course.lectures if lec.starts.date() > day]
    if later and day >= course.lectures[0].starts.date():
        draft.say(
            f"{none}; the next lecture is {lecture_name(later[0])}, on"
            f" {moment_name(later[0].starts)}",
            lecture_fact(later[0]),
        )
        for meeting in course.meetings[:1]:
            say_meeting(draft, meeting)
    else:
        edge = course.lectures[0] if later else course.lectures[-1]
        which = "first" if later else "last"
        draft.say(
            f"{none}; the {which} lecture of the term is on {day_name(edge.starts)}",
            lecture_fact(edge),
        )


def say_recess(draft: Draft, asking: Asking) -> None:
    """Say when recess is, how far away, and when class goes on, as far as the question asks."""
    course = asking.course
    recess = recess_of(course)
    if not recess:
        return
    first, last = recess
    facts = (_event_fact(first), _event_fact(last))
    draft.say(
        f"Spring recess runs from {day_name(first.when)} to {day_name(last.when)}, without class",
        *facts,
    )
    begins, ends = first.when.date(), last.when.date()
    if asking.has("how (?:many|long|soon|far)") and begins > asking.now.date():
        days = (begins - asking.now.date()).days
        weeks = f" ({days // 7} weeks and {days % 7} days)" if asking.has("weeks") else ""
        draft.say(f"It begins in {days} days{weeks}", *facts)
    if asking.has(_RESUMES):
        monday = ends + timedelta(max(1, (7 - ends.weekday()) % 7))
        draft.say(f"The first weekday after it is {day_name(monday)}", facts[1])
        after = [lec for lec in course.lectures if lec.starts.date() > ends]
        if after:
            say_lecture(draft, after[0], asking.now, told=asking.has("topic|about"))
            if asking.has("read|reading|readings|chapters?"):
                say_readings(draft, after[0])


def recess_facts(course: Course) -> tuple[CourseFact, ...]:
    """Return begin and end of the recess, when the site has both."""
    return tuple(map(_event_fact, recess_of(course) or ()))


def _event_fact(event: Event) -> CourseFact:
    return CourseFact(event.source, f"{event.name}: {day_name(event.when)}.")
