"""Whether work is late, still accepted, and with what penalty."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from ds542_tutor.calendar_answers.asking import Asking, Work, due_moment
from ds542_tutor.calendar_answers.clock_times import TIME, time_of
from ds542_tutor.calendar_answers.dates import without_dates
from ds542_tutor.calendar_answers.deadlines import DUE_VOCABULARY, say_due, work_fact
from ds542_tutor.calendar_answers.late_rules import late_limit, late_statements
from ds542_tutor.calendar_answers.releases import say_release
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    moment_name,
)
from ds542_tutor.course import Assignment, Discussion

_WORK_WORDS = (
    "hw|homework|project|discussion|assignments?|work|notebook|pset|submission|it|things?|stuff"
)
_HAND = (
    r"turn(?:ed|ing)?(?: \S+){0,3} in|hand(?:ed|ing)?(?: \S+){0,3} in|turn in|hand in|submit\w*"
    r"|(?:need|have|get) (?:it|this|that) in\b"
    r"|upload\w*"
)
_LATE = (
    r"late|latest|last (?:possible |minute |second )?(?:day|moment|chance|minute|second)|past due"
    r"|overdue|after the deadline|late window|grace|miss(?:ed|ing)? "
    r"(?:the|my|a) deadline|penalty|penalties|still (?:\S+ ){0,5}?(?:submit|turn|hand|accept\w*"
    r"|upload"
    r"|get (?:\S+ )?credit|send|deliver|ok|okay|count|open)|too late|still (?:ok|okay|fine|allowed"
    r"|possible"
    r"|open)|can i still(?= (?:\S+ ){0,3}(?:turn|hand|submit|send|upload|get|do it)|[ ?!.]*$)"
    r"|(?:points?|much|percent|%|marks?|what)(?: \S+){0,4} (?:lose|losing|off)|accepted"
    r"|penali[sz]ed|docked"
    r"|(?:will|would) (?:they|he|gradescope) (?:even |still )?(?:take|accept) (?:it|mine|that)"
    r"|(?:full|partial|half|any) credit|on time|havent (?:\S+ )?(?:submitted|turned|handed)"
    r"|(?:inside|within|in) (?:the|that|my) (?:\S+ )?window|stamped|time ?stamp\w*"
    r"|damage|how (?:bad|screwed)|deduct\w*|(?:the )?\d{1,2} ?(?:%|percent)? (?:off|penalty|apply"
    r"|applies|per day|a day"
    r"|flat|each day)|twenty percent|cutoff|cut off"
)
_HANDING_IN = (
    r"accept\w*|(?:ok|okay|fine|allowed|possible|happens|can i|lose|credit|grade|cost)(?: "
    r"\S+){0,4} (?:hand|turn"
    rf"|submit)(?: \S+){{0,5}}|forgot (?:to )?(?:\S+ )?(?:hand|turn|submit)"
    rf"|if (?:i|we|hw|project|discussion)\b.{{0,30}}?(?:{_HAND})|(?:{_HAND})\b.{{0,60}}?\b(?:ok"
    rf"|okay|fine|happens|count|alright|good)"
)
_STANDS = (
    r"gone|over|closed|lost|ok|okay|fine|accept\w*|possible|allowed|alright|count|works?|cool|good"
    r"|bad|too late"
)
_WHAT_TO_HAND_IN = r"(?:anything|something|what|which)(?: \S+){0,3} (?:hand|turn|submit|upload)\w*"
_NOT_A_DATE = r"how (?:do|to|should)|why|start\w*|about|show|asked?|say|said"
_BARE = 8  # words: "the third project, what day and hour"
_NOT_LATE = (
    r"late[- ](?:fusion|interaction|layers?|chunking|stages?|binding|phase|training|epochs?|in "
    r"(?:training|the \w+))"
    r"|weight penalty|penalty term|l[12] penalty|(?:gradient|norm|kl|regulari[sz]ation) penalty"
)
_LATE_VOCABULARY = DUE_VOCABULARY + (
    " delay delayed remains remain late penalty penalties lose loses losing lost cost costs points "
    "point grade grades percent "
    "credit accept accepts accepted accepting allowed allow possible policy off deducted deduct "
    "deduction deductions hit grace period missed missing miss fine happens happen works working "
    "maximum latest score scores marks mark penalized docked dock zero few rule rules partial does "
    "asap sick ill damage cutoff cut open closed closing flat apply applies applied instead per "
    "calculated computed exceed extra become becomes lateness consequence consequences prorated "
    "hourly daily twenty submitting accepts worst case minimum slip score inside window stamped "
    "stamp timestamp timestamped absolute eat waive waived exception exceptions extension excused "
    "grandfather grandmother passed death"
)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(1), "w": timedelta(7)}
_COUNTS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0,
           "six": 6.0, "ten": 10.0, "couple": 2.0, "half": 0.5, "few": 3.0}  # fmt: skip
_COUNT = r"(?:\d{1,3}(?:\.5)?|an?|one|two|three|four|five|six|ten|couple|half|few)"
_LATENESS = re.compile(
    rf"\b({_COUNT})(?: of| whole| full| a| an| more| and a half)* (minute|hour|day|week)s? "
    r"(?:and (?P<more>\d{1,2}) minutes? )?(?:too )?(?:late|after|past|overdue|beyond|delay\w*)\b"
    r"(?! (?:\w+ ){0,2}(?:grade|lecture|class|release))"
)
_SCORE = re.compile(
    r"(?<![\w./#:-])(?:a |an )?(\d{2,3})"
    r"(?!\d|[/:-]\d|\.\d|\s*(?:st|nd|rd|th|am|pm|%|hours?|days?|minutes?|percent|points? (?:off"
    r"|do)))"
)
_OUT = r"(?:when|what day).{0,20}\b(?:out|released?|posted|published)"
_MOST_LEFT = r"(?:max|maximum|most|highest|best)\b.{0,30}\b(?:get|score|grade|possible|now|reach)"
_HANDED = r"i (?:\S+ )?(?:uploaded|submitted|sent|turned|handed)"
_EXCEPTION = (
    r"waive\w*|exceptions?|extensions?|extended|extra (?:days?|time|week)|more (?:days|time)"
    r"|excused?|funeral|grand(?:father|mother|ma|pa)|passed away|death|hospital|doctors?"
    r"|sick|ill|flu|covid"
)
NO_EXCEPTIONS = (
    "The course site names no exceptions to this, so I can't promise one: ask the instructor early."
)
_LIMIT = (
    r"late (?:due date|deadline|window|period|cutoff)|how late is (?:too|still)|too late is|latest"
    r"|last (?:possible |minute )?(?:moment|day|minute|second|chance)"
    r"|how (?:many|much)(?: \S+){0,6} (?:until|left|till)|until when"
)


def late(asking: Asking) -> CourseAnswer | None:
    """Answer whether work is late, still accepted, and with what penalty."""
    lateness = _lateness(asking.text)
    cost = f"{asking.course.late_penalty or 0:.0%}".rstrip("%")
    rate = asking.has(rf"{cost} ?(?:%|percent)?") and asking.has(
        r"days?|hours?|becomes?|doubles?|twice|each|per|flat|after|more|lose|losing|left"
    )
    sure = (
        asking.has(_LATE) or lateness is not None or (rate and not asking.has("grade|worth|count"))
    )
    timed = asking.span or time_of(asking.text)[0] or asking.has("now")
    handing = asking.has(_HANDING_IN) or (
        asking.works and asking.has(_HAND) and not _asks_when(asking)
    )
    if asking.has(_NOT_LATE) or not (sure or (timed and handing)):
        return None
    course = asking.course
    if course.late_hours is None or course.late_penalty is None:
        return None
    works = asking.works or _dated_work(asking)
    if not works and asking.has(_WHAT_TO_HAND_IN):
        return None
    if (
        not works
        and lateness is None
        and not asking.has(
            _WORK_WORDS
            + r"|policy|submissions?|penalty|penalties|hand|turn|submit|late work|deadline"
            r"|late days?|grace period|late .{0,20}(?:percent|off|lose|cost)|how late|too late"
            r"|becomes?|become|doubles?|per day|flat"
            r"|each day"
        )
    ):
        return None
    if not works and asking.has("grade|worth") and not asking.has("late|penalty|lose|deadline"):
        return None
    if asking.strays(_LATE_VOCABULARY) > (5 if sure and works else 2 if sure or works else 0):
        return None
    draft = Draft("late")
    for work in works:
        if asking.has(_OUT) and isinstance(work, Assignment) and work.released:
            say_release(draft, work, asking)
        say_due(draft, work, asking, counted=False)
        _say_late(draft, work, asking)
    if not works:
        _say_policy(draft, asking)
    return draft.finish()


def named(asking: Asking) -> CourseAnswer | None:
    """Answer a question that only puts named work and a day side by side.

    "hw2 saturday 11pm ok or no" is how the work would stand then; "hw2 is thursday, right" is
    whether it is due then.
    """
    span = asking.span
    asks = asking.has("when|date|until|what day|which day|what time|hour")
    bare = asks and len(asking.text.split()) <= _BARE and not asking.strays(DUE_VOCABULARY)
    if not asking.works or not (span or bare) or asking.course.late_hours is None:
        return None
    if asking.strays(_LATE_VOCABULARY) > 2 or asking.has(_NOT_A_DATE):
        return None
    if not bare and not asking.has(
        _STANDS + r"|is|was|right|correct|by|till|until|due|chance|rely"
    ):
        return None
    draft = Draft("late")
    for work in asking.works:
        moment = due_moment(work, asking.course)
        if moment and span and asking.has(_STANDS):
            say_due(draft, work, asking, counted=False)
            _say_late(draft, work, asking)
        elif moment:
            say_due(draft, work, asking)
            inside = span and span.first <= moment.date() <= span.last
            verdict = "Yes" if inside else "No"
            if len(asking.spans) == 1 and asking.has(r"is|was|right|correct|on|by|till|until"):
                draft.lines[-1] = f"{verdict}: {draft.lines[-1]}"
    return draft.finish()


def _asks_when(asking: Asking) -> bool:
    """Whether the question is for the day itself, not for how work stands on it."""
    return asking.has(r"when|(?:the|what|which)(?: \S+)? (?:day|date)|deadline|due|by")


def _dated_work(asking: Asking) -> tuple[Work, ...]:
    """Return the one piece of work that is named by its kind and day: "friday's discussion"."""
    kind = re.search(r"\b(hw|project|discussion)s?\b", asking.text)
    span = asking.span
    if (
        not kind
        or span is None
        or asking.has(r"(?:any|a|an|all) (?:hw|project|discussion|assignment)")
    ):
        return ()
    near = re.search(r"due (?:on |at )?(?:\S+ )?$|(?:\S+ )?$", asking.text[: span.words[0]])
    after = asking.text[span.words[1] : span.words[1] + 24]
    if not (near and "due" in near.group()) and not re.match(r" (?:hw|project|discussion)", after):
        return ()
    works: list[Work] = [*asking.course.assignments, *asking.course.discussions]
    prefix = {"hw": "homework"}.get(kind.group(1), kind.group(1))
    found = [
        w for w in works
        if getattr(w, "key", "discussion").startswith(prefix)
        and (due := due_moment(w, asking.course)) and span.first <= due.date() <= span.last
    ]  # fmt: skip
    return tuple(found) if len(found) == 1 else ()


def _say_late(draft: Draft, work: Work, asking: Asking) -> None:
    """Say how `work` stands at the moment asked about."""
    course = asking.course
    moment = due_moment(work, course)
    if moment is None or course.late_penalty is None:
        return
    limit = late_limit(moment, course)
    rules = late_statements(course, discussion=isinstance(work, Discussion))
    at, words = _moment_asked(asking, moment)
    cost = f"{course.late_penalty:.0%}"
    if at is None:
        draft.say(
            f"Late work is accepted until {moment_name(limit)} and loses {cost}; after that it is"
            " not accepted",
            work_fact(work), *rules,
        )  # fmt: skip
    elif at <= moment:
        draft.say(f"Handing it in {words} is on time and costs nothing", work_fact(work))
        draft.say(f"After the deadline it loses {cost}, until {moment_name(limit)}", *rules)
    elif at <= limit:
        draft.say(
            f"Handing it in {words} is late but still accepted, until {moment_name(limit)}, and"
            f" loses {cost}",
            work_fact(work), *rules,
        )  # fmt: skip
    else:
        draft.say(
            f"Handing it in {words} is too late: late work is not accepted after"
            f" {moment_name(limit)}; until then it loses {cost}",
            work_fact(work), *rules,
        )  # fmt: skip
    _say_score(
        draft, asking, rules, accepted=at is None or at <= limit, late=at is None or at > moment
    )
    _say_clock_change(draft, moment, limit, rules)
    draft.say("Gradescope shows the dates that count, and the late period can be cut short", *rules)
    if asking.has(_EXCEPTION):
        # No rule is made up, and no hope: a student in need must know whom to ask.
        draft.lines.append(NO_EXCEPTIONS)


def _say_score(
    draft: Draft, asking: Asking, rules: list[CourseFact], *, accepted: bool, late: bool
) -> None:
    """Say what a score that the question names becomes."""
    penalty = asking.course.late_penalty
    if penalty is None:
        return
    scores = _scores(asking.text) or [100] * asking.has(_MOST_LEFT)
    for score in scores[:1] if accepted and late else ():
        left = score * (1 - penalty)
        draft.say(f"With {penalty:.0%} of it lost, a {score} becomes {left:g}", *rules)


def _say_clock_change(
    draft: Draft, moment: datetime, limit: datetime, rules: list[CourseFact]
) -> None:
    """Say when the late period by the calendar and by real hours differ by a change of clocks."""
    exact = (moment.astimezone(UTC) + (limit - moment)).astimezone(moment.tzinfo)
    if exact.replace(tzinfo=None) != limit.replace(tzinfo=None):
        first = min((limit, exact), key=lambda when: when.astimezone(UTC))
        draft.say(
            "The clocks change in between, so that two days by the calendar and exactly 48 hours"
            f" differ ({moment_name(limit)} and {moment_name(exact)}); count on the earlier,"
            f" {moment_name(first)}",
            *rules,
        )  # fmt: skip


def _moment_asked(asking: Asking, due_at: datetime) -> tuple[datetime | None, str]:
    """Return the moment of handing in that the question means, with words for it."""
    ahead = _lateness(asking.text)
    if ahead is not None:
        at = _later(due_at, ahead)
        return at, f"on {moment_name(at)}"
    if asking.has(_LIMIT):
        return None, ""
    then = asking.after(r"submi|hand|turn|accept|upload|can i|send")
    span = (then and then.span_besides_work) or asking.span_besides_work
    if span and span.single and asking.has(_HANDED) and span.first > asking.now.date():
        earlier = span.first - timedelta(7)  # "i uploaded it friday", told on sunday
        span = replace(span, first=earlier, last=earlier)
    if span:
        at = datetime.combine(span.last, span.at or time(23, 59), tzinfo=asking.now.tzinfo)
        if span.at is None and span.last == asking.now.date():
            at = max(asking.now, min(at, due_at) if asking.now <= due_at else asking.now)
            if asking.has(r"by (?:tonight|the end of)"):
                at = datetime.combine(span.last, time(23, 59), tzinfo=asking.now.tzinfo)
        if span.at is None and span.last != asking.now.date():
            return at, f"on {day_name(span.last)}"
        return at, f"on {moment_name(at)}"
    clock, words = time_of(asking.text)
    if clock and TIME.search(asking.text):
        now_said = asking.has(r"its|it is|now|currently")
        day = asking.now.date() if now_said or asking.now > due_at else due_at.date()
        if not now_said and asking.now <= due_at and clock.hour < 5 and "midnight" not in words:
            day += timedelta(1)  # "at 12:30 am" is the night after the deadline
        at = datetime.combine(day, clock, tzinfo=asking.now.tzinfo)
        return at, f"on {moment_name(at)}"
    past = asking.now > due_at
    if asking.has(r"now|still|already|havent|is it too late") or (
        past and asking.has(r"can i|is it|too late|is|open|accept\w*|forgot")
    ):
        return asking.now, f"now ({moment_name(asking.now)})"
    return None, ""


def _later(moment: datetime, by: timedelta) -> datetime:
    """Add days by the calendar and the rest by the real clock, as people count both."""
    day = moment + timedelta(by.days)
    return (day.astimezone(UTC) + (by - timedelta(by.days))).astimezone(moment.tzinfo)


def _lateness(text: str) -> timedelta | None:
    """Read "three days late", "30 minutes after the deadline", "late by 5 hours"."""
    text = re.sub(
        rf"\b(?:late|delayed) by ({_COUNT}) (minute|hour|day|week)(s?)", r"\1 \2\3 late", text
    )
    match = _LATENESS.search(text)
    if not match or re.search(rf"{re.escape(match.group())} (?:grade|lecture)", text):
        return None
    number = match.group(1)
    count = float(number) if number[0].isdigit() else _COUNTS[number]
    count += 0.5 if "and a half" in match.group() else 0
    return count * _UNITS[match.group(2)[0]] + timedelta(minutes=int(match["more"] or 0))


def lateness_words(text: str) -> str:
    """Return the words of `text` that say how late work is ("one day late"), or nothing."""
    match = _LATENESS.search(text)
    return match.group() if match else ""


def score_words(text: str) -> str:
    """Return "with a score of 95" where `text` names what the work would get, or nothing."""
    scores = _scores(text)
    return f"with a score of {scores[0]}" if scores else ""


def _scores(text: str) -> list[int]:
    text = without_dates(re.sub(r"\b(?:hw|project|discussion|lecture) ?#?1?\d\b", " ", text))
    return [score for s in _SCORE.findall(text) if 30 <= (score := int(s)) <= 100]


def _say_policy(draft: Draft, asking: Asking) -> None:
    """Say the rule for work that the question doesn't name."""
    course = asking.course
    assert course.late_hours is not None and course.late_penalty is not None
    rules = late_statements(course, discussion=asking.has("discussions?"))
    cost = f"{course.late_penalty:.0%}"
    window = f"{course.late_hours:.0f} hours ({course.late_hours / 24:g} days)"
    lateness = _lateness(asking.text)
    if lateness is not None and lateness > timedelta(hours=course.late_hours):
        draft.say(
            f"No: work is accepted up to {window} after the deadline, and not after that", *rules
        )
    elif lateness is not None:
        draft.say(f"It is late, but still accepted, and loses {cost}", *rules)
    draft.say(
        f"Homework, projects and discussion notebooks can be handed in up to {window} after the"
        f" deadline, and late work loses {cost}",
        *rules,
    )
    if lateness is None or lateness <= timedelta(hours=course.late_hours):
        _say_score(draft, asking, rules, accepted=True, late=True)
    draft.say(
        f"The loss is the same {cost} however late it is within that time; the time can be cut"
        " short, for instance at the end of the semester, so check the dates on Gradescope",
        *rules,
    )
