"""Decide what the policy says to a question: answer, hint or refuse, and by which rule.

Deterministic and fast; no language model takes part. A question is judged in the light of the
conversation: what was held back once stays held back when the student asks again, presses, claims
authority or asks for it in parts. What the decision does to an answer is `enforce`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ds542_tutor.course import Course
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.policy import harms, requests
from ds542_tutor.policy.disguise import readings
from ds542_tutor.policy.graded import GradedItems, Likeness
from ds542_tutor.policy.rules import Policy

MIN_CONTENT_WORDS = 2
"""Words left of a message without its injected instructions, for it to hold a question."""

_CREDITING = re.compile(
    r"\b(?:cit(?:e|ing|ation)|credit(?:ing)?|disclos\w+|acknowledg\w+|attribut\w+|gaia|ai policy"
    r"|appendix|ai (?:use|usage|tools?|detect\w+)|(?:use|used|using) (?:you|chat ?gpt|ai|llms?|gpt"
    r"|copilot|claude|this (?:bot|tutor)))\b"
)
_LOGISTICS = re.compile(
    r"\b(?:when|deadline|due|late|office hours?|room|email|syllabus|grad(?:e|ed|ing) weights?"
    r"|regrade|who teaches|schedule|extension|where is|what time|recess|next lecture)\b"
)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one message amounts to, before modes and actions."""

    rule: str
    reason: str
    assignment: str | None = None


def decide(
    question: str,
    turns: Sequence[Turn],
    policy: Policy,
    course: Course,
    graded: GradedItems,
    now: datetime,
    vector: Sequence[float] | None = None,
) -> Decision:
    """Return what the policy says to `question`.

    Args:
        turns: the earlier messages, oldest first.
        course: its zone says which day it is, its titles which assignment is meant.
        graded: what graded work asks, from the index.
        now: the moment of the question, for modes with dates; in the course's zone when naive.
        vector: unit embedding of the question, when there is one.
    """
    day = (now.astimezone(ZoneInfo(course.timezone)) if now.tzinfo else now).date()
    if policy.closed(day):
        return policy.decision("closed", "every question is denied on this day")
    earlier = [turn.text for turn in turns if turn.role == "user"]
    finding = _in_conversation(question, earlier, graded, vector)
    assignment = finding.assignment or _titled(question, course)
    if finding.rule == "graded-solution":
        mode = policy.mode(assignment, day)
        rule = {"allow": "graded-allowed", "hint": "graded-solution", "deny": "graded-denied"}[mode]
        return policy.decision(rule, f"{finding.reason}; mode {mode}", assignment)
    if assignment and finding.rule != "logistics" and policy.mode(assignment, day) == "deny":
        return policy.decision("graded-denied", "all help with it is denied", assignment)
    return policy.decision(finding.rule, finding.reason, assignment)


def _titled(question: str, course: Course) -> str | None:
    """Return the assignment whose own title the question says ("my shallow networks hw")."""
    text = readings(question)[0]
    if not requests.mentions_graded(text):
        return None
    for assignment in course.assignments:
        title = re.split(r"\s*(?:--|–|:|\s-\s)\s*", assignment.title, maxsplit=1)[-1].casefold()
        # One word ("Attention") is a topic more often than a title.
        if " " in title and title in text:
            return assignment.key
    return None


def _in_conversation(
    question: str, earlier: Sequence[str], graded: GradedItems, vector: Sequence[float] | None
) -> _Finding:
    """Judge `question` by itself, then as a continuation of what was asked before."""
    finding = _judge(question, graded, vector)
    texts = readings(question)
    if finding.rule not in _OPEN or not any(_continues(text, finding.rule) for text in texts):
        return finding
    for text in reversed(earlier):
        before = _judge(text, graded, None)
        if before.rule not in _OPEN:
            reason = f"presses an earlier request ({before.reason})"
            return _Finding(before.rule, reason, before.assignment)
    recent = " ".join(readings(text)[0] for text in earlier[-RECENT:])
    pointing = any(requests.wants_solution(t) and requests.points_back(t) for t in texts)
    named = graded.named(recent)
    if pointing and (named or requests.mentions_graded(recent)):
        assignment = requests.assignment_of(recent) or (named[1].assignment if named else None)
        return _Finding("graded-solution", "asks for what was spoken of before", assignment)
    return finding


