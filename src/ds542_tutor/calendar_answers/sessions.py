"""What is taught when: on a day, next, last, after another lecture; how many lectures there are."""

from __future__ import annotations

import re
from datetime import date, timedelta

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.class_days import asks_when_back, say_day, say_recess
from ds542_tutor.calendar_answers.dates import Span
from ds542_tutor.calendar_answers.deadlines import due_in, many, say_due
from ds542_tutor.calendar_answers.lectures import (
    discussions_on,
    lecture_fact,
    lecture_name,
    lectures_on,
    say_discussion,
    say_lecture,
    say_readings,
)
from ds542_tutor.calendar_answers.meetings import SESSION
from ds542_tutor.calendar_answers.recess import in_recess
from ds542_tutor.calendar_answers.values import CourseAnswer, Draft, moment_name
from ds542_tutor.course import Course, Discussion, Lecture

TAUGHT = (
    r"(?:what|which|wat|topics?|subject|agenda)\b.{0,60}\b(?:treat(?:ed)?|cover(?:ed|ing)?|teach"
    r"|taught|learn"
    r"|learned"
    r"|learning|topics?|about|on|do|doing|did|discuss(?:ed|ing)?|go over|went over|going over"
    r"|talk(?:ed|ing)?"
    r"|next|lectures?|class|happening|happens|planned|scheduled|missed?|miss|number)"
)
_WHEN = r"(?:when|what (?:time|day|date)|which (?:day|date))\b"
_NEXT_SESSION = (
    r"(?:next|upcoming|following) (?:lecture|class|session|discussion|section)"
    r"|comes next|up next|meet next|next meet|(?:lecture|class|cover|covering|learn|learning|do"
    r"|topic|taught|we|up"
    r"|have) next|next topic"
)
_NEXT_SOME = r"next (two|three|few|couple|[2-9])(?: of)? (?:lectures?|class(?:es)?)"
_SO_FAR = (
    r"(?:which|what) lectures (?:have|did) (?:we|i) (?:\S+ )?(?:had|have|miss(?:ed)?)(?: so far)?"
    r"|(?:which|what) lectures have (?:already )?(?:happened|been held|taken place)"
)
_ORDER = r"(?:comes?|before or|after or) (?:before|after|first|later|earlier)"
_NOW = r"(?:what|which) lecture (?:number )?(?:are|were) we (?:at|on|in)"
_LAST_SESSION = (
    r"(?:last|previous|latest|most recent) (?:lecture|class|session|discussion|section)"
    r"|(?:cover(?:ed)?|do|taught|learn(?:ed)?|go over|discuss) last(?: time)?\b(?! (?:week|mon|tue"
    r"|wed|thu|fri|sat|sun))"
)
_ON_DAYS = (
    r"topics? (?:this|next|last|mon|tue|wed|thu|fri|today|tomorrow)\w*|"
    r"(?:is there )?anything (?:on|happening|planned)|what (?:is|was) (?:on|happening|going on"
    r"|planned|up)|schedule (?:for|of|this|next)"
    r"|(?:did|have|do|will|would|if|what|when) i (?:\S+ )?miss|(?:topic|lecture|agenda|plan"
    r"|material) (?:for|of|on)"
    r"|(?:list|name|every|all)\b(?: \S+){0,3} (?:sessions?|lectures?|class(?:es)?) (?:\S+ ){0,3}"
    r"(?:skip|miss)\w*"
    r"|what (?:do|did) (?:we|i) (?:\S+ )?have|what (?:does )?(?:\S+ ){0,3}look like"
)
TAUGHT_VOCABULARY = (
    "meet meets number treat treated treats campus lecture lectures cover covered covering covers "
    "teach teaching "
    "taught learn learned learning "
    "topic topics subject agenda discuss discussed discussing talk talked talking went going over "
    "happening happens planned scheduled schedule missed miss missing session sessions discussion "
    "section about professor gardos title called name number material content prepare goes "
    "chapters skip skipped skipping already "
    "expect slides held happen discussions week's"
)
_OF_A_DAY = (
    r"(?:today|tonight|tomorrow|yesterday|(?:mon|tue|wed|thu|fri)\w*) "
    r"(?:session|lecture|class|discussion|topic|material)"
)
_REMAINING = (
    r"(?:what|which|everything|list)\b.{0,40}\b(?:left|remain\w*|still to come|still coming)"
    r"|(?:rest|remainder) of the (?:semester|term|course)"
)
_LEFT_WORDS = (
    "remaining remain remains deadlines deadline due assignments hw project projects overview hand "
    "submit still coming rest remainder"
)
_COUNT = (
    r"number of lectures|which lectures .{0,20}(?:left|come|remain\w*)|how many (?:more "
    r")?(?:lectures|classes|lecture|class)|(?:any|are there) "
    r"(?:more )?lectures? "
    r"(?:left|remaining|more)"
)
_TOLD = (
    r"about|cover\w*|topics?|learn\w*|missed?|miss|teach|taught|do|did|doing|discuss\w*|go over"
    r"|agenda"
)


