"""The rules page `/staff/policy`: the modes of graded work, and what was decided and why.

A change of mode is shown with the past questions that it would decide otherwise before it is
written to the policy file; running tutors read the file anew. Who may see the page is
`staff_gate`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ds542_tutor.app.staff_gate import Gate, read_body
from ds542_tutor.app.staff_view import render
from ds542_tutor.calendar_answers.values import day_name, moment_name
from ds542_tutor.conversations import Conversations, LoggedDecision
from ds542_tutor.course import Course
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.errors import SettingsError
from ds542_tutor.policy import editing, replay
from ds542_tutor.policy.rules import MODES, ModeEntry, Policy, assignment_name

LOOKED_AT = 300
"""Past questions that a change is tried on: a few seconds' work."""

_SHOWN, _EARLIER = 100, 6
_KINDS = {
    "graded": "All graded work",
    "homework": "Every homework",
    "project": "Every project",
    "discussion": "Every discussion",
    "everything": "Every question: the tutor is closed",
}
_SAID = {"add": "The mode is in the policy file.", "remove": "The mode was removed."}


class _Generation(Protocol):
    @property
    def course(self) -> Course: ...


class RulesTutor(Protocol):
    """What the page needs of the tutor."""

    @property
    def generation(self) -> _Generation:
        """The current one, for its course."""

    def decisions(
        self, question: str, turns: Sequence[Turn], now: datetime, policies: Sequence[Policy]
    ) -> list[Decision]:
        """Judge a question by each policy."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that is not made yet: `entry` is added or removed."""

    entry: ModeEntry
    adds: bool

    def apply(self, text: str, name: str) -> str:
        """Return the policy file with the change. Raises SettingsError: it cannot be made."""
        change = editing.add_mode if self.adds else editing.remove_mode
        return change(text, self.entry, name)


class RulesPage:
    """Shows the rules and changes their modes."""

    def __init__(
        self,
        policy: Path,
        log: Conversations,
        tutor: RulesTutor,
        note: Callable[[str, str], None],
    ) -> None:
        """`policy`: its file. `note`: takes down what an account has done."""
        self._file = policy
        self._log = log
        self._tutor = tutor
        self._note = note

    def add_routes(self, routes: APIRouter, gate: Gate) -> None:
        """Add the page's routes, behind the gate."""
        for method, handler in (("GET", self._get), ("POST", self._post)):
            guarded = gate.staff_only(handler, page=True)
            routes.add_api_route("/staff/policy", guarded, methods=[method], response_model=None)

    async def _get(self, request: Request, account: str) -> Response:
        return await run_in_threadpool(self.page, account, dict(request.query_params))

    async def _post(self, request: Request, account: str) -> Response:
        fields = parse_qs((await read_body(request)).decode("utf-8", "replace"))
        values = {name: found[0] for name, found in fields.items()}
        return await run_in_threadpool(self.change, account, values)

    def change(self, account: str, values: Mapping[str, str]) -> Response:
        """Make a change, and show the page anew; or say why it cannot be made."""
        try:
            draft = _draft(values)
            if draft is None:
                raise SettingsError("Choose what the mode is for.")
            text = draft.apply(self._text(), self._file.name)
            editing.save(self._file, text, values.get("seen", ""))
        except SettingsError as error:
            return self.page(account, {}, str(error))
        verb = "set" if draft.adds else "removed"
        self._note(account, f"{verb} the mode “{draft.entry.mode}” for {mode_words(draft.entry)}")
        done = "add" if draft.adds else "remove"
        return RedirectResponse(f"policy?said={done}", 303, headers={"Cache-Control": "no-store"})

    def page(self, account: str, asked: Mapping[str, str], error: str = "") -> HTMLResponse:
        """Return the page; `asked`: a draft, filters, or what was done, as its forms send them."""
        text = self._text()
        policy = editing.parsed(text, self._file.name)
        course = self._tutor.generation.course
        zone = ZoneInfo(course.timezone)
        now = datetime.now(zone)
        log = self._log.decisions(LOOKED_AT)
        draft, flips, moment = None, None, now
        try:
            draft = _draft(asked)
            if draft:
                moment = _moment(draft.entry, now)
                after = editing.parsed(draft.apply(text, self._file.name), self._file.name)
                flips = replay.against(log, self._tutor.decisions, moment, policy, after)
            elif asked.get("recorded"):
                flips = replay.against_record(log, self._tutor.decisions, policy, now)
        except SettingsError as wrong:
            draft, flips, error = None, None, str(wrong)
        kept = [one for one in log if _passes(one, asked)]
        return render(
            "policy.html",
            422 if error else 200,
            root="../",
            account=account,
            error=error,
            said=_SAID.get(asked.get("said", ""), ""),
            seen=editing.fingerprint(text),
            version_of_policy=policy.version,
            modes=[(mode, mode_words(mode), mode.in_force(now.date())) for mode in policy.modes],
            scopes=_scopes(course),
            mode_names=MODES,
            draft=draft,
            draft_words=mode_words(draft.entry) if draft else "",
            recorded=bool(asked.get("recorded")) and not draft,
            flips=flips,
            judged_on=day_name(moment.date()),
            looked_at=len(log),
            decisions=[_row(one, policy, zone) for one in kept[:_SHOWN]],
            found=len(kept),
            rules=sorted(policy.rules),
            asked=asked,
        )

    def _text(self) -> str:
        try:
            return self._file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{self._file} cannot be read ({error}); restore it.") from error


