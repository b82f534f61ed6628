"""When work is due or released, and what is due next."""

from __future__ import annotations

from datetime import UTC, datetime, time

from ds542_tutor.calendar_answers.asking import Asking, Work, work_name
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
    r"due|deadlines?|(?:days?|time|weeks?|hours?) (?:\S+ ){0,4}?(?:left|remaining)|how long "
    r"(?:do|have|until|till)"
)
_HAND_IN = r"turn\w*|hand\w*|submit\w*|submission|finish\w*|be done|complete\w*"
_WHEN = r"when|by|until|till|what (?:day|date|time)|which day|how long|last day"
DUE_VOCABULARY = (
    "due deadline deadlines turn turned turning hand handed handing submit submitted submission "
    "submitting finish finished complete completed left remaining assignment assignments work "
    "gradescope hw project projects discussion notebook "
    "report remaining notebooks supposed count overdue next big official posted list everything "
    "upcoming "
    "schedule calendar until says say told friend heard mention mentioned prof professor right "
    "correct true confirm"
)
_RELEASED = (
    r"(?:released?|posted|come out|coming out|comes out|out yet|published|available|assigned"
    r"|given out|handed out|go up|up yet|out|drops?)"
)
_RELEASED_VOCABULARY = DUE_VOCABULARY + (
    " released release posted come coming comes published available assigned given handed open "
    "opens start starts out drop drops find"
)
_NEXT = (
    r"when (?:is|are) (?:the |my |our |all )?(?:next )?(?:hw|project|discussion|assignment)s?"
    r"(?: notebooks?| work)? due|"
    r"(?:what|anything|something|which|any|list|show)\b.{0,40}\b(?:due|deadlines?|submit"
    r"|hand in|turn in|assignments?)|(?:hw|project|discussion|assignment)s? (?:deadlines?|due "
    r"dates?)"
    r"|(?:next|upcoming|coming|first|last|final|all|any|every) (?:\S+ )?(?:deadlines?|due dates?"
    r"|assignments?|hw"
    r"|project)|due (?:next|soon|this|today|tomorrow|tonight|on)|(?:do|is|are) (?:we|i"
    r"|there)\b.{0,30}"
    r"\b(?:hw|due|assignments?|project)|what (?:hw|assignments?)\b"
)
_YES_OR_NO = r"(?:is|are|was|were|isnt) (?:\S+ ){1,4}?due"
_NOT_YES_OR_NO = r"when|what|how|if|can|may|could|which"
_ITEMS_AHEAD = 3
"""How many coming deadlines to list: the next one, and enough to plan the week after it."""


def due(asking: Asking) -> CourseAnswer | None:
    """Answer when named work is due, or was, and how many days are left."""
    sure = asking.has(_DUE)
    if not sure and not (asking.has(_HAND_IN) and asking.has(_WHEN)):
        return None
    if asking.has(r"(?:how|where) (?:do|can|should|to) \S+ (?:submit|turn|hand)"):
        return None
    if len(asking.residue(DUE_VOCABULARY)) > (1 if sure else 0):
        return None
    draft = Draft("due")
    for work in asking.works:
        moment = due_moment(work, asking.course)
        if moment and asking.span and _yes_or_no(asking):
            same = asking.span.first <= moment.date() <= asking.span.last
            draft.say(f"{'Yes' if same else 'No'}: {_due_sentence(work, asking)}", work_fact(work))
            draft.tentative |= isinstance(work, Assignment) and not work.published
        else:
            say_due(draft, work, asking)
    if not draft.lines and asking.unknown_work:
        _say_unknown(draft, asking)
    return draft.finish()


def _yes_or_no(asking: Asking) -> bool:
    return asking.has(_YES_OR_NO) and not asking.has(_NOT_YES_OR_NO)


