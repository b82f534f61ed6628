"""What is taught when: lectures, readings, days with class and without."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from ds542_tutor.calendar_answers.asking import Asking, work_name
from ds542_tutor.calendar_answers.meetings import SESSION, say_meeting
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    join_words,
    moment_name,
)
from ds542_tutor.course import Course, Discussion, Event, Lecture

_TAUGHT = (
    r"(?:what|which|wat|topics?|subject|agenda)\b.{0,60}\b(?:cover(?:ed|ing)?|teach|taught|learn"
    r"|learned"
    r"|learning|topics?|about|on|do|doing|did|discuss(?:ed|ing)?|go over|went over|going over"
    r"|talk(?:ed|ing)?"
    r"|next|lectures?|class|happening|happens|planned|scheduled|missed?|miss)"
)
_WHEN = r"(?:when|what (?:time|day|date)|which (?:day|date))\b"
_NEXT_SESSION = (
    r"(?:next|upcoming|following) (?:lecture|class|session|discussion|section)"
    r"|(?:lecture|class|cover) next"
)
_LAST_SESSION = r"(?:last|previous|latest|most recent) (?:lecture|class|session|discussion|section)"
_ON_DAYS = (
    r"what (?:is|was) (?:on|happening|going on|planned)|schedule (?:for|of)|(?:did|have) i miss"
)
_TAUGHT_VOCABULARY = (
    "lecture lectures cover covered covering covers teach teaching taught learn learned learning "
    "topic topics subject agenda discuss discussed discussing talk talked talking went going over "
    "happening happens planned scheduled schedule missed miss session discussion section about "
    "professor gardos title called he number plan plans expect prepare goes chapters"
)
_COVERS = (
    r"(?:which|what) (?:lectures?|class(?:es)?|day|week|date)(?: \S+){0,3}? (?:covers?|covered"
    r"|covering|is on|is about"
    r"|was on|was about|are on|are about|on|about|talks? about|introduces?|deals? with|(?:do|did"
    r"|will) (?:we|you|he) "
    r"(?:cover|learn|do|discuss|talk about|get to|start)|has|have)"
    r"|when (?:do|does|did|will|are|is|was|were|have|can)(?: \S+){0,4}? (?:cover(?:ed|ing)?"
    r"|learn(?:ing)?|get to|getting to|start|do"
    r"|reach|discuss(?:ed|ing)?|talk(?:ing)? about|go(?:ing)? over|taught|the lecture|lecture"
    r"|the class)"
    r"|(?:will|are|do) (?:we|you) (?:going to |gonna |ever )?(?:cover|learn|talk about|get to"
    r"|discuss)"
    r"|(?:have|did) (?:we|you) (?:already )?(?:cover(?:ed)?|learn(?:ed)?|done|do|get to)"
    r"|(?:when|(?:what|which) (?:day|date)) (?:is|was|are|were|do we have) "
    r"\S.{0,60}\b(?:lectures?|class)"
)
_COVERS_VOCABULARY = _TAUGHT_VOCABULARY + (
    " introduce introduces introduced deals deal with reach get getting start starts does"
)
_READ = r"pages|read|reading|readings|chapters?|pre-?read|prework|pre-?class"
_READ_VOCABULARY = _TAUGHT_VOCABULARY + (
    " read reading readings chapter chapters book udl textbook pages assigned assignment required "
    "preread prework suggested optional section sections supposed prep preparing preclass goes list"
)
_FOR_NEXT = (
    r"next|upcoming|before (?:class|lecture)|for (?:class|lecture)|what is the reading|pre-?work"
)
_HELD = (
    r"(?:is there|are there|do (?:we|i|you)(?: guys)? have|have we|is|are we|will there be|there"
    r"|we have|no|any|having|meet"
    r"|meeting|cancel+ed|do we meet|does|go to|off|spring|break|recess|holiday|vacation)"
)
_RECESS = r"(?:spring|winter|semester)? ?(?:break|recess|vacation|holidays?)"
_HELD_VOCABULARY = (
    "lecture lectures class classes held meet meets meeting meetings cancelled canceled cancel "
    "discussion discussions section sections session sessions spring break recess vacation holiday "
    "off happening running normal usual usually having free begin begins starts resume back return"
)
_LISTED_LECTURES = 4  # more lectures on one topic than that, and the topic is too wide to answer


def taught(asking: Asking) -> CourseAnswer | None:
    """Answer what is taught on a date, next, last, or in lecture N, and when lecture N is."""
    if asking.residue(_TAUGHT_VOCABULARY):
        return None
    numbered = [w for w in asking.works if isinstance(w, Discussion)]
    if not asking.works and not asking.lectures and asking.span:
        return _on_days(asking) if _asks_for_days(asking) else None
    if asking.lectures or (numbered and len(numbered) == len(asking.works)):
        asked = asking.has(_TAUGHT + "|" + _WHEN + "|date of|topic of|title of")
        lectures, days = (list(asking.lectures), numbered) if asked else ([], [])
    elif asking.works:
        return None
    elif asking.has(_NEXT_SESSION):
        lectures, days = _around(asking, ahead=True)
    elif asking.has(_LAST_SESSION):
        lectures, days = _around(asking, ahead=False)
    else:
        return None
    draft = Draft("lecture")
    for lecture in lectures:
        _say_lecture(draft, lecture, asking)
    for discussion in days:
        _say_discussion(draft, discussion, asking)
    return draft.finish()


def _asks_for_days(asking: Asking) -> bool:
    """Say whether the question is what is taught on the days it names."""
    if asking.has(_ON_DAYS):
        return True
    return asking.has(_TAUGHT) and asking.has(
        f"{SESSION}|cover|covered|covering|teach|taught|learn"
    )


def covering(asking: Asking) -> CourseAnswer | None:
    """Answer which lecture is on a topic, and when, where a title or summary says so."""
    if not asking.has(_COVERS) or asking.works or asking.lectures:
        return None
    topic = asking.residue(_COVERS_VOCABULARY)
    if not topic or len(topic) > 4:
        return None
    found = _about(asking.course, topic)
    draft = Draft("covers")
    for lecture in found[:_LISTED_LECTURES]:
        _say_lecture(draft, lecture, asking)
    return draft.finish() if len(found) <= _LISTED_LECTURES else None


def readings(asking: Asking) -> CourseAnswer | None:
    """Answer what to read for a lecture, a date or a topic's lecture."""
    if not asking.has(_READ):
        return None
    rest = asking.residue(_READ_VOCABULARY)
    lectures: Sequence[Lecture] = asking.lectures
    if not lectures and asking.span and not rest:
        lectures = _lectures_on(asking.course, asking.span.first, asking.span.last)
    elif not lectures and rest and len(rest) <= 4 and asking.has(r"lecture|class"):
        lectures = _about(asking.course, rest)[:2]
        rest = []
    elif not lectures and asking.has(_FOR_NEXT):
        lectures = _around(asking, ahead=True)[0]
    if rest or not lectures:
        return None
    draft = Draft("readings")
    for lecture in lectures:
        name = f"{lecture_name(lecture)}, on {day_name(lecture.starts)}"
        if lecture.readings:
            draft.say(f"For {name}: {'; '.join(lecture.readings)}", _fact(lecture))
        else:
            draft.say(f"The course site lists no reading for {name}", _fact(lecture))
    return draft.finish()


