"""All that the calendar has on a piece of work, in two sentences, and several answers as one.

Where it is not sure which of its dates was asked for, release, deadline and late period together
answer every such question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ds542_tutor.calendar_answers.asking import Asking, Work, due_moment
from ds542_tutor.calendar_answers.deadlines import (
    DUE_VOCABULARY,
    due_sentence,
    is_tentative,
    work_fact,
)
from ds542_tutor.calendar_answers.late_rules import say_late_period
from ds542_tutor.calendar_answers.releases import say_release
from ds542_tutor.calendar_answers.values import CourseAnswer, Draft
from ds542_tutor.course import Assignment, Discussion

_FRAME = (
    r"time ?(?:frame|line|span)"
    r"|(?:start|begin|release)\w* (?:and|to|till|until) (?:end|due|deadline)\w*"
    r"|from when (?:to|till|until) when|how long is|key dates|(?:all )?(?:the )?dates (?:for|of)"
)
_FRAME_VOCABULARY = (
    f"{DUE_VOCABULARY} frame timeframe timeline span key release released open runs run"
)
_MOST_WORKS = 3  # with more, each in full would be a page


def work_card(asking: Asking) -> CourseAnswer | None:
    """Say when the work that the question names is released, due, and too late."""
    draft = Draft("due")
    for work in asking.works[:_MOST_WORKS]:
        _say_work(draft, work, asking)
    return draft.finish()


def time_frame(asking: Asking) -> CourseAnswer | None:
    """Answer from when to when the work that the question names is open."""
    if not asking.works or not asking.has(_FRAME) or asking.strays(_FRAME_VOCABULARY) > 1:
        return None
    return work_card(asking)


def _say_work(draft: Draft, work: Work, asking: Asking) -> None:
    fact = work_fact(work)
    if isinstance(work, Assignment) and work.released:
        say_release(draft, work, asking)
    draft.say(due_sentence(work, asking), fact)
    draft.tentative |= is_tentative(work)
    if moment := due_moment(work, asking.course):
        discussion = isinstance(work, Discussion)
        say_late_period(draft, asking.course, moment, asking.now, fact, discussion=discussion)


def joined(answers: Sequence[CourseAnswer]) -> CourseAnswer:
    """Return several answers as one, sentences that an earlier one has left out.

    Raises:
        ValueError: there is no answer.
    """
    first, *others = answers
    lines = first.text.split("\n")
    draft = Draft(first.topic, facts=list(first.sources))
    for answer in others:
        said = _bare("\n".join(lines))
        numbers = {str(i): draft.number(fact) for i, fact in enumerate(answer.sources, 1)}
        for line in answer.text.split("\n"):
            new = " ".join(s for s in re.split(r"(?<=\]\.) ", line) if not _said(s, said))
            pieces = re.split(r"(?<=\[)(\d+)(?=\])", new)
            lines += ["".join(str(numbers.get(piece, piece)) for piece in pieces)] if new else []
    listed = any(line.startswith("- ") for line in lines)
    if listed:
        lines = [f"- {line.removeprefix('- ')}" for line in lines]
    tentative = any(answer.tentative for answer in answers)
    exact = all(answer.exact for answer in answers)
    text = ("\n" if listed else " ").join(lines)
    return CourseAnswer(text, tuple(draft.facts), tentative, first.topic, exact)


def _said(sentence: str, said: str) -> bool:
    """Whether `said` has the sentence, or what it begins with ("Lecture 6 was on Tue Mar 3")."""
    bare = _bare(sentence)
    if bare.startswith("Late work"):
        return "accepted" in said
    start = re.sub(r", (?:in |\d+ |earlier)[^,]*$", "", bare.split(". ")[0].rstrip(" ."))
    return start in said


def _bare(text: str) -> str:
    return re.sub(r"\[\d+\]|^- ", "", text, flags=re.M)
