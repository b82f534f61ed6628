"""Whether a topic, or a session that the calendar names, is on the day that a question supposes."""

from __future__ import annotations

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.lectures import lectures_on, say_lecture
from ds542_tutor.calendar_answers.topics import COVERS_VOCABULARY, lectures_about
from ds542_tutor.calendar_answers.values import CourseAnswer, Draft

_SUPPOSES = (
    r"^(?:(?!what|when|which|who|where|why|how)\S+ ){0,2}(?:is|isnt|are|arent|was|wasnt|will)"
    r"|(?:right|correct|isnt it|yes|no)(?= *(?:[?.!,]|$))"
)
_VOCABULARY = (
    f"{COVERS_VOCABULARY} explained explain introduced teaching giving gives runs lecturer who one"
)
_MOST_WORDS = 4


def on_day(asking: Asking) -> CourseAnswer | None:
    """Answer "is tomorrow the one on LoRA?": yes or no, with the lecture that is on it."""
    span = asking.span
    if span is None or not span.single or not asking.has(_SUPPOSES):
        return None
    if (
        asking.works
        or asking.lectures
        or asking.has(r"due|deadlines?|office|where (?:is|are|do|can)|room|slides?")
    ):
        return None
    topic = asking.residue(_VOCABULARY)
    if not 1 <= len(topic) <= _MOST_WORDS:
        return None
    found = lectures_about(asking.course, topic)
    if len(found) != 1:
        return None
    (lecture,) = found
    draft = Draft("covers")
    who = asking.has("who|give|gives|giving|teach|teaches|teaching")
    say_lecture(draft, lecture, asking.now, told=who)
    on = lecture in lectures_on(asking.course, span.first, span.last)
    draft.lines[0] = f"{'Yes' if on else 'No'}: {draft.lines[0]}"
    return draft.finish()