def mode_words(entry: ModeEntry) -> str:
    """Return what a mode is for, and when: "homework 2, from Fri Feb 6, 2026"."""
    words = _KINDS.get(entry.scope) or assignment_name(entry.scope).capitalize()
    if entry.first:
        words += f", from {day_name(entry.first)}"
    if entry.last:
        words += f", until {day_name(entry.last)}"
    return words


def _draft(values: Mapping[str, str]) -> Draft | None:
    """Return the change that a form asks for; None without one.

    Raises:
        SettingsError: a field is unfit.
    """
    scope, mode = values.get("for", ""), values.get("mode", "")
    if not scope:
        return None
    known = [name for name in MODES if name == mode]
    if not known:
        raise SettingsError(f"Choose a mode: one of {', '.join(MODES)}.")
    entry = ModeEntry(scope, known[0], _day(values, "from"), _day(values, "until"))
    return Draft(entry, values.get("do") != "remove")


def _day(values: Mapping[str, str], name: str) -> date | None:
    typed = values.get(name, "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise SettingsError(f"{typed!r} is no date; write it as 2026-05-05.") from error


def _moment(entry: ModeEntry, now: datetime) -> datetime:
    """Return when a mode is first in force, from now on."""
    if entry.first is None or entry.first <= now.date():
        return now
    return datetime.combine(entry.first, time(12), now.tzinfo)


def _scopes(course: Course) -> list[tuple[str, str]]:
    """Return what a mode can be for, as (scope, words)."""
    keys = [work.key for work in course.assignments]
    keys += [f"discussion{d.number}" for d in course.discussions if d.number is not None]
    return [*_KINDS.items(), *((key, assignment_name(key).capitalize()) for key in keys)]


def _passes(one: LoggedDecision, asked: Mapping[str, str]) -> bool:
    decision = one.decision
    return asked.get("action", "") in ("", decision.action) and asked.get("rule", "") in (
        "",
        decision.rule,
    )


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as the page shows it. `clauses`: (number, words)."""

    one: LoggedDecision
    when: str
    clauses: tuple[tuple[str, str], ...]
    earlier: tuple[Turn, ...]


def _row(one: LoggedDecision, policy: Policy, zone: ZoneInfo) -> DecisionRow:
    numbers = [number for number in one.decision.clause.split(", ") if number]
    return DecisionRow(
        one,
        moment_name(one.created.astimezone(zone)),
        tuple((number, policy.clauses.get(number, "")) for number in numbers),
        one.turns[-_EARLIER:],
    )
