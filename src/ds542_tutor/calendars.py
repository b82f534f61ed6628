"""Which calendar answers a question, if one does: the running term's, or what another one's
syllabus says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ds542_tutor.calendar_answers import CourseAnswer, term_asked
from ds542_tutor.course_questions import computed_answer
from ds542_tutor.dialogue import Turn
from ds542_tutor.former_terms import answer_of_term
from ds542_tutor.index.generation import Generation
from ds542_tutor.places import asks_for_a_place
from ds542_tutor.policy.kinds import Kinds
from ds542_tutor.policy.signals import Sense
from ds542_tutor.queries import standalone

_IN_MATERIALS = ("slides", "book", "notebook")
_OF_PLACES = frozenset({"covers", "links", "readings", "lecture"})
"""Topics of computed answers that tell where something is taught or kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that is known of it; `embed` gives the unit vector of a text."""

    question: str
    turns: Sequence[Turn]
    now: datetime
    sense: Sense
    embed: Callable[[str], Sequence[float]]


def from_calendars(
    asked: Asked, generation: Generation, kinds: Kinds | None, places: Kinds | None
) -> CourseAnswer | None:
    """Return what a calendar answers to a question, or None.

    Args:
        kinds, places: the regressions over kinds of calendar questions, and questions for a place.
    """
    course, vector = generation.course, asked.sense.vector
    if term := term_asked(asked.question, course.term):
        return answer_of_term(term, asked.question, asked.now, generation, kinds, asked.embed)
    found = computed_answer(course, asked.question, asked.turns, asked.now, kinds, vector)
    if found is None or found.exact or found.topic in _OF_PLACES:
        return found
    # "Anything on it in the deck?" is near "anything due?" in meaning.
    query = standalone(asked.question, ())
    sought = query.kind in _IN_MATERIALS and asks_for_a_place(query, places, vector)
    return None if sought else found
