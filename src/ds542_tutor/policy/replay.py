"""What a change of the policy would have meant: past questions, decided anew.

Every question is judged with the messages before it, by both policies at the same moment, so that
nothing but the change tells the two decisions apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ds542_tutor.conversations import LoggedDecision
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.policy.rules import Policy

Decider = Callable[[str, Sequence[Turn], datetime, Sequence[Policy]], list[Decision]]
"""Judges one question by each of several policies."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A past question that would be decided otherwise."""

    asked: LoggedDecision
    before: Decision
    after: Decision


def against(
    log: Iterable[LoggedDecision], decide: Decider, now: datetime, before: Policy, after: Policy
) -> list[Flip]:
    """Return the questions of `log` that `after` decides otherwise than `before` does at `now`."""
    found = []
    for asked in log:
        old, new = decide(asked.question, asked.turns, now, (before, after))
        if differ(old, new):
            found.append(Flip(asked, old, new))
    return found


def against_record(
    log: Iterable[LoggedDecision], decide: Decider, policy: Policy, now: datetime | None = None
) -> list[Flip]:
    """Return the questions of `log` that `policy` decides otherwise than was decided then.

    `now`: the moment to judge at; by default the one when each was asked. The rules may have
    changed since in code as well as in the policy file.
    """
    found = []
    for asked in log:
        (new,) = decide(asked.question, asked.turns, now or asked.created, (policy,))
        if differ(asked.decision, new):
            found.append(Flip(asked, asked.decision, new))
    return found


def differ(one: Decision, other: Decision) -> bool:
    """Say whether a student would notice: another action, or another reason for it."""
    return (one.action, one.rule) != (other.action, other.rule)