def taught(asking: Asking) -> CourseAnswer | None:
    """Answer what is taught on a date, next, last, or in lecture N, and when lecture N is."""
    if asking.of_content or asks_when_back(asking):
        return None
    of_a_day = bool(asking.spans) and asking.has(_OF_A_DAY)
    if asking.strays(TAUGHT_VOCABULARY) > (3 if of_a_day else 2 if asking.spans else 0):
        return None
    numbered = [w for w in asking.works if isinstance(w, Discussion)]
    if asking.lectures and (beside := _beside(asking)):
        lectures, days = beside, list[Discussion]()
    elif asking.lectures or (numbered and len(numbered) == len(asking.works)):
        asked = asking.has(TAUGHT + "|" + _WHEN + "|date|topic|title|name|called|about") or (
            asking.has(r"^(?:is|was|did|has|have)\b.*(?:happen|be|over|yet|today|already)")
        )
        lectures, days = (list(asking.lectures), numbered) if asked else ([], [])
    elif asking.works:
        return None
    elif asking.span:
        return _on_days(asking) if _asks_for_days(asking) else None
    elif asking.has(_SO_FAR):
        lectures = [lec for lec in asking.course.lectures if lec.starts <= asking.now]
        days = list[Discussion]()
    elif asking.has(_NOW):
        (before, _), (lectures, days) = _around(asking, ahead=False), _around(asking, ahead=True)
        lectures = [*before, *lectures]
    elif some := re.search(_NEXT_SOME, asking.text):
        count = {"two": 2, "couple": 2, "three": 3, "few": 3}.get(some.group(1)) or int(
            some.group(1)
        )
        ahead = [lec for lec in asking.course.lectures if lec.starts > asking.now]
        lectures, days = ahead[:count], list[Discussion]()
    elif asking.has(_NEXT_SESSION):
        lectures, days = _around(asking, ahead=True)
    elif asking.has(_LAST_SESSION):
        lectures, days = _around(asking, ahead=False)
    else:
        return None
    draft = Draft("lecture")
    told = asking.has(_TOLD) and len(lectures) + len(days) <= 2
    for lecture in lectures:
        say_lecture(draft, lecture, asking.now, told=told)
        if asking.has(_READING) and len(lectures) <= 2:
            say_readings(draft, lecture)
    for discussion in days:
        say_discussion(draft, discussion, asking.now, told=told)
    if len(lectures) == 2 and asking.has(_ORDER):
        first, second = sorted(lectures, key=lambda lecture: lecture.starts)
        apart = many((second.starts.date() - first.starts.date()).days, "day")
        draft.say(
            f"So {lecture_name(second)}, comes {apart} after {lecture_name(first)}",
            lecture_fact(first), lecture_fact(second),
        )  # fmt: skip
    return draft.finish()


def remaining(asking: Asking) -> CourseAnswer | None:
    """Say what lectures, and what deadlines when asked for, the term still has."""
    if not asking.has(_REMAINING) or not asking.has(r"lectures?|topics?|classes|material|schedule"):
        return None
    if asking.works or asking.lectures or asking.strays(f"{TAUGHT_VOCABULARY} {_LEFT_WORDS}") > 2:
        return None
    ahead = [lec for lec in asking.course.lectures if lec.starts > asking.now]
    draft = Draft("lecture")
    for lecture in ahead:
        say_lecture(draft, lecture, asking.now)
    if ahead and asking.has(r"due|deadlines?|assignments?|hws?|projects?|hand in|submit"):
        for work in due_in(asking, asking.now.date(), date.max):
            say_due(draft, work, asking)
    draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def counted(asking: Asking) -> CourseAnswer | None:
    """Answer how many lectures there are, were, or are left."""
    if (
        not asking.has(_COUNT)
        or asking.works
        or asking.lectures
        or asking.has("miss|skip|unexcused")
    ):
        return None
    sure = asking.has(r"how many (?:more )?(?:lectures?|classes) (?:are|do|have|were|is)")
    vocabulary = TAUGHT_VOCABULARY + " remaining remain total altogether come"
    if asking.strays(vocabulary) > (3 if sure else 0):
        return None
    course, now = asking.course, asking.now
    left = asking.has(r"left|remain\w*|more|still")
    held = asking.has(r"had|have we (?:\S+ )?(?:done|covered)|so far|already|been")
    chosen = [
        lec for lec in course.lectures
        if not (left and lec.starts <= now) and not (held and not left and lec.starts > now)
    ]  # fmt: skip
    window = asking.window
    if window and not left:
        chosen = [lec for lec in chosen if window.first <= lec.starts.date() <= window.last]
    if not course.lectures:
        return None
    draft = Draft("count")
    if not chosen:
        last = course.lectures[-1]
        draft.say(
            f"None: the last lecture, {lecture_name(last)}, was on {moment_name(last.starts)}",
            lecture_fact(last),
        )
        return draft.finish()
    which = " still to come" if left else " so far" if held else ""
    draft.say(
        f"The course site lists {many(len(chosen), 'lecture')}{which}, from"
        f" {lecture_name(chosen[0])}, on {moment_name(chosen[0].starts)}, to"
        f" {lecture_name(chosen[-1])}, on {moment_name(chosen[-1].starts)}",
        lecture_fact(chosen[0]), lecture_fact(chosen[-1]),
    )  # fmt: skip
    return draft.finish()