def held(asking: Asking) -> CourseAnswer | None:
    """Answer whether there is class on a date, and when recess is."""
    recess = asking.has(_RECESS)
    if not (asking.has(_HELD) and (recess or asking.has(SESSION + "|meet|meeting"))):
        return None
    if asking.works or asking.lectures or len(asking.residue(_HELD_VOCABULARY)) > 0:
        return None
    draft = Draft("class")
    if asking.span and asking.span.single and not (recess and asking.has("when")):
        _say_day(draft, asking, asking.span.first)
    elif asking.span and asking.span.words[1] and not asking.span.single:
        return _on_days(asking)
    elif recess:
        _say_recess(draft, asking.course)
    return draft.finish()


def lecture_name(lecture: Lecture) -> str:
    """Return "Lecture 8, Fitting Models" from a title such as "08 - Fitting Models"."""
    title = re.sub(r"^(?:lecture )?\d+\s*(?:--|–|-|:|\.)\s*", "", lecture.title, flags=re.I)
    return f"Lecture {lecture.number}, {title}" if lecture.number is not None else title


def lecture_fact(lecture: Lecture) -> CourseFact:
    """Return date, title, summary and readings of a lecture as one fact."""
    return _fact(lecture)


def recess_of(course: Course) -> tuple[Event, Event] | None:
    """Return the events that begin and end the recess, when the site has both."""
    named = [
        e for e in course.events if re.search(r"recess|break", f"{e.name} {e.description}", re.I)
    ]
    first = next((e for e in named if re.search(r"start|begin", e.name, re.I)), None)
    last = next((e for e in named if re.search(r"\bend", e.name, re.I)), None)
    return (first, last) if first and last else None


