"""When work is due or released, how the dates compare, and what is due next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from ds542_tutor.calendar_answers.asking import Asking, Work, due_moment, work_name
from ds542_tutor.calendar_answers.dates import Span
from ds542_tutor.calendar_answers.late_rules import late_end, say_late_period
from ds542_tutor.calendar_answers.lectures import lectures_on, say_lecture
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    join_words,
    moment_name,
)
from ds542_tutor.course import Assignment, Course, Discussion

_DUE = (
    r"due|deadlines?|(?:days?|time|weeks?|hours?) (?:\S+ ){0,6}?(?:left|remaining)|how long "
    r"(?:do|have|until|till)|how (?:much longer|many (?:more )?(?:days?|hours?|weeks?))"
    r"|when (?:do|does|should|must) (?:\S+ ){0,8}?(?:in by|done by|finished by|in)"
    r"|how (?:much|long|many)(?: \S+){0,3} (?:do|have|got)|be (?:delivered|in)|tentative"
    r"|finali[sz]ed|confirmed|rely|how long did|(?:days?|nights?|weeks?) (?:to|until|till|before)"
    r"|deliver\w*|until "
    r"(?:when|which)"
    r"|(?:do|did|have) (?:i|we) (?:\S+ )?(?:have )?(?:till|until|miss)|ends?|closes?"
    r"|(?:has|have|needs?|must|should|got) to be (?:turned |handed )?in|set in stone"
    r"|dates? (?:\S+ )?(?:confirmed|tentative|final|fixed|firm|set|change)"
)
_SURELY_DUE = r"due|deadlines?"
HAND_IN = (
    r"turn(?:ed|ing)?|hand(?:ed|ing)?(?! out)|send|sent|submit\w*|submission|finish\w*|(?:be|get "
    r"\S+|have \S+) done"
    r"|complete\w*|upload\w*"
)
_WHEN = (
    r"when|by when|by (?:what|which)|in by|due by|until|till"
    r"|(?:the|what|which|on what)(?: \S+){0,2} (?:day|date|time|hour)|how long|last day"
)
DUE_VOCABULARY = (
    "due deadline deadlines turn turned turning hand handed handing submit submitted submission "
    "submissions submitting finish finished complete completed left remaining remain assignment "
    "assignments work upload uploaded hw project projects discussion notebook notebooks report "
    "count overdue big posted list everything schedule homework prof professor graded worth "
    "rely finalised finalized count counting nights days deliver delivered delivering time gone "
    "back owing stone owe owes sent send sending made "
    "outstanding pending confirmed tentative firm fixed set change changes window ends closes "
    "close miss missed pushed "
    "moved changed shift"
)
_NEXT = (
    r"when (?:is|are) (?:the |my |our |all )?(?:next )?(?:hw|project|discussion|assignment)s?"
    r"(?: notebooks?| work)? due|"
    r"(?:what|whatever|anything|something|nothing|which|any|list|show|give)\b.{0,60}\b(?:due"
    r"|deadlines?|due date"
    r"|submit|submission|hand in|turn in|assignments?|finish)|(?:hw|project|discussion"
    r"|assignment)s? (?:deadlines?"
    r"|due dates?)"
    r"|(?:next|upcoming|coming|all|any|every|other|more) (?:\S+ )?(?:deadlines?|due dates?"
    r"|assignments?|hw|project)|due (?:next|soon|this|today|tomorrow|tonight|on|before|after|in|by"
    r"|between)"
    r"|(?:do|is|are|have) (?:we|i|there|you)\b.{0,40}"
    r"\b(?:hw|due|assignments?|project|deadlines?)|what (?:hw|assignments?|project)\b"
    r"|deadlines?|due dates|(?:anything|something|which|what) .{0,40}\b(?:owe|hand in|turn in"
    r"|submission)"
    r"|(?:hand|turn) (?:something|anything) in|^anything$|owe (?:you|them)|what is (?:left"
    r"|remaining|still open|outstanding)"
    r"|(?:anything|something|what|which)\b.{0,30}\b(?:must|need to|have to|gotta|should)"
    r" (?:upload|submit|finish)"
)
_NEXT_OF_ALL = (
    r"(?:next|upcoming) (?:\S+ ){0,3}?(?:deadlines?|due|thing|assignment|submission)"
    r"|what is next(?= *$| due| for me)|(?:what|which|assignment|deadline|thing)\b.{0,25}\b(?:after"
    r"|following)"
    r" (?:hw|project|discussion)"
)
_AHEAD = (
    r"(?:what|anything)(?: \S+){0,3} coming up|what (?:should|do) (?:i|we) (?:\S+ )?"
    r"(?:be )?(?:working|work) on|how (?:many|much) (?:hw|assignments?|projects?|deadlines?)"
)
_NOT_NEXT = r"how (?:do|can|should|to|many|is|are)|why|where|worth|percent|grade|graded"
_YES_OR_NO = (
    r"(?:is|are|was|were|isnt|arent|wasnt) (?:\S+ ){1,8}?(?:due|deadline|on)|due (?:\S+ ){1,4}right"
    r"|^(?:hey |so |wait |ok )*(?:hw|project|discussion)\W*\d+ (?:(?:is|was) )?due"
    r"|(?:is|was) due .{0,40}\b(?:is that|true|so)|told|says"
    r"|(?:do|did) (?:i|we) (?:\S+ )?have (?:till|until)|still due|right$|correct$|isnt it|(?:i "
    r")?(?:thought|heard|think)"
)
_NOT_YES_OR_NO = r"when|what|how|if|can|may|could|which"
_COMPARES = r"first|earlier|sooner|before|later|which|between|apart|same|together|after"
_GIVEN = (
    r"how (?:long|much time|many (?:days|weeks)) (?:\S+ ){0,4}?(?:get|given|have (?:for|to do|to "
    r"work))"
)
_ABOUT = r"what (?:is|was|are|were)(?: \S+){1,3} about|topic of"
_NUMBERED = re.compile(r"^\w+ \d+\s*(?:--|–|—|:|-)\s*")
UNKNOWN = "unknown"
"""Topic of an answer that only says what the course does not have."""
_ITEMS_AHEAD = 3
"""How many coming deadlines to list: the next one, and enough to plan the week after it."""


def due(asking: Asking) -> CourseAnswer | None:
    """Answer when named work is due, or was, and how many days are left."""
    sure = asking.has(_SURELY_DUE)
    if asking.has(_NEXT_OF_ALL):
        return None
    if not sure and not asking.has(_DUE) and not (asking.has(HAND_IN) and asking.has(_WHEN)):
        return None
    if asking.has(r"(?:how|where) (?:do|can|should|to|does) (?:\S+ )?(?:submit|turn|hand|upload)"):
        return None
    if asking.strays(DUE_VOCABULARY) > (5 if sure and asking.works else 2 if asking.works else 0):
        return None
    draft = Draft("due")
    for work in asking.works:
        moment = due_moment(work, asking.course)
        verdict = _verdict(asking, moment) if moment else ""
        if verdict:
            draft.say(f"{verdict}: {due_sentence(work, asking)}", work_fact(work))
            draft.tentative |= is_tentative(work)
        else:
            say_due(draft, work, asking)
        if moment and moment < asking.now <= late_end(moment, asking.course):
            # Who asks then, mostly wants to know whether it can still be handed in.
            discussion = isinstance(work, Discussion)
            say_late_period(
                draft, asking.course, moment, asking.now, work_fact(work), discussion=discussion
            )
    if asking.has(_ABOUT):
        out = asking.course.out_by_date(asking.now)
        for work in asking.works:
            if title := _title_of(work):
                draft.say(f"It is about {title}", work_fact(work))
            elif isinstance(work, Assignment) and asking.course.withholds(work.key, "", out):
                draft.say("What it asks for is not published yet", work_fact(work))
    _compare(draft, asking)
    if not draft.lines and asking.unknown_work:
        draft.topic = UNKNOWN
        _say_unknown(draft, asking)
    return draft.finish()


def _title_of(work: Work) -> str:
    """Return what `work` is about: its title, or first sentence, without kind and number; or ""."""
    summary = work.summary if isinstance(work, Assignment) else work.tldr
    for text in (work.title, re.split(r"(?<=[.!?])\s", summary.strip(), maxsplit=1)[0]):
        _, *own = _NUMBERED.split(text, maxsplit=1)
        if own and own[0].strip():
            return own[0].strip().rstrip(".")
    return ""


def _verdict(asking: Asking, moment: datetime) -> str:
    """Return "Yes" or "No" when the question supposes a day for the deadline."""
    span = asking.span
    if span is None or not asking.has(_YES_OR_NO) or asking.has(_NOT_YES_OR_NO):
        return ""
    if len(asking.spans) > 1 and asking.has("or"):
        return ""  # "tomorrow or friday" is no question for yes or no
    if span.relation == "before" and not asking.has(r"(?:have|got) (?:\S+ )?(?:till|until)"):
        return "Yes" if moment.date() < span.first else "No"
    if span.relation == "after":
        return "Yes" if moment.date() > span.last else "No"
    return "Yes" if span.first <= moment.date() <= span.last else "No"


def _compare(draft: Draft, asking: Asking) -> None:
    """Add what the question asks about two deadlines, or about release and deadline of one."""
    dated = [(due, w) for w in asking.works if (due := due_moment(w, asking.course))]
    if len(dated) == 2 and asking.has(_COMPARES):
        (one, a), (two, b) = sorted(dated, key=lambda pair: pair[0])
        days = (two.date() - one.date()).days
        same = " in the same week" if _monday(one) == _monday(two) else " not in the same week"
        gap = f"{many(days, 'day')} before" if days else "on the same day as"
        draft.say(
            f"{work_name(a)} is due {gap} {work_name(b)}{same if asking.has('same week') else ''}",
            work_fact(a), work_fact(b),
        )  # fmt: skip
    if len(dated) == 1 and asking.has(_GIVEN):
        due, work = dated[0]
        if isinstance(work, Assignment) and work.released:
            days = (due.date() - work.released.date()).days
            draft.say(
                f"From its release on {day_name(work.released)} that is {many(days, 'day')}",
                work_fact(work),
            )


def _monday(moment: datetime) -> tuple[int, int]:
    return moment.isocalendar()[:2]


def upcoming(asking: Asking) -> CourseAnswer | None:
    """Answer what is due next, or within the days that the question names."""
    after = asking.works if asking.has(_NEXT_OF_ALL) else ()
    if (
        (asking.works and not after)
        or asking.lectures
        or not asking.has(f"{_NEXT}|{_AHEAD}|{_NEXT_OF_ALL}")
    ):
        return None
    if asking.has(_NOT_NEXT) and not asking.has(f"{_AHEAD}|when"):
        return None
    sure = asking.has("due|deadlines?") and asking.has(
        r"what|anything|something|nothing|which|any|list|when|next|upcoming|soon|all"
    )
    # Of what follows named work, "the next project" says the kind.
    which = r"(?:next|upcoming) " if after else ""
    kinds = [k for k in ("hw", "project", "discussion") if asking.has(f"{which}{k}s?")]
    sure &= bool(asking.span or kinds or asking.has(r"anything|deadlines?|next|soon|upcoming"))
    if asking.strays(DUE_VOCABULARY) > (4 if sure else 0):
        return None
    dated = _dated(asking.course, kinds)
    span = asking.day_meant
    window = asking.window_of(span)
    draft = Draft("upcoming")
    if window:
        chosen = [(when, w) for when, w in dated if window.first <= when.date() <= window.last]
        if asking.has(r"next|first") and span and span.relation == "after":
            chosen = chosen[:1]
        if not chosen:
            return _nothing_due(asking, dated, window)
    elif asking.has(r"all|every|list|everything|deadlines and|due dates"):
        chosen = dated
        if chosen:
            draft.say("These are the due dates on the course site:")
    else:
        start = max(
            [asking.now, *(m for w in after if (m := due_moment(w, asking.course))
                           and asking.has("after|following|then"))]
        )  # fmt: skip
        ahead = [(when, w) for when, w in dated if when >= start and w not in after]
        one = bool(after) or asking.has(
            "next (?:hw|project|assignment|deadline|discussion|due|thing|one)"
        )
        chosen = ahead[: 1 if one else _ITEMS_AHEAD]
        if not chosen:
            return _nothing_due(asking, dated, None)
    for _, work in chosen:
        say_due(draft, work, asking)
    if (
        window
        and window.single
        and asking.has(r"lectures?(?: \S+)? (?:and|wise)|and(?: \S+){0,3} lectures?")
    ):
        for lecture in lectures_on(asking.course, window.first, window.last):
            say_lecture(draft, lecture, asking.now)
    if window and asking.has(r"com(?:e|es|ing) out|released?|posted|something new|anything new"):
        _say_releases(draft, asking, window)
    if len(draft.lines) > 1:
        draft.lines = [line if line.endswith(":") else f"- {line}" for line in draft.lines]
    return draft.finish()


def _say_releases(draft: Draft, asking: Asking, window: Span) -> None:
    """Say what comes out in the days asked for."""
    for work in asking.course.assignments:
        if work.released and window.first <= work.released.date() <= window.last:
            planned = "" if work.published else "; it is not published yet, so that is tentative"
            draft.say(
                f"{work_name(work)} comes out {moment_name(work.released)}{planned}",
                work_fact(work),
            )
            draft.tentative |= is_tentative(work)


def due_in(asking: Asking, first: date, last: date) -> list[Work]:
    """Return what is due from `first` to `last`, discussions left out: they are on their day."""
    return [
        work
        for when, work in _dated(asking.course, ["hw", "project"])
        if first <= when.date() <= last
    ]


def _nothing_due(
    asking: Asking, dated: Sequence[tuple[datetime, Work]], span: Span | None
) -> CourseAnswer | None:
    """Say that nothing is due in the days asked for, and what comes after them."""
    after = span.last if span else asking.now.date()
    when = "from now on"
    if span:
        last = "" if span.single else f" to {day_name(span.last)}"
        when = f"{'on' if span.single else 'from'} {day_name(span.first)}{last}"
    later = [w for moment, w in dated if moment.date() > after]
    work = later[0] if later else dated[-1][1] if dated else None
    if work is None:
        return None
    draft = Draft("upcoming")
    order = "next" if later else "last"
    draft.say(
        f"The course site has nothing due {when}; the {order} deadline: "
        f"{due_sentence(work, asking)}",
        work_fact(work),
    )
    draft.tentative = is_tentative(work)
    for one in later[1:2]:
        draft.say(f"Then {due_sentence(one, asking)}", work_fact(one))
    return draft.finish()


def _dated(course: Course, kinds: list[str]) -> list[tuple[datetime, Work]]:
    prefixes = {"hw": "homework", "project": "project"}
    works: list[Work] = [
        a
        for a in course.assignments
        if not kinds or any(a.key.startswith(prefixes.get(k, k)) for k in kinds)
    ]
    if not kinds or "discussion" in kinds:
        works += course.discussions
    dated = [(when, w) for w in works if (when := due_moment(w, course)) is not None]
    return sorted(dated, key=lambda pair: pair[0])


def is_tentative(work: Work) -> bool:
    """Whether the dates of `work` may still change: it is not published."""
    return isinstance(work, Assignment) and not work.published


def say_due(draft: Draft, work: Work, asking: Asking, *, counted: bool = True) -> None:
    """Say when `work` is due; `counted`: also how far away that is."""
    draft.say(due_sentence(work, asking, counted=counted), work_fact(work))
    draft.tentative |= is_tentative(work)


def due_sentence(work: Work, asking: Asking, *, counted: bool = True) -> str:
    """Return when `work` is due as a sentence without its stop."""
    moment = due_moment(work, asking.course)
    name = work_name(work)
    if moment is None:
        return f"the course site has no due date for {name}"
    word = "was" if moment < asking.now else "is"
    sentence = f"{name} {word} due {moment_name(moment)}"
    if counted:
        sentence += f", {_distance(asking.now, moment)}"
    if isinstance(work, Discussion):
        sentence += " (the end of the day of the discussion)"
    if is_tentative(work):
        sentence += "; it is not published yet, so the date is tentative"
    return sentence


def _distance(now: datetime, moment: datetime) -> str:
    """Return how far a deadline is from now, in hours within a day, else in calendar days."""
    # In UTC: two moments of one zone subtract as wall clocks, which is wrong across a change.
    hours = (moment.astimezone(UTC) - now.astimezone(UTC)).total_seconds() / 3600
    days = (moment.date() - now.date()).days
    if 0 <= hours < 24:
        whole = int(hours)
        return "in less than an hour" if whole == 0 else f"in about {many(whole, 'hour')}"
    if hours >= 0:
        return f"in {many(days, 'day')}"
    return f"{many(-days, 'day')} ago" if days else "earlier today"


def many(number: int, unit: str) -> str:
    """Return "1 day", "2 days"."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _say_unknown(draft: Draft, asking: Asking) -> None:
    name = asking.unknown_work or ""
    kind = name.split()[0]
    same: list[Work] = [a for a in asking.course.assignments if a.key.startswith(kind)]
    if kind == "discussion":
        same = list(asking.course.discussions)
    if same:
        known = join_words(work_name(w).split(" (")[0] for w in same)
        draft.say(f"The course site has no {name}; it lists {known}", work_fact(same[-1]))


def work_fact(work: Work) -> CourseFact:
    """Return the dates of `work` as one fact."""
    if isinstance(work, Discussion):
        return CourseFact(work.source, f"{work_name(work)}: {day_name(work.day)}.")
    parts = [work.title]
    if work.released:
        parts.append(f"released {moment_name(work.released)}")
    if work.due:
        parts.append(f"due {moment_name(work.due)}")
    if not work.published:
        parts.append("not published yet")
    return CourseFact(work.source, f"{'; '.join(parts)}.")
