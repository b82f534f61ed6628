"""Material that comes in a later lecture: which lecture a slide belongs to, and what is said then.

Decks are numbered by whoever made them, and a site may number its lectures otherwise: a deck is
known by its file, else by the words of its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ds542_tutor.calendar_answers.lectures import lecture_fact, lecture_name
from ds542_tutor.calendar_answers.values import CourseAnswer, Draft, moment_name
from ds542_tutor.course import Course, Lecture
from ds542_tutor.dialogue import Hit
from ds542_tutor.documents import Chunk

_SMALL_WORDS = frozenset("a an and of the in for to with part".split())
_SAME_NAME = 0.5  # share of common words (Jaccard) from which two names mean one lecture
_LOOKED_AT = 10  # hits that say where a matter is taught
_EARLIER_IS_ENOUGH = 0.10
"""An earlier deck counts as teaching the matter when its best slide comes this near (in cosine) to
the best slide of the later one. Measured in docs/experiments.md."""


def lecture_of(course: Course, chunk: Chunk) -> Lecture | None:
    """Return the lecture of this term that a slide belongs to, or None when the site has none."""
    if chunk.kind != "slides" or (chunk.term and course.term and chunk.term != course.term):
        return None
    name = chunk.document.rpartition("/")[2]
    for lecture in course.lectures:
        if lecture.deck == name:
            return lecture
    words = _words(name)
    ranked = sorted(
        ((_likeness(words, lecture), -index) for index, lecture in enumerate(course.lectures)),
        reverse=True,
    )
    if not words or not ranked or ranked[0][0] < _SAME_NAME:
        return None
    return course.lectures[-ranked[0][1]]


def taught_later(course: Course, hits: Sequence[Hit], now: datetime) -> Lecture | None:
    """Return the later lecture that treats what `hits` were found for, else None.

    Only when the best slide is that lecture's, and no slide of a lecture already held is about as
    near to the question; never when a page on the running of the course is what fits best.
    """
    if hits and hits[0].chunk.kind == "site":
        return None
    local = _local(course, now)
    slides = [
        (hit, lecture)
        for hit in hits[:_LOOKED_AT]
        if (lecture := lecture_of(course, hit.chunk)) is not None
    ]
    if not slides or slides[0][1].starts <= local:
        return None
    later = max(hit.similarity for hit, lecture in slides if lecture.starts > local)
    held = max((hit.similarity for hit, lecture in slides if lecture.starts <= local), default=0.0)
    return slides[0][1] if held < later - _EARLIER_IS_ENOUGH else None


def rests_on_later(course: Course, cited: Sequence[Chunk], now: datetime) -> bool:
    """Whether most of the cited slides belong to later lectures; True when no slide is cited."""
    local = _local(course, now)
    lectures = [found for chunk in cited if (found := lecture_of(course, chunk)) is not None]
    later = sum(lecture.starts > local for lecture in lectures)
    return 2 * later >= len(lectures)


def comes_later(lecture: Lecture) -> str:
    """Say when a lecture comes and what to read before it."""
    said = (
        f"This is material of {lecture_name(lecture)}, which comes on {moment_name(lecture.starts)}"
    )
    return f"{said}. {_first(lecture)}."


def deferral(lecture: Lecture) -> CourseAnswer:
    """Return what is said instead of an answer: when the matter comes, and what to read first."""
    draft = Draft("ahead")
    fact = lecture_fact(lecture)
    draft.say(
        f"This comes in {lecture_name(lecture)}, on {moment_name(lecture.starts)}, and the staff"
        " ask me to leave it until then",
        fact,
    )
    draft.say(_first(lecture), fact)
    answer = draft.finish()
    assert answer is not None, "a draft with a sentence and a fact is an answer"
    return answer


def _first(lecture: Lecture) -> str:
    readings = [r for r in lecture.readings if not r.casefold().startswith(("extra", "optional"))]
    if readings:
        return f"Read first: {'; '.join(readings).rstrip('.')}"
    return f"See its slides first ({lecture.deck})" if lecture.deck else "Wait for its page"


def _local(course: Course, now: datetime) -> datetime:
    zone = ZoneInfo(course.timezone)
    return now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)


def _words(name: str) -> frozenset[str]:
    """Return the words of a file's name or of a title that tell it from others."""
    words = re.findall(r"[a-z]+", name.casefold().rpartition(".")[0] or name.casefold())
    return frozenset(w.removesuffix("s") for w in words) - _SMALL_WORDS


def _likeness(words: frozenset[str], lecture: Lecture) -> float:
    """Share of common words with the lecture's page, slides or title, one containing the other."""
    best = 0.0
    page = lecture.source.rpartition("/")[2]
    for other in (_words(page), _words(lecture.deck or ""), _words(lecture.title)):
        if other and (words <= other or other <= words):
            best = max(best, len(words & other) / len(words | other))
    return best
