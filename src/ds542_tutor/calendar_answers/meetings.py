"""When and where lectures and discussion sections meet every week."""

from __future__ import annotations

import re

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact, Draft
from ds542_tutor.course import Meeting

SESSION = r"lectures?|class|classes|session|discussion|section"
_MEETING_VOCABULARY = (
    "lecture lectures room rooms building located location place held meet meets meeting take "
    "takes "
    "discussion discussions section sections session sessions address find let lets finish ends "
    "starts begin begins happen happens schedule where a1 a2 a3 a4 a5 b1 tues thurs tuesday "
    "thursday "
    "friday fridays tuesdays thursdays mon wed fri physically go which floor campus weekly times "
    "tues/thurs tue thu"
)
_WHERE_OR_WHEN = (
    r"where|what room|which room|room|location|building|what time|when (?:is|are|does|do)|times?"
    r"|how long (?:is|are)|what days?|which days?|let out|schedule"
)


def meetings(asking: Asking) -> CourseAnswer | None:
    """Answer when and where lectures and discussion sections meet every week."""
    if not asking.has(_WHERE_OR_WHEN):
        return None
    if not asking.has(SESSION + r"|a[1-9]") or asking.works or asking.lectures:
        return None
    if len(asking.residue(_MEETING_VOCABULARY)) > 0 or asking.has(
        r"next|last|previous|due|first|final"
    ):
        return None
    if re.search(r"\b(?:lecture|class|discussion) ?#?\d", asking.text):
        return None  # one numbered session, which the calendar doesn't have
    section = re.search(r"\b([abc]\d)\b", asking.text)
    wanted = [m for m in asking.course.meetings if _meets(m, asking, section)]
    draft = Draft("meeting")
    for meeting in wanted:
        say_meeting(draft, meeting)
    if len(draft.lines) > 1:
        draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def say_meeting(draft: Draft, meeting: Meeting) -> None:
    """Say when and where `meeting` is, times as the site has them."""
    hours = re.sub(r"\s*(?:--|–|—)\s*", " to ", meeting.time)
    sentence = f"{meeting.name}: {meeting.days}, {hours}, {meeting.location}"
    if _ends_before_start(meeting.time):
        sentence += " (times as the site has them; the start looks like a slip)"
    draft.say(sentence, CourseFact(meeting.source, f"{sentence}."))


def _meets(meeting: Meeting, asking: Asking, section: re.Match[str] | None) -> bool:
    """Say whether the question is about `meeting`: its section, else lectures or discussions."""
    name = meeting.name.casefold()
    if section:
        return section.group(1) in name
    if asking.has(r"discussions?|sections?|sessions?"):
        return "discussion" in name
    return "lecture" in name


def _ends_before_start(hours: str) -> bool:
    found = re.findall(r"(\d{1,2}):(\d\d) ?([ap])m", hours.casefold())
    minutes = [int(h) % 12 * 60 + int(m) + (720 if half == "p" else 0) for h, m, half in found]
    return len(minutes) == 2 and minutes[1] < minutes[0]