def _beside(asking: Asking) -> list[Lecture]:
    """Return the lecture after, or before, the one that the question names."""
    after = re.search(r"\b(?:after|following|follows|comes after)(?: the)? lecture", asking.text)
    before = re.search(r"\b(?:before|precedes|preceding)(?: the)? lecture", asking.text)
    if not (after or before) or asking.has(_READING):
        return []
    times = [lec.starts for lec in asking.lectures]
    rest = [
        lec for lec in asking.course.lectures
        if (lec.starts > max(times) if after else lec.starts < min(times))
    ]  # fmt: skip
    edge = (min if after else max)((lec.starts for lec in rest), default=None)
    return [lec for lec in rest if lec.starts == edge]


_READING = r"read|reading|readings|chapters?"


def _asks_for_days(asking: Asking) -> bool:
    """Say whether the question is what is taught on the days it names."""
    if asking.has(r"sa(?:y|id)|mention\w*|show\w*|explain\w*"):
        return False  # what was said on a matter, the slides know
    if asking.has(f"{_ON_DAYS}|{_OF_A_DAY}"):
        return True
    if asking.has(r"(?:next|first|last)(?: \S+){0,2} (?:lecture|class|discussion)"):
        return True
    return asking.has(TAUGHT) and asking.has(
        f"{SESSION}|about|topics?|talk|talked|discuss|discussed|go over|went over|treat|treated"
        f"|cover"
        f"|covered|covering|teach|teaching|taught|learn|learning|learned|do"
        f"|doing"
    )


def _on_days(asking: Asking) -> CourseAnswer | None:
    """Say what is taught on the days asked for, or why nothing is."""
    draft = Draft("lecture")
    spans = asking.spans if len(asking.spans) > 1 and not asking.has("between") else []
    window = asking.window
    assert window is not None
    for span in spans or [window]:
        _say_span(draft, asking, span)
    draft.lines = list(dict.fromkeys(draft.lines))  # "the whole week, friday too"
    if len(draft.lines) > 3:
        draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def _say_span(draft: Draft, asking: Asking, span: Span) -> None:
    course, said = asking.course, len(draft.lines)
    only = (
        "discussion"
        if asking.has("discussions?|section") and not asking.has("lectures?")
        else "lecture"
        if asking.has("lectures?")
        else ""
    )
    first, last = span.first, span.last
    if span.loose and not lectures_on(course, first, last):
        first -= timedelta(first.weekday())  # "in two weeks" means that week
        last = first + timedelta(6)
    lectures = [] if only == "discussion" else lectures_on(course, first, last)
    discussions = [] if only == "lecture" else discussions_on(course, first, last)
    edge = asking.span.relation if asking.span else ""
    if edge and asking.has("first|next|last|previous"):
        # "the first lecture after spring break", "the last one before it"
        lectures = _edge(lectures if edge == "after" else _until(course, last), edge == "after")
        discussions = discussions[:1] if only == "discussion" else []
    told = asking.has(_TOLD) and len(lectures) + len(discussions) <= 3
    for lecture in lectures:
        say_lecture(draft, lecture, asking.now, told=told)
    for discussion in discussions:
        say_discussion(draft, discussion, asking.now, told=told)
    week = first != last and asking.has(r"schedule|happening|going on|on|have|look like|up")
    if not only and (week or asking.has(r"due|hand(?:ed)? in|turn(?:ed)? in|submit|deadlines?")):
        for work in due_in(asking, first, last):
            say_due(draft, work, asking)
    if len(draft.lines) > said:
        return
    if first == last:
        say_day(draft, asking, first, only=only)
    elif in_recess(course, first) and in_recess(course, last):
        say_recess(draft, asking)


def _until(course: Course, day: date) -> list[Lecture]:
    return [lec for lec in course.lectures if lec.starts.date() < day]


def _edge(lectures: list[Lecture], first: bool) -> list[Lecture]:
    moment = (min if first else max)((lec.starts for lec in lectures), default=None)
    return [lec for lec in lectures if lec.starts == moment]


def _around(asking: Asking, *, ahead: bool) -> tuple[list[Lecture], list[Discussion]]:
    """Return the next or the last session's lectures, or discussion when that is asked for."""
    course, now = asking.course, asking.now
    days = sorted({d.day for d in course.discussions if (d.day >= now.date()) == ahead})
    day = (days[0] if ahead else days[-1]) if days else None
    discussions = [d for d in course.discussions if d.day == day]
    if asking.has("discussions?|section") and not asking.has("lectures?"):
        return [], discussions
    starts = sorted({lec.starts for lec in course.lectures if (lec.starts > now) == ahead})
    moment = (starts[0] if ahead else starts[-1]) if starts else None
    lectures = [lec for lec in course.lectures if lec.starts == moment]
    nearer = (
        moment and day and asking.has("class|session") and not asking.has("lectures?")
        and (day < moment.date() if ahead else day > moment.date())
    )  # fmt: skip
    return lectures, discussions if nearer else []
