"""Say in words why a question is decided as it is, and what nearly changed it.

For staff who edit the policy file. Decisions are made in `classify`; nothing here changes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from ds542_tutor.answer_json import decision_json
from ds542_tutor.course import Course
from ds542_tutor.dialogue import Decision
from ds542_tutor.policy.classify import Examination
from ds542_tutor.policy.findings import LIKE_HARM, LIKELY, Findings
from ds542_tutor.policy.graded import MIN_COSINE, MIN_SHARE, MIN_SHARED
from ds542_tutor.policy.kinds import HARMFUL
from ds542_tutor.policy.rules import Policy, assignment_name

NEAR = 0.33
"""Share of a threshold from which what was measured is worth telling."""


def explanation_json(question: str, examined: Examination, policy: Policy) -> dict[str, Any]:
    """Return the explanation as JSON: the decision, its clauses in words, what else was near."""
    return {
        "question": question,
        "decision": decision_json(examined.decision),
        "clauses": _clauses(examined.decision, policy),
        "student_reads": policy.wording(examined.decision),
        "also": [decision_json(decision) for decision in _also(examined)],
        "near_misses": list(near_misses(examined.message)),
    }


def explanation_text(examined: Examination, policy: Policy) -> str:
    """Return the explanation as lines for a terminal."""
    decision = examined.decision
    lines = [f"{decision.action}: rule {decision.rule}, {decision.reason}"]
    if decision.assignment:
        lines.append(f"  about: {assignment_name(decision.assignment)}")
    lines += [f"  clause {n}: {words}" for n, words in _clauses(decision, policy).items()]
    lines += [f"  evidence: {text}" for text in decision.evidence]
    lines += [f"  score: {name} {score:.2f}" for name, score in decision.scores.items()]
    if wording := policy.wording(decision):
        lines.append(f"  the student reads: {wording}")
    lines += [f"also: {d.action}, rule {d.rule}, {d.reason}" for d in _also(examined)]
    lines += [f"nearly: {text}" for text in near_misses(examined.message)]
    return "\n".join(lines)


def near_misses(message: Findings) -> Iterator[str]:
    """Say what was measured, and did not reach its threshold."""
    found = {finding.rule for finding in message.found}
    for kind in HARMFUL:
        likely = message.likely.get(kind, 0.0)
        if kind not in found and likely >= NEAR * LIKE_HARM:
            yield (
                f"reads like what rule {kind!r} refuses: {likely:.2f} (from {LIKE_HARM}, from less"
                " where its exemplars are nearer than harmless ones, else from more)"
            )
    signals = message.signals
    if signals is None or "graded-solution" in found:
        return
    if signals.likely >= NEAR * LIKELY:
        speak = ", ".join(signals.strongest())
        yield f"reads like a request for graded work: {signals.likely:.2f} (from {LIKELY}); {speak}"
    for like in signals.likenesses:
        place = like.assignment or "graded work"
        if like.kind == "meaning" and like.score >= 0.5:
            yield f"near in meaning to {place}: {like.score:.2f} (alone from {MIN_COSINE})"
        elif like.kind == "paste" and like.shared > 1:
            yield (
                f"shares {like.shared} runs of words with {place}, {like.score:.0%} of its own "
                f"(a paste from {MIN_SHARED} and {MIN_SHARE:.0%})"
            )


def modes(policy: Policy, course: Course | None, day: date) -> dict[str, tuple[str, str]]:
    """Return each assignment's mode on `day` and the entry of the file that sets it.

    Without a course the kinds of assignment stand for the assignments. "everything" is there when
    the tutor is closed.
    """
    found: dict[str, tuple[str, str]] = {}
    if (closing := policy.closing(day)) is not None:
        found["everything"] = ("deny", policy.describe_mode(closing))
    keys = [a.key for a in course.assignments] if course else []
    keys += [f"discussion{d.number}" for d in course.discussions] if course else []
    for key in keys or ("homework", "project", "discussion"):
        found[key] = (policy.mode(key, day), policy.describe_mode(policy.mode_entry(key, day)))
    return found


def modes_text(policy: Policy, course: Course | None, day: date) -> str:
    """Return the modes in force on `day`, one line an assignment, and what else the file sets."""
    lines = [f"Policy {policy.version}, modes on {day}:"]
    lines += [
        f"  {key:<12} {mode:<6} ({entry})"
        for key, (mode, entry) in modes(policy, course, day).items()
    ]
    lines.append(f"Rules: {len(policy.rules)}; clauses: {', '.join(policy.clauses)}.")
    own = [rule.id for rule in policy.rules.values() if rule.phrases is not None]
    if own:
        lines.append(f"Phrases of the file's own: {', '.join(own)}.")
    lines.append(f"Staff: {', '.join(policy.members) or 'nobody'}.")
    return "\n".join(lines)


def _clauses(decision: Decision, policy: Policy) -> dict[str, str]:
    return {number: policy.clauses[number] for number in policy.rules[decision.rule].clauses}


def _also(examined: Examination) -> list[Decision]:
    """Return the other decisions that were considered, once each; not what is only answered."""
    seen = {(examined.decision.rule, examined.decision.reason)}
    found = []
    for decision in examined.considered:
        key = (decision.rule, decision.reason)
        if key not in seen and decision.action != "answer":
            seen.add(key)
            found.append(decision)
    return found