def _continues(text: str, rule: str) -> bool:
    """Say whether a message that is open by itself goes on with what was asked before."""
    wanted = requests.wants_solution(text) or requests.wants_it_handed_back(text)
    if requests.wants_another_example(text):
        return False
    if not wanted and (requests.asks_to_explain(text) or requests.shows_own_work(text)):
        return False
    if not wanted and rule in ("crediting", "logistics") and requests.asks_a_fact(text):
        return False
    return wanted or requests.presses(text)


RECENT = 3
"""Earlier messages in which "the function" may have been named: further back it is another one."""

_OPEN = frozenset({"concept", "logistics", "own-work", "debugging", "crediting"})


def _judge(question: str, graded: GradedItems, vector: Sequence[float] | None) -> _Finding:
    """Judge one message by itself, in all its readings."""
    texts = readings(question)
    for rule, test in _HARMS:
        if any(test(text) for text in texts):
            return _Finding(rule, f"asks for what rule {rule!r} refuses")
    asked = [_graded_request(text, graded, vector) for text in texts]
    found = next((finding for finding in asked if finding), None)
    if found:
        return found
    if any(harms.injects(text) for text in texts):
        rest = harms.without_injection(texts[0])
        if len(re.findall(r"[a-z]{3,}", rest)) < MIN_CONTENT_WORDS:
            return _Finding("injection", "nothing but instructions to the tutor")
    return _benign(texts[0])


_HARMS = (
    ("attribution", harms.evades_attribution),
    ("exam", harms.during_exam),
    ("impersonation", harms.impersonates),
    ("private", harms.asks_private),
    ("staff-only", harms.staff_only),
)


def _graded_request(
    text: str, graded: GradedItems, vector: Sequence[float] | None
) -> _Finding | None:
    """Return the finding when `text` asks for graded work to be done."""
    if requests.shows_own_work(text) and not requests.wants_it_handed_back(text):
        return None
    if requests.asks_what_is_allowed(text):
        return None
    named, pasted = graded.named(text), graded.pasted(text)
    like = named[1] if named else pasted
    assignment = requests.assignment_of(text) or (like.assignment if like else None)
    wanted = requests.wants_solution(text)
    if named and (wanted or requests.wants_named(text, named[0])):
        return _Finding("graded-solution", _why(like), assignment)
    if pasted:
        own = graded.besides(text, pasted)
        explains = requests.asks_to_explain(own) and not requests.wants_solution(own)
        return None if explains else _Finding("graded-solution", _why(pasted), assignment)
    numbered = graded.numbered(text)
    if numbered and (wanted or _DO_PROBLEM.search(text)) and not requests.asks_to_explain(text):
        return _Finding("graded-solution", _why(numbered), assignment)
    if wanted and requests.mentions_graded(text):
        return _Finding("graded-solution", _why(None), assignment)
    if (named or requests.names_graded_part(text)) and not _says_what_for(text):
        return _Finding("graded-solution", "names graded work and asks nothing else", assignment)
    near = graded.alike(vector) if vector else None
    if near and wanted and not requests.asks_to_explain(text):
        return _Finding("graded-solution", _why(near), near.assignment)
    return None


_DO_PROBLEM = re.compile(
    r"\b(?:solve|answer|do|prove|work out|complete|finish) (?:\w+ ){0,2}"
    r"(?:prob(?:lem)?|exercise)s? \d"
)


def _says_what_for(text: str) -> bool:
    """Say whether a message is recognisably something else than a request for work to be done."""
    return (
        requests.asks_to_explain(text)
        or requests.asks_a_fact(text)
        or _benign(text).rule != "concept"
    )


def _why(like: Likeness | None) -> str:
    if like is None:
        return "asks for graded work that it names"
    return f"asks for graded work ({like.kind} likeness {like.score:.2f})"


def _benign(text: str) -> _Finding:
    assignment = requests.assignment_of(text)
    if _CREDITING.search(text):
        return _Finding("crediting", "asks how to credit AI", assignment)
    if requests.reports_error(text):
        return _Finding("debugging", "an error of the student's own", assignment)
    if requests.asks_about_own_work(text):
        return _Finding("own-work", "feedback on the student's own work", assignment)
    if _LOGISTICS.search(text):
        return _Finding("logistics", "about the running of the course", assignment)
    return _Finding("concept", "about the material", assignment)
