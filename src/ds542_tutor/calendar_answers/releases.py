"""When work is released, what is not published yet, and how much work there is."""

from __future__ import annotations

import re

from ds542_tutor.calendar_answers.asking import Asking, Work, due_moment, work_name
from ds542_tutor.calendar_answers.deadlines import (
    DUE_VOCABULARY,
    is_tentative,
    say_due,
    work_fact,
)
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    Draft,
    day_name,
    join_words,
    moment_name,
)
from ds542_tutor.course import Assignment

_RELEASED = (
    r"(?:released?|posted|come out|coming out|comes out|out yet|published|available|assigned"
    r"|given out|handed out|go up|goes up|up yet|out|drops?|dropped|dropping|start(?:s|ed)?|opens?"
    r"|(?:is|are|be|go|goes|going|went|gone|it) live|live (?:yet|now|already)"
    r"|(?:when|what day) (?:do|will|can|did) (?:we|i|you guys|they)"
    r" (?:even |actually |finally )?(?:get|see|have(?! to)|receive|give))"
)
_RELEASED_VOCABULARY = DUE_VOCABULARY + (
    " released release posted coming comes published publish available assigned open opens opened "
    "start starts started drop drops dropped dropping live receive begin goes download access"
)
GRADES_OUT = r"(?:grades?|scores?|results|marks) .{0,30}\b(?:out|released|posted|back|published|up)"
_OUT = (
    r"(?:any|which|what|are there|list)\b.{0,30}\b(?:hw|project|assignment|discussion)s?\b.{0,30}\b"
    r"(?:out|released|posted|available|published|up|online|assigned|open|given)"
)
_UNRELEASED = (
    r"(?:what|which|anything|any|something|has|is|are|list)\b.{0,60}\b(?:(?:not|hasnt|havent|isnt"
    r"|arent)"
    r"(?: \S+){0,3} (?:published|released|posted|out)|unpublished|unreleased|tentative)"
)


def released(asking: Asking) -> CourseAnswer | None:
    """Answer when named work is, or was, released, and what is not released yet."""
    if not asking.works and asking.has(_UNRELEASED):
        return _unreleased(asking)
    if not asking.works and asking.has(_OUT) and not asking.has(GRADES_OUT):
        return _out(asking)
    if not asking.works or not asking.has(_RELEASED):
        return None
    if asking.strays(_RELEASED_VOCABULARY) > 2 or asking.has(
        r"how (?:do|should|to) \S+ start|start on"
    ):
        return None
    if asking.has(rf"{GRADES_OUT}|help|stuck|how .{{0,20}}start|start with|getting started|late"):
        return None
    draft = Draft("released")
    for work in asking.works:
        if not isinstance(work, Assignment):
            draft.say(f"{work_name(work)} is on {day_name(work.day)}", work_fact(work))
        elif work.released is None:
            draft.say(f"The site has no release date for {work_name(work)}", work_fact(work))
        else:
            say_release(draft, work, asking)
        # When it is due belongs to it: "collected", "given back" and the like ask for that.
        if due_moment(work, asking.course):
            say_due(draft, work, asking)
    return draft.finish()


def _unreleased(asking: Asking) -> CourseAnswer | None:
    """Say which work is not published yet, with its tentative dates."""
    if asking.strays(_RELEASED_VOCABULARY + " unpublished unreleased grading load tentative") > 2:
        return None
    draft = Draft("released")
    for work in asking.course.assignments:
        if is_tentative(work):
            say_due(draft, work, asking)
    return draft.finish()


def say_release(draft: Draft, work: Assignment, asking: Asking) -> None:
    """Say when `work` was, or will be, released, and that it may change where it is planned."""
    assert work.released
    when = moment_name(work.released)
    if work.published:
        word = "was" if work.released <= asking.now else "will be"
        draft.say(f"{work_name(work)} {word} released on {when}", work_fact(work))
    else:
        draft.tentative = True
        draft.say(
            f"{work_name(work)} is not published yet; the date planned on the site, {when}, is"
            " tentative",
            work_fact(work),
        )


def _out(asking: Asking) -> CourseAnswer | None:
    """Say which work is out, and since when; with none of it out, when the next comes."""
    if asking.strays(_RELEASED_VOCABULARY + " since online given") > 0:
        return None
    kinds = {"hw": "homework", "project": "project"}
    prefixes = tuple(prefix for word, prefix in kinds.items() if asking.has(f"{word}s?"))
    works = [a for a in asking.course.assignments if a.key.startswith(prefixes or ("",))]
    dated = [w for w in works if w.released]
    out = [w for w in dated if w.published and w.released and w.released <= asking.now]
    if asking.has("currently|now|still|open|active"):
        begun = [w for w in dated if w.released and w.released <= asking.now]
        out = [w for w in begun if (m := due_moment(w, asking.course)) and m >= asking.now]
    ahead = [w for w in dated if w.released and w.released > asking.now]
    draft = Draft("released")
    for work in out or ahead[:1]:
        say_release(draft, work, asking)
        if due_moment(work, asking.course):
            say_due(draft, work, asking)
    return draft.finish()


def counted(asking: Asking) -> CourseAnswer | None:
    """Answer how many homeworks, projects or discussions there are."""
    match = re.search(
        r"\bhow many (?!(?:\S+ )?(?:days|weeks|hours|points) )(?:\S+ ){0,2}?"
        r"(hw|project|discussion|assignment)s?\b",
        asking.text,
    )
    if not match or asking.strays(DUE_VOCABULARY) > 0 or asking.has("percent|grade|worth"):
        return None
    course = asking.course
    kind = match.group(1)
    prefix = {"hw": "homework"}.get(kind, kind)
    works: list[Work] = [a for a in course.assignments if a.key.startswith(prefix)]
    if kind == "assignment":
        works = list(course.assignments)
    elif kind == "discussion":
        works = list(course.discussions)
    ahead = asking.has("left|remaining|remain|more|still")
    window = asking.window
    if ahead:
        works = [w for w in works if (due_moment(w, course) or asking.now) >= asking.now]
    elif window:
        works = [
            w for w in works
            if (m := due_moment(w, course)) and window.first <= m.date() <= window.last
        ]  # fmt: skip
    if not works:
        return None
    draft = Draft("count")
    word = {"hw": "homework", "project": "project"}.get(kind, kind)
    plural = word if word == "homework" else f"{word}s"
    named = join_words(work_name(w) for w in works)
    left = " still due" if ahead else ""
    only = word if len(works) == 1 else plural
    facts = [work_fact(w) for w in (works if len(works) <= 5 else [works[0], works[-1]])]
    draft.say(f"The course site lists {len(works)} {only}{left}: {named}", *facts)
    for work in works if len(works) <= 5 else ():
        say_due(draft, work, asking)
    draft.tentative |= any(is_tentative(w) for w in works)
    return draft.finish()