def _on_days(asking: Asking) -> CourseAnswer | None:
    """Say what is taught on the days asked for, or why nothing is."""
    assert asking.span is not None
    first, last = asking.span.first, asking.span.last
    draft = Draft("lecture")
    only = (
        "discussion"
        if asking.has("discussions?|section")
        else "lecture"
        if asking.has("lectures?")
        else ""
    )
    if only != "discussion":
        for lecture in _lectures_on(asking.course, first, last):
            _say_lecture(draft, lecture, asking)
    for discussion in asking.course.discussions:
        if first <= discussion.day <= last and only != "lecture":
            _say_discussion(draft, discussion, asking)
    if draft.lines:
        return draft.finish()
    if asking.span.single:
        _say_day(draft, asking, first)
    elif _in_recess(asking.course, first) and _in_recess(asking.course, last):
        _say_recess(draft, asking.course)
    return draft.finish()


def _say_day(draft: Draft, asking: Asking, day: date) -> None:
    """Say whether there is class on `day`, with the reason when there is none."""
    course = asking.course
    lectures = _lectures_on(course, day, day)
    discussions = [d for d in course.discussions if d.day == day]
    if lectures or discussions:
        draft.say(f"Yes, there is class on {day_name(day)}", *map(_fact, lectures[:1]),
                  *(_discussion_fact(d) for d in discussions[:1]))  # fmt: skip
        for lecture in lectures:
            _say_lecture(draft, lecture, asking)
        for discussion in discussions:
            _say_discussion(draft, discussion, asking)
        return
    recess = recess_of(course)
    if recess and recess[0].when.date() <= day <= recess[1].when.date():
        first, last = recess
        draft.say(
            f"No, {day_name(day)} lies in spring recess, which runs from {day_name(first.when)} to"
            f" {day_name(last.when)}",
            _event_fact(first), _event_fact(last),
        )  # fmt: skip
        return
    later = [lec for lec in course.lectures if lec.starts.date() > day]
    if later and later[0].starts.date() > day and day >= course.lectures[0].starts.date():
        draft.say(
            f"The course site lists no class on {day_name(day)}; the next lecture is"
            f" {lecture_name(later[0])}, on {moment_name(later[0].starts)}",
            _fact(later[0]),
        )
        for meeting in course.meetings[:1]:
            say_meeting(draft, meeting)
    elif course.lectures:
        edge = course.lectures[0] if later else course.lectures[-1]
        which = "first" if later else "last"
        draft.say(
            f"The course site lists no class on {day_name(day)}; the {which} lecture of the term is"
            f" on {day_name(edge.starts)}",
            _fact(edge),
        )