def released(asking: Asking) -> CourseAnswer | None:
    """Answer when named work is, or was, released."""
    if not asking.works or not asking.has(_RELEASED):
        return None
    if len(asking.residue(_RELEASED_VOCABULARY)) > 0:
        return None
    draft = Draft("released")
    for work in asking.works:
        if not isinstance(work, Assignment):
            draft.say(f"{work_name(work)} is on {day_name(work.day)}", work_fact(work))
        elif work.released is None:
            draft.say(f"The site has no release date for {work_name(work)}", work_fact(work))
        elif not work.published:
            draft.tentative = True
            draft.say(
                f"{work_name(work)} is not published yet; the date planned on the site,"
                f" {day_name(work.released)}, is tentative",
                work_fact(work),
            )
        else:
            word = "was" if work.released <= asking.now else "will be"
            draft.say(
                f"{work_name(work)} {word} released on {day_name(work.released)}", work_fact(work)
            )
    return draft.finish()


def upcoming(asking: Asking) -> CourseAnswer | None:
    """Answer what is due next, or within the days that the question names."""
    if asking.works or not asking.has(_NEXT) or len(asking.residue(DUE_VOCABULARY)) > 0:
        return None
    kinds = [k for k in ("hw", "project", "discussion") if asking.has(f"{k}s?")]
    dated = _dated(asking.course, kinds)
    draft = Draft("upcoming")
    if asking.has(r"all|every|list|everything") and not asking.span:
        chosen = dated
        if chosen:
            draft.say(
                "These are the due dates on the course site:",
            )
    elif asking.span:
        first, last = asking.span.first, asking.span.last
        chosen = [(when, w) for when, w in dated if first <= when.date() <= last]
        if not chosen:
            return _nothing_due(asking, dated)
    else:
        ahead = [(when, w) for when, w in dated if when >= asking.now]
        chosen = ahead[
            : 1
            if asking.has("next (?:hw|project|assignment|deadline|discussion)")
            else _ITEMS_AHEAD
        ]
        if not chosen:
            return _nothing_due(asking, dated)
    for _, work in chosen:
        say_due(draft, work, asking)
    if len(chosen) > 1:
        draft.lines = [line if line.endswith(":") else f"- {line}" for line in draft.lines]
    return draft.finish()


def due_moment(work: Work, course: Course) -> datetime | None:
    """Return when `work` is due; a discussion's notebook is due at the end of its day."""
    if isinstance(work, Assignment):
        return work.due
    zone = next((lecture.starts.tzinfo for lecture in course.lectures), None)
    return datetime.combine(work.day, time(23, 59), tzinfo=zone)


def _nothing_due(asking: Asking, dated: list[tuple[datetime, Work]]) -> CourseAnswer | None:
    """Say that nothing is due in the days asked for, and what comes after them."""
    span = asking.span
    after = span.last if span else asking.now.date()
    when = "from now on"
    if span:
        last = "" if span.single else f" to {day_name(span.last)}"
        when = f"{'on' if span.single else 'from'} {day_name(span.first)}{last}"
    later = next((w for moment, w in dated if moment.date() > after), None)
    work = later or (dated[-1][1] if dated else None)
    if work is None:
        return None
    draft = Draft("upcoming")
    order = "next" if later else "last"
    draft.say(
        f"The course site has nothing due {when}; the {order} deadline: "
        f"{_due_sentence(work, asking)}",
        work_fact(work),
    )
    draft.tentative = isinstance(work, Assignment) and not work.published
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


def say_due(draft: Draft, work: Work, asking: Asking, *, counted: bool = True) -> None:
    draft.say(_due_sentence(work, asking, counted=counted), work_fact(work))
    draft.tentative |= isinstance(work, Assignment) and not work.published


def _due_sentence(work: Work, asking: Asking, *, counted: bool = True) -> str:
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
    if isinstance(work, Assignment) and not work.published:
        sentence += "; it is not published yet, so the date is tentative"
    return sentence


def _distance(now: datetime, moment: datetime) -> str:
    """Return how far a deadline is from now, in hours within a day, else in calendar days."""
    # In UTC: two moments of one zone subtract as wall clocks, which is wrong across a change.
    hours = (moment.astimezone(UTC) - now.astimezone(UTC)).total_seconds() / 3600
    days = (moment.date() - now.date()).days
    if 0 <= hours < 24:
        whole = int(hours)
        return "in less than an hour" if whole == 0 else f"in about {_many(whole, 'hour')}"
    if hours >= 0:
        return f"in {_many(days, 'day')}"
    return f"{_many(-days, 'day')} ago" if days else "earlier today"


def _many(number: int, unit: str) -> str:
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
