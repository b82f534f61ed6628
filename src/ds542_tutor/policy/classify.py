"""Decide what the policy says to a question: answer, hint or refuse, and by which rule.

Deterministic and fast; no language model takes part. A question is judged in the light of the
conversation: what was held back once stays held back when the student asks again, presses, claims
authority or asks for it in parts. Of all findings the strictest decides, so nothing that is added
(a message, a rule, a second opinion) loosens a decision. What the decision does to an answer is
`enforce`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from ds542_tutor.course import Course
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.policy import requests
from ds542_tutor.policy.disguise import meant, readings
from ds542_tutor.policy.findings import (
    GRADED,
    LIKELY,
    Finding,
    Findings,
    by_meaning,
    doubtful_parts,
    examine_message,
    judged,
)
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.kinds import BENIGN, HARMFUL, WORK, Kinds
from ds542_tutor.policy.rules import Policy
from ds542_tutor.policy.signals import Sense, signals, titled_assignment

RECENT = 3
"""Earlier messages in which "the function" may have been named: further back it is another one."""

HARMLESS = 0.85
"""Probability from which a message that opens like pressing ("ok", "and") is none."""

FAINT, NO_HARM = 0.6, 0.1
"""Cosine to an exemplar below which a pointing question is like it in form at most; probability
with the messages before it below which these are about something harmless."""

REMEMBERED = 12
"""Earlier messages that are looked at; a conversation that long has gone to other things."""

ENDS = 1000
"""Characters looked at of either end of an earlier message, which was judged whole in its time."""

_OPEN = frozenset({"concept", "logistics", "own-work", "debugging", "crediting"})
_STRICTNESS = {"answer": 0, "hint": 1, "refuse": 2}
_QUOTED_PIECE = re.compile(
    r"\b\w+\s*(?:=|:=|:|is|means|stands for)\s*(['\"`«“])(.{2,400}?)['\"`»”]"
)
_POINTS_BACK = re.compile(r"\b(?:it|its|that|those|these|this|they|them|their|ones?)\b", re.I)
_OVER = re.compile(
    r"\b(?:(?:exam|quiz|test|midterm|final|it) (?:is|was|'s|are)? ?(?:now )?(?:over|done|finished)"
    r"|after the (?:exam|quiz|test|midterm)|handed (?:it )?in|submitted|yesterday|last week)\b"
)


class SecondOpinion(Protocol):
    """Something slower, a language model for instance, that may make a decision stricter."""

    def judge(self, question: str, turns: Sequence[Turn], decision: Decision) -> Decision:
        """Return what it would decide; `stricter` sees to it that this cannot loosen anything."""
        ...


@dataclass(frozen=True, slots=True)
class Examination:
    """A decision with everything that was considered for it.

    Attributes:
        considered: each finding as a decision, the strictest first. message: the findings of the
            question by itself.
    """

    decision: Decision
    considered: tuple[Decision, ...]
    message: Findings


def stricter(one: Decision, other: Decision) -> Decision:
    """Return the stricter of two decisions, the first of two equally strict ones."""
    return other if _STRICTNESS[other.action] > _STRICTNESS[one.action] else one


def only_resembles(question: str, decision: Decision) -> bool:
    """Say whether a decision rests on likeness alone: no words of `question` ask for what it holds
    back, nor has it been asked for before.

    A question for the date of an assignment resembles one for its solution, and a question about
    an exam one from within it. Whoever knows better what was asked may then answer.
    """
    measured = any(name.startswith("likely") for name in decision.scores)
    wanted = any(
        requests.wants_solution(text) or requests.wants_it_handed_back(text)
        for text in readings(question)
    )
    return decision.action != "answer" and measured and not wanted


def joined_messages(question: str, turns: Sequence[Turn]) -> str:
    """Return a question with the messages of the student before it as one text; "" without any."""
    return _joined(question, _asked(turns))


def sense_of(
    question: str,
    turns: Sequence[Turn],
    embed: Callable[[str], Sequence[float]],
    kinds: Kinds | None = None,
) -> Sense:
    """Embed what `decide` needs of a question: itself, and with the messages before it."""
    joined = joined_messages(question, turns)
    text = judged(question)
    vector = embed(text)
    likely = kinds.likely(text, vector) if kinds else {}
    parts = tuple((part, embed(part)) for part in doubtful_parts(text, likely))
    return Sense(vector, embed(meant(joined)) if joined else None, kinds, parts, likely)


def decide(
    question: str,
    turns: Sequence[Turn],
    policy: Policy,
    course: Course,
    graded: GradedItems,
    now: datetime,
    sense: Sense | None = None,
) -> Decision:
    """Return what the policy says to `question`; see `examine`."""
    return examine(question, turns, policy, course, graded, now, sense).decision


def examine(
    question: str,
    turns: Sequence[Turn],
    policy: Policy,
    course: Course,
    graded: GradedItems,
    now: datetime,
    sense: Sense | None = None,
) -> Examination:
    """Return what the policy says to `question`, and what else was considered.

    Args:
        turns: the earlier messages, oldest first.
        course: its zone says which day it is, its titles which assignment is meant.
        graded: what graded work asks, from the index.
        now: the moment of the question, for modes with dates; in the course's zone when naive.
        sense: what vectors tell of the question (`sense_of`); without it words alone decide.
    """
    day = (now.astimezone(ZoneInfo(course.timezone)) if now.tzinfo else now).date()
    sense = sense or Sense()
    message = examine_message(question, policy, course, graded, sense)
    found = [*message.found]
    earlier = _asked(turns)
    if earlier:
        found = [f for f in found if not _is_of_context(f, question, earlier, sense)]
        found[-1:-1] = _in_conversation(question, earlier, message, policy, course, graded, sense)
    closed = policy.closing(day)
    considered = [_applied(finding, question, policy, course, day) for finding in found]
    if closed is not None:
        evidence = (policy.describe_mode(closed),)
        considered.insert(
            0, policy.decision("closed", "every question is denied on this day", None, evidence)
        )
    # Sorting is stable: of equally strict ones the first found stays first, but a hint that knows
    # the assignment says more than one that does not.
    considered.sort(
        key=lambda d: (-_STRICTNESS[d.action], d.action == "hint" and d.assignment is None)
    )
    return Examination(considered[0], tuple(considered), message)


def _applied(
    finding: Finding, question: str, policy: Policy, course: Course, day: date
) -> Decision:
    """Return the decision that a finding leads to on `day`, by the modes in force."""
    assignment = finding.assignment or _titled(question, course)
    entry = policy.mode_entry(assignment, day)
    mode = entry.mode if entry else "hint"
    told = policy.describe_mode(entry)
    rule, reason, evidence = finding.rule, finding.reason, finding.evidence
    if rule == GRADED:
        rule = {"allow": "graded-allowed", "hint": GRADED, "deny": "graded-denied"}[mode]
        reason, evidence = f"{reason}; mode {mode}", (*evidence, told)
    elif assignment and mode == "deny" and rule not in ("logistics", *policy.refusing):
        rule, reason, evidence = "graded-denied", "all help with it is denied", (*evidence, told)
    return policy.decision(rule, reason, assignment, evidence, finding.scores)


def _titled(question: str, course: Course) -> str | None:
    return titled_assignment(readings(question)[0], course)


def _asked(turns: Sequence[Turn]) -> list[str]:
    texts = [turn.text for turn in turns if turn.role == "user"][-REMEMBERED:]
    return [t if len(t) <= 2 * ENDS else f"{t[:ENDS]}\n{t[-ENDS:]}" for t in texts]


def _joined(question: str, earlier: Sequence[str]) -> str:
    """Return the last messages and the question as one text; "" without earlier ones."""
    return "\n".join([*earlier[-RECENT:], question]) if earlier else ""


def _in_conversation(
    question: str,
    earlier: Sequence[str],
    message: Findings,
    policy: Policy,
    course: Course,
    graded: GradedItems,
    sense: Sense,
) -> list[Finding]:
    """Judge `question` as a continuation of what was asked before."""
    found = [*_in_pieces(question, earlier, policy, course, graded)]
    texts = readings(question)
    work, harmless = message.likely.get(WORK, 0.0), _harmless(message)
    pushes = any(_continues(text, message.benign.rule) for text in texts)
    own = any(map(requests.shows_own_work, texts))
    wants = work >= LIKELY and not own
    goes_on = wants or (pushes and not (harmless >= HARMLESS and work < 1 - HARMLESS))
    for text in reversed(earlier):
        words = Sense()  # of earlier messages only words are looked at: they are many
        before = examine_message(text, policy, course, graded, words).found[0]
        persists = before.rule == "exam" and not _OVER.search(texts[0])
        if before.rule not in _OPEN and (goes_on or persists):
            reason = f"presses an earlier request ({before.reason})"
            evidence = (f'earlier message: "{" ".join(text.split())[:100]}"', *before.evidence)
            found.append(replace(before, reason=reason, evidence=evidence))
            break
    found += _of_the_whole(question, earlier, message, course, graded, sense, goes_on)
    return [*found, *_meant_together(question, earlier, sense, goes_on)]


def _is_of_context(finding: Finding, question: str, earlier: Sequence[str], sense: Sense) -> bool:
    """Whether a short question that points back is faintly like a harm, by itself alone.

    "And how many of those contain it?" is private after grades, and arithmetic after networks.
    """
    if sense.kinds is None or sense.context is None or finding.rule not in HARMFUL:
        return False
    # What words ask for has no cosine: it stays, whatever was said before.
    if finding.scores.get("cosine", 1.0) >= FAINT or not _POINTS_BACK.search(question):
        return False
    if len(question.split()) > requests.MAX_POINTING_WORDS:
        return False
    together = sense.kinds.likely(meant(_joined(question, earlier)), sense.context)
    return together.get(finding.rule, 0.0) < NO_HARM


def _meant_together(
    question: str, earlier: Sequence[str], sense: Sense, goes_on: bool
) -> list[Finding]:
    """Judge the last messages and this one as one text, by its meaning.

    An exam goes on until it is said to be over; other requests must be gone on with.
    """
    if sense.kinds is None:
        return []
    joined, whole = _joined(question, earlier), Sense(sense.context, None, sense.kinds)
    found = by_meaning((joined,), sense.kinds.likely(meant(joined), sense.context), whole)
    over = _OVER.search(readings(question)[0])
    return [
        replace(f, reason=f"{f.reason}, with the messages before it")
        for f in found
        if goes_on or (f.rule == "exam" and not over)
    ]


def _in_pieces(
    question: str, earlier: Sequence[str], policy: Policy, course: Course, graded: GradedItems
) -> list[Finding]:
    """Judge pieces that messages gave names to ("a = 'write the'"), put together."""
    pieces = [m[2] for text in (*earlier, question) for m in _QUOTED_PIECE.finditer(text)]
    if len(pieces) < 2:
        return []
    whole = " ".join(pieces)
    found = examine_message(whole, policy, course, graded, Sense()).found[:-1]
    evidence = f'pieces put together: "{whole[:100]}"'
    return [replace(f, evidence=(evidence, *f.evidence)) for f in found]


def _of_the_whole(
    question: str,
    earlier: Sequence[str],
    message: Findings,
    course: Course,
    graded: GradedItems,
    sense: Sense,
    goes_on: bool,
) -> list[Finding]:
    """Judge a request that says what it wants and leaves to earlier messages of what."""
    if not goes_on:
        return []
    texts = readings(question)
    recent = " ".join(readings(text)[0] for text in earlier[-RECENT:])
    pointing = any(requests.wants_solution(t) and requests.points_back(t) for t in texts)
    named = graded.named(recent)
    if pointing and (named or requests.mentions_graded(recent)):
        assignment = requests.assignment_of(recent) or (named[1].assignment if named else None)
        evidence = f'earlier messages name "{named[0]}"' if named else "earlier messages name it"
        return [Finding(GRADED, "asks for what was spoken of before", assignment, (evidence,))]
    if message.signals is None:
        return []
    if message.likely.get(WORK, 0.0) < _harmless(message):
        return []
    whole = signals(
        _joined(question, earlier), graded, course, Sense(sense.context), message.likely
    )
    if whole.likely < LIKELY or not whole.tied:
        return []
    evidence = f"with earlier messages: {', '.join(whole.strongest())}"
    scores = {"likely graded work": whole.likely}
    reason = "asks for graded work in several messages"
    return [Finding(GRADED, reason, whole.assignment, (evidence,), scores)]


def _harmless(message: Findings) -> float:
    """Return how likely a message is of a harmless kind by itself."""
    return sum(message.likely.get(kind, 0.0) for kind in BENIGN)


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