def _say_recess(draft: Draft, course: Course) -> None:
    recess = recess_of(course)
    if recess:
        first, last = recess
        draft.say(
            f"Spring recess runs from {day_name(first.when)} to {day_name(last.when)}, without "
            f"class",
            _event_fact(first), _event_fact(last),
        )  # fmt: skip


def _in_recess(course: Course, day: date) -> bool:
    recess = recess_of(course)
    return bool(recess and recess[0].when.date() <= day <= recess[1].when.date())


def _around(asking: Asking, *, ahead: bool) -> tuple[list[Lecture], list[Discussion]]:
    """Return the next or the last session's lectures, or discussion when that is asked for."""
    course, now = asking.course, asking.now
    if asking.has("discussions?|section"):
        days = sorted({d.day for d in course.discussions if (d.day >= now.date()) == ahead})
        day = (days[0] if ahead else days[-1]) if days else None
        return [], [d for d in course.discussions if d.day == day]
    starts = sorted({lec.starts for lec in course.lectures if (lec.starts > now) == ahead})
    moment = (starts[0] if ahead else starts[-1]) if starts else None
    return [lec for lec in course.lectures if lec.starts == moment], []


def _about(course: Course, topic: list[str]) -> list[Lecture]:
    """Return the lectures whose title has every word of `topic`, else whose summary has."""
    stems = [_stem(word) for word in topic]

    def has_all(text: str) -> bool:
        words = {_stem(w) for w in re.findall(r"[a-z]+", text.casefold())}
        return all(stem in words for stem in stems)

    # The file's name often has the short form: "13_cnns.md".
    titled = [lec for lec in course.lectures if has_all(lec.title) or has_all(_file_words(lec))]
    return titled or [lec for lec in course.lectures if has_all(f"{lec.title} {lec.tldr}")]


def _file_words(lecture: Lecture) -> str:
    return lecture.source.rsplit("/", 1)[-1].replace("_", " ").removesuffix(".md")


def _stem(word: str) -> str:
    """Cut common endings, so that "transformer" finds "Transformers" and "cnn" finds "CNNs".

    Acronyms of the field stand for their words where lecture titles spell them out.
    """
    word = {"backprop": "backpropagation", "init": "initialization", "convnet": "convolution"}.get(
        word, word
    )
    return re.sub(r"(?:ations?|ational|ing|ors?|ers?|al|ed|es|s|ion|e)$", "", word) or word


def _lectures_on(course: Course, first: date, last: date) -> list[Lecture]:
    return [lec for lec in course.lectures if first <= lec.starts.date() <= last]


def _say_lecture(draft: Draft, lecture: Lecture, asking: Asking) -> None:
    word = "was" if lecture.starts < asking.now else "is"
    draft.say(f"{lecture_name(lecture)}, {word} on {moment_name(lecture.starts)}", _fact(lecture))


def _say_discussion(draft: Draft, discussion: Discussion, asking: Asking) -> None:
    word = "was" if discussion.day < asking.now.date() else "is"
    draft.say(
        f"{work_name(discussion)} {word} on {day_name(discussion.day)}",
        _discussion_fact(discussion),
    )


def _fact(lecture: Lecture) -> CourseFact:
    parts = [f"{lecture_name(lecture)}: {moment_name(lecture.starts)}."]
    if lecture.tldr:
        parts.append(lecture.tldr)
    if lecture.readings:
        parts.append(f"Readings: {join_words(lecture.readings)}.")
    return CourseFact(lecture.source, " ".join(parts))


def _discussion_fact(discussion: Discussion) -> CourseFact:
    return CourseFact(discussion.source, f"{work_name(discussion)}: {day_name(discussion.day)}.")


def _event_fact(event: Event) -> CourseFact:
    return CourseFact(event.source, f"{event.name}: {day_name(event.when)}.")
