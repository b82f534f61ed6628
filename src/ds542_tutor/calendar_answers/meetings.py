"""When and where lectures and discussion sections meet every week."""

from __future__ import annotations

import re

from ds542_tutor.calendar_answers.asking import Asking, Work
from ds542_tutor.calendar_answers.lectures import (
    discussions_on,
    lectures_on,
    say_discussion,
    say_lecture,
)
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact, Draft
from ds542_tutor.course import Discussion, Meeting

SESSION = r"lectures?|class|classes|sessions?|discussions?|sections?"
_MEETING_VOCABULARY = (
    "lecture lectures room rooms building buildings located location place held meet meets meeting "
    "take takes discussion discussions section sections session sessions address find finish ends "
    "starts begin begins happen happens schedule scheduled where a1 a2 a3 a4 a5 b1 tues thurs mon "
    "wed fri tue thu physically which floor campus weekly times hall let lets mornings attend "
    "cds earliest days each same other later latest earlier same cgs iec mug held duration run "
    "runs finishes over "
    "enrolled registered assigned timing address street "
    "in-person"
)
_WHERE_OR_WHEN = (
    r"at \d{1,2}|where|what room|which room|room|rooms|location|building|what time|times?"
    r"|when (?:is|are|am|does|do)|how long (?:is|are|does)|what days?|which days?|let out|schedule"
    r"|(?:morning|afternoon|evening)|address|hall|how many (?:discussion )?sections"
    r"|which (?:discussion )?sections?|same (?:day|time|room)|earliest|latest"
    r"|(?:lecture|class|discussion)s? (?:days?|hours?)"
    r"|(?:is|are) .{0,20}\b(?:lecture|class|discussion)s? in"
)
_ON_WEEKDAYS = r"(?:is|are|do|does|only) .{0,40}\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
_SUPPOSES_A_PLACE = (
    r"(?:lectures?|class|discussions?|sections?) (?:(?:is|are|was|were|meets?) )?"
    r"(?:(?:still|now|always|really|held|meeting|gonna be|going to be) )*(?:in|at)"
    r" (?!the (?:morning|afternoon|evening)|\d|noon|night)\w+"
    r"|(?:same|different) (?:room|building|place)"
)
_SHORT = 6  # words: "what room are we in"
_SECTION = re.compile(r"\b([abc]\d)\b")


