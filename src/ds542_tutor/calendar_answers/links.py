"""Where the slides and the recording of a lecture are, and whether its page links them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.lectures import lecture_fact, lecture_name, lectures_on
from ds542_tutor.calendar_answers.sessions import TAUGHT_VOCABULARY
from ds542_tutor.calendar_answers.topics import lectures_of_words
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact, Draft, day_name
from ds542_tutor.course import Course, Lecture

_RECORDING = r"recordings?|recorded|re-?watch|replay|mymedia|videos? of|lecture videos?"
_SLIDES = r"slides?|decks?|powerpoint|pptx?|slide ?deck"
_ASKS_FOR_SLIDES = (
    r"links?|urls?|download\w*|posted|uploaded|online|available|up (?:yet|already|on)"
    r"|put (?:them )?up|where (?:are|is|can i (?:find|get|download))"
    r"|(?:find|get|need|have|send) (?:me )?the"
)
IN_A_FILE = (
    r"(?:which|what) (?:slides?|page)|on (?:the )?slides?|slides? (?:\d|says?|shows?|on|about|with"
    r"|where|that)|explain\w*|mean\w*|understand"
)
"""What asks for something on the slides, not for the slides."""
_WEEK = re.compile(r"\bweeks? (?:#|no\.? |number )?(\d{1,2})\b")
_VOCABULARY = TAUGHT_VOCABULARY + (
    " recording recordings recorded record rewatch re-watch replay video videos watch mymedia link "
    "links url urls slides slide deck decks powerpoint pdf pptx ppt download downloads posted post "
    "uploaded upload uploads online available access open file files missed miss sick absent jury "
    "duty appointment anywhere put posting video zoom youtube version copy notes lecture's "
    "first second whole each every kaltura broken dead works working live gone late send share"
)
_PAGE_VOCABULARY = (
    "link links url urls address web webpage website page forum open join send share post working "
    "lecture lectures signup sign access find broken"
)
_MOST = 4  # lectures told one by one


def pages(asking: Asking) -> CourseAnswer | None:
    """Answer where the pages are that the course uses elsewhere, such as Piazza."""
    if not asking.has(r"links?|urls?|address|where(?: \S+){0,3} (?:is|find|go)|web ?(?:page|site)"):
        return None
    named = [page for page in asking.course.links if asking.has(re.escape(page.name.casefold()))]
    own = " ".join(page.name.casefold() for page in named)
    if not named or asking.works or asking.strays(f"{_PAGE_VOCABULARY} {own}"):
        return None
    draft = Draft("links")
    for page in named:
        draft.say(f"{page.name}: {page.url}", CourseFact(page.source, f"{page.name}: {page.url}"))
    return draft.finish()


def links(asking: Asking) -> CourseAnswer | None:
    """Answer where slides or recordings of lectures are, by what the lectures' pages link."""
    recording = asking.has(_RECORDING)
    slides = asking.has(_SLIDES) and asking.has(_ASKS_FOR_SLIDES)
    if not (recording or slides) or asking.works or asking.of_content:
        return None
    if not recording and asking.has(IN_A_FILE):
        return None
    chosen, named = _lectures(asking)
    if chosen:
        return _say_links(asking.course, chosen, recording=recording, slides=slides)
    if recording and not named and not asking.strays(_VOCABULARY):
        return _say_all(asking)
    return None


def _lectures(asking: Asking) -> tuple[Sequence[Lecture], bool]:
    """Return the lectures that are meant, and whether the message names any day or topic."""
    course = asking.course
    if asking.lectures:
        return asking.lectures, True
    words = asking.residue(_VOCABULARY)
    topic = lectures_of_words(course, words) if words else []
    if week := _WEEK.search(asking.text):
        return _in_week(course, int(week.group(1))), True
    if span := asking.window:
        on = lectures_on(course, span.first, span.last)
        both = [lecture for lecture in on if lecture in topic]
        return both or on, True
    if topic:
        return topic[:_MOST], True
    if words:
        return (), True
    held = [lecture for lecture in course.lectures if lecture.starts <= asking.now]
    if asking.has(r"(?:last|latest|previous|most recent) (?:lecture|class|session|one|time)"):
        return held[-1:], True
    return (), False


def _in_week(course: Course, number: int) -> Sequence[Lecture]:
    """Return the lectures of a week, counted from that of the first lecture."""
    if not course.lectures:
        return ()
    first = min(lecture.starts.date() for lecture in course.lectures)
    monday = first - timedelta(first.weekday())
    return [
        lecture
        for lecture in course.lectures
        if (lecture.starts.date() - monday).days // 7 == number - 1
    ]


def _say_links(
    course: Course, lectures: Sequence[Lecture], *, recording: bool, slides: bool
) -> CourseAnswer | None:
    draft = Draft("links")
    found = any(_of_kind(course, lecture, "slide|deck|record|video") for lecture in lectures)
    if not (recording or found):
        return None  # where slides are that no page links, the search may know
    for lecture in lectures[:_MOST]:
        kinds = [
            ("recording", _of_kind(course, lecture, "record|video"), recording),
            ("slides", _of_kind(course, lecture, "slide|deck"), slides or recording),
        ]
        told = [f"{kind} {address}" for kind, address, wanted in kinds if wanted and address]
        lacks = [kind for kind, address, wanted in kinds if wanted and not address]
        name = f"{lecture_name(lecture)}, on {day_name(lecture.starts)}"
        sentence = f"{name}: {'; '.join(told)}" if told else name
        if lacks:
            sentence += f"{';' if told else ':'} its page links no {' and no '.join(lacks)}"
        draft.say(sentence, links_fact(lecture))
    if len(draft.lines) > 1:
        draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def _say_all(asking: Asking) -> CourseAnswer | None:
    """Say which lectures have a recording, for who asks of none in particular."""
    course = asking.course
    found = [lecture for lecture in course.lectures if _of_kind(course, lecture, "record|video")]
    if not found:
        return None  # whether lectures are recorded, another page may say
    draft = Draft("links")
    draft.say(
        f"The course site links a recording on the pages of {len(found)} of {len(course.lectures)}"
        " lectures",
        *map(links_fact, found[:_MOST]),
    )
    for lecture in found[:_MOST]:
        address = _of_kind(course, lecture, "record|video")
        name = f"{lecture_name(lecture)}, on {day_name(lecture.starts)}"
        draft.say(f"{name}: {address}", links_fact(lecture))
    draft.lines = [f"- {line}" if i else line for i, line in enumerate(draft.lines)]
    return draft.finish()


def _of_kind(course: Course, lecture: Lecture, kind: str) -> str:
    """Return the address of the first link whose name has `kind`, or ""."""
    url = next((url for name, url in lecture.links if re.search(kind, name, re.I)), "")
    inside = url.startswith("/") and course.site_url
    return f"{course.site_url.rstrip('/')}{url}" if inside else url


def links_fact(lecture: Lecture) -> CourseFact:
    """Return the date of a lecture with what its page links as one fact."""
    listed = ", ".join(f"{name}: {address}" for name, address in lecture.links)
    said = lecture_fact(lecture).statement
    return CourseFact(lecture.source, f"{said} {listed}." if listed else said)
