"""Whether and when there is an exam, on a course whose site may not have any."""

from __future__ import annotations

import re

from ds542_tutor.calendar_answers.asking import Asking, due_moment
from ds542_tutor.calendar_answers.deadlines import due_sentence, is_tentative, work_fact
from ds542_tutor.calendar_answers.grading import EXAM, statements_on
from ds542_tutor.calendar_answers.scores import part_pattern
from ds542_tutor.calendar_answers.values import CourseAnswer, Draft, join_words

_EXAM = rf"{EXAM}|(?:final|mid ?term|in-?class|written|last) tests?|mid ?terms?|quiz(?:zes)?|finals"
_ASKS = (
    r"when|what (?:day|date|time|week|percent\w*)|which (?:day|date|week)|is there|are there"
    r"|there (?:is|are|will|wont|isnt|arent)|do (?:we|you|i)|does|did|will|any"
    r"|how (?:much|many|big)|worth|counts?|percent\w*|have|has|having|no|not|only|date"
    r"|scheduled?|where|right"
)
_ELSEWHERE = (
    r"different class|other class(?:es)?|another (?:class|course)|(?:other|my) (?:courses|classes)"
    r"|study\w*|practi[cs]e|prepar\w*|prep|quiz (?:me|us)|past|old|mock|sample|review\w*"
    r"|ais?|gpt|chat ?gpt|claude|copilot|gemini|llms?|tools?|notes|book|laptops?|calculators?"
    r"|last (?:year|fall|semester|term)|cheat\w*|answers?|right now|rn|currently|minutes"
)
_VOCABULARY = (
    "exam exams final finals midterm midterms quiz quizzes test tests in-class written scheduled "
    "schedule held book booking flight flights ticket tickets worth percent percentage "
    "count counts grade graded grading total weight part cumulative open sit take taking "
    "official registrar slot period room comprehensive replace replaced instead project "
    "projects homework hw discussions discussion pop surprise weekly planned cover covers"
)
_TOLERATED = 3


def exam(asking: Asking) -> CourseAnswer | None:
    """Answer whether there is an exam: by the site's own word, or by what the grade is made of."""
    if not asking.has(_EXAM) or not asking.has(_ASKS) or asking.has(_ELSEWHERE):
        return None
    if asking.works or asking.of_content or asking.strays(_VOCABULARY) > _TOLERATED:
        return None
    draft = Draft("exam")
    if facts := statements_on(asking, "no exam", r"\bno (?:final |midterm )?exams?\b"):
        draft.say(facts[0].statement, facts[0])
        return draft.finish()
    parts = asking.course.weights
    facts = statements_on(asking, "grading", r"\d+ ?%")
    exams = any(re.search(_EXAM, what.casefold()) for what, _ in parts)
    if not parts or not facts or exams:
        return None
    if asking.has("grade|graded") and any(
        re.search(part_pattern(what), asking.text) for what, _ in parts
    ):
        return None  # how parts of the grade compare, exams beside them
    made_of = join_words(f"{what} ({percent:g}%)" for what, percent in parts)
    draft.say(f"The course site lists no exam or quiz; the grade is made of {made_of}", facts[0])
    _say_last_deadline(draft, asking)
    return draft.finish()


def _say_last_deadline(draft: Draft, asking: Asking) -> None:
    """Say what is due last: until then a student has to be there, exam or not."""
    due = [(m, w) for w in asking.course.assignments if (m := due_moment(w, asking.course))]
    if due:
        _, work = max(due, key=lambda pair: pair[0])
        draft.say(f"The last deadline it has: {due_sentence(work, asking)}", work_fact(work))
        draft.tentative |= is_tentative(work)