def meetings(asking: Asking) -> CourseAnswer | None:
    """Answer when and where lectures and discussion sections meet every week."""
    weekdays = re.findall(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b", asking.text)
    supposes = asking.has(_SUPPOSES_A_PLACE) and asking.has(
        r"still|right|correct|moved|or|really|same"
    )
    if not (asking.has(_WHERE_OR_WHEN) or (weekdays and asking.has(_ON_WEEKDAYS)) or supposes):
        return None
    numbered: list[Work] = [w for w in asking.works if isinstance(w, Discussion)]
    in_room = any(_in_room(m, asking) for m in asking.course.meetings)
    room = in_room or (
        asking.has(r"(?:what|which) (?:room|building)") and len(asking.text.split()) <= _SHORT
    )
    if not (room or asking.has(SESSION + r"|classroom|a[1-9]")) or len(numbered) < len(
        asking.works
    ):
        return None
    if (numbered or asking.lectures) and not asking.has(r"where|room|building|location|what time"):
        return None
    # A building that the site does not name is a word that nothing accounts for.
    if asking.strays(_MEETING_VOCABULARY + " classroom moved") > supposes or asking.has(
        r"next|last|previous|due|first|final|office|how many (?:lectures|classes|days|weeks)"
    ):
        return None
    if not (numbered or asking.lectures) and re.search(
        r"\b(?:lecture|class|discussion) ?#?\d", asking.text
    ):
        return None  # one numbered session, which the calendar doesn't have
    if asking.has("no (?:class|lecture)|cancel+ed|turn(?:ed)? in|hand(?:ed)? in|submit\\w*|graded"):
        return None
    wanted = [m for m in asking.course.meetings if _meets(m, asking)]
    rooms = [m for m in asking.course.meetings if _in_room(m, asking)]
    if rooms and asking.has("which|what|who|where") and not asking.has("lectures?"):
        wanted = rooms
    draft = Draft("meeting")
    for lecture in asking.lectures:
        say_lecture(draft, lecture, asking.now)
    for work in asking.works:
        if isinstance(work, Discussion):
            say_discussion(draft, work, asking.now)
    if not draft.lines and wanted and not _say_span(draft, asking, wanted[0]):
        return None
    for meeting in wanted:
        say_meeting(draft, meeting)
    if wanted and asking.has(r"how long|(?:how many|in) minutes|duration|length"):
        _say_length(draft, wanted[0])
    if (
        weekdays
        and draft.lines
        and asking.has("is|are|do|does")
        and not asking.has("where|when|what")
    ):
        on = all(day[:3] in wanted[0].days.casefold() for day in weekdays)
        draft.lines[0] = f"{'Yes' if on else 'No'}: {draft.lines[0]}"
    if len(wanted) == 2 and asking.has("same|different"):
        one, two = (meeting.location for meeting in wanted)
        draft.say(
            "They meet in the same room" if one == two else "They meet in different rooms",
            *map(meeting_fact, wanted),
        )
    if len(draft.lines) > 1:
        draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def _say_span(draft: Draft, asking: Asking, meeting: Meeting) -> bool:
    """Say what meets on the day that the question names; False when nothing does."""
    span = asking.span
    if span is None or len(asking.spans) > 1:
        return True
    lectures = lectures_on(asking.course, span.first, span.last)
    discussions = discussions_on(asking.course, span.first, span.last)
    if not span.single:
        return True
    for lecture in lectures if "lecture" in meeting.name.casefold() else ():
        say_lecture(draft, lecture, asking.now)
    for discussion in discussions if "lecture" not in meeting.name.casefold() else ():
        say_discussion(draft, discussion, asking.now)
    return bool(draft.lines) or not (lectures or discussions)


def say_meeting(draft: Draft, meeting: Meeting) -> None:
    """Say when and where `meeting` is, times as the site has them."""
    fact = meeting_fact(meeting)
    draft.say(fact.statement.rstrip("."), fact)


def _say_length(draft: Draft, meeting: Meeting) -> None:
    """Say how many minutes `meeting` takes, where the site's hours can be read."""
    hours = [
        (int(hour) % 12 + (12 if half == "p" else 0)) * 60 + int(minute or 0)
        for hour, minute, half in re.findall(
            r"(\d{1,2})(?::(\d\d))? ?([ap])\.?m", meeting.time.casefold()
        )
    ]
    if len(hours) == 2 and hours[0] < hours[1]:
        draft.say(f"That is {hours[1] - hours[0]} minutes", meeting_fact(meeting))


def meeting_fact(meeting: Meeting) -> CourseFact:
    """Return when and where `meeting` is as one fact."""
    hours = re.sub(r"\s*(?:--|–|—)\s*", " to ", meeting.time)
    sentence = f"{meeting.name}: {meeting.days}, {hours}, {meeting.location}"
    if _ends_before_start(meeting.time):
        sentence += " (as the site has it; the start must be a slip"
        likely = _swapped_start(meeting.time)
        sentence += f" for {likely})" if likely else ")"
    return CourseFact(meeting.source, f"{sentence}.")


def _in_room(meeting: Meeting, asking: Asking) -> bool:
    """Say whether the question names the room of `meeting`."""
    room = re.match(r"([A-Za-z]{3,}) \w*\d\w*", meeting.location)
    if room is None:
        return False
    building, whole = room.group(1).casefold(), room.group().casefold()
    return asking.has(re.escape(whole)) or asking.has(rf"in {building}(?! \w*\d)")


def _meets(meeting: Meeting, asking: Asking) -> bool:
    """Say whether the question is about `meeting`: its section, else lectures or discussions."""
    name = meeting.name.casefold()
    sections = _SECTION.findall(asking.text)
    if sections:
        return any(section in name for section in sections)
    both = asking.has("lectures?") and asking.has("discussions?|sections?")
    if asking.has(r"discussions?|sections?|sessions?"):
        return both or "discussion" in name or ("section" in name and "lecture" not in name)
    return "lecture" in name


def _swapped_start(hours: str) -> str:
    """Return the start of "10:10pm -- 11:00am" with the other half of the day: "10:10am"."""
    start = re.match(r"(\d{1,2}:\d\d ?)([ap])m", hours.casefold())
    if start is None:
        return ""
    swapped = f"{start[1]}{'a' if start[2] == 'p' else 'p'}m"
    rest = hours[start.end() :]
    return "" if _ends_before_start(swapped + rest) else swapped


def _ends_before_start(hours: str) -> bool:
    found = re.findall(r"(\d{1,2}):(\d\d) ?([ap])m", hours.casefold())
    minutes = [int(h) % 12 * 60 + int(m) + (720 if half == "p" else 0) for h, m, half in found]
    return len(minutes) == 2 and minutes[1] < minutes[0]
