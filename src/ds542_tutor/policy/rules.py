"""The course's AI policy as values, read from `corpus/policy.toml` and checked.

Says what the staff decided: rules, their clauses and wording, and the mode of each assignment on a
day. Which rule a question falls under is decided in `classify`.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from ds542_tutor.dialogue import Action, Decision
from ds542_tutor.errors import SettingsError
from ds542_tutor.policy.phrases import Phrases, compile_phrases

Mode = Literal["allow", "hint", "deny"]
Handouts = Literal["from-date", "published"]

RULE_IDS = (
    "concept", "logistics", "own-work", "debugging", "crediting",
    "graded-allowed", "graded-solution", "graded-denied",
    "exam", "attribution", "impersonation", "staff-only", "private", "injection", "closed",
)  # fmt: skip
"""Every kind of request that `classify` tells apart; the policy file has a rule for each."""

_ACTIONS: tuple[str, ...] = get_args(Action)
MODES: tuple[Mode, ...] = get_args(Mode)
_PLACEHOLDERS = frozenset({"assignment", "clause", "contact"})
NOTICES = {
    "code-removed": "Code that would solve graded work was left out of this hint.",
    "keep-header": "Keep the comment at the top of each code block when you hand the code in.",
}
"""Notices below an answer, by name; the policy file may word them otherwise."""

_SCOPE = re.compile(
    r"(everything|graded|homework|project|discussion)|(homework|project|discussion)\d+"
)
_PHRASE_TOKEN = re.compile(r"\.\.\d|\([\w'|*-]+\)|[\w'|*-]+")
_STRICTNESS: dict[Mode, int] = {"allow": 0, "hint": 1, "deny": 2}


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to one kind of request.

    Attributes:
        clauses: numbers on the syllabus page ("3").
        phrases: words by which the policy file itself knows such a request, if it names any.
    """

    id: str
    clauses: tuple[str, ...]
    action: Action
    wording: str = ""
    phrases: Phrases | None = None


@dataclass(frozen=True, slots=True)
class ModeEntry:
    """The mode of graded work of one scope ("everything", "graded", a kind or a key), by dates.

    `first` and `last` are included; None leaves that side open.
    """

    scope: str
    mode: Mode
    first: date | None = None
    last: date | None = None

    def in_force(self, day: date) -> bool:
        """Say whether the entry holds on `day`."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Policy:
    """The checked policy file. `rules` has one rule for each of `RULE_IDS`.

    `handouts`: whether graded work is shown from its planned date on, or once it is published.
    """

    version: str
    contact: str
    members: tuple[str, ...]
    clauses: Mapping[str, str]
    rules: Mapping[str, Rule]
    modes: tuple[ModeEntry, ...]
    handouts: Handouts = "published"
    notices: Mapping[str, str] = field(default_factory=lambda: dict(NOTICES))

    def mode(self, assignment: str | None, day: date) -> Mode:
        """Return what may be done with graded work on `day`.

        `assignment` is a key such as "homework2"; None is graded work that could not be named.
        The narrowest entry in force wins, of equally narrow ones the strictest; "hint" without any.
        """
        entry = self.mode_entry(assignment, day)
        return entry.mode if entry else "hint"

    def mode_entry(self, assignment: str | None, day: date) -> ModeEntry | None:
        """Return the entry that sets `mode`; None when there is none in force."""
        key = assignment or ""
        for scope in (key, key.rstrip("0123456789"), "graded"):
            entries = [m for m in self.modes if m.scope == scope and m.in_force(day)]
            if entries:
                return max(entries, key=lambda entry: _STRICTNESS[entry.mode])
        return None

    def describe_mode(self, entry: ModeEntry | None) -> str:
        """Say which [[mode]] of the file an entry is: its place, scope, mode and dates."""
        if entry is None:
            return "no [[mode]] in force: hint"
        days = "".join(
            f" {word} {day}" for word, day in (("from", entry.first), ("until", entry.last)) if day
        )
        number = self.modes.index(entry) + 1
        return f"[[mode]] number {number}: {entry.scope} = {entry.mode}{days}"

    def closing(self, day: date) -> ModeEntry | None:
        """Return the entry that closes the tutor for every question on `day` (an exam window)."""
        closing = (m for m in self.modes if m.scope == "everything" and m.in_force(day))
        return next((m for m in closing if m.mode == "deny"), None)

    def closed(self, day: date) -> bool:
        """Say whether the tutor is closed for every question on `day`."""
        return self.closing(day) is not None

    @property
    def refusing(self) -> frozenset[str]:
        """The rules that refuse."""
        return frozenset(rule.id for rule in self.rules.values() if rule.action == "refuse")

    def decision(
        self,
        rule: str,
        reason: str,
        assignment: str | None = None,
        evidence: tuple[str, ...] = (),
        scores: Mapping[str, float] | None = None,
    ) -> Decision:
        """Return the decision that rule `rule` leads to, and what it rests on."""
        found = self.rules[rule]
        clause = ", ".join(found.clauses)
        return Decision(
            found.action, rule, clause, reason, assignment, evidence, dict(scores or {})
        )

    def duties(self, decision: Decision) -> str:
        """Return the clauses that the decision's rule serves, as sentences for the student."""
        cited = (self.clauses[c] for c in self.rules[decision.rule].clauses)
        return " ".join(f"{words[0].upper()}{words[1:]}." for words in cited)

    def wording(self, decision: Decision) -> str:
        """Return what the student reads with a hint or a refusal; "" where nothing is said."""
        rule = self.rules[decision.rule]
        cited = [f"{c}: {self.clauses[c]}" for c in rule.clauses]
        return rule.wording.format(
            assignment=assignment_name(decision.assignment),
            clause="; ".join(cited),
            contact=self.contact,
        )


def assignment_name(key: str | None) -> str:
    """Return "homework 2" for "homework2", and "this graded work" for None."""
    if not key:
        return "this graded work"
    kind = key.rstrip("0123456789")
    return f"{kind} {key[len(kind) :]}".strip()


def load_policy(path: Path) -> Policy:
    """Read and check the policy file.

    Raises:
        SettingsError: the file is missing or malformed, or a key is unknown, missing or unfit.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"The policy file {path} does not exist; restore it or set paths.policy to yours."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read ({error}); correct it.") from error
    return parse_policy(table, str(path))


def parse_policy(table: Mapping[str, Any], name: str = "policy.toml") -> Policy:
    """Check a parsed policy file called `name` and return it as a `Policy`.

    Raises:
        SettingsError: a key is unknown, missing or unfit; the message names it and the fix.
    """
    _known(table, ("version", "staff", "clauses", "notices", "handouts", "mode", "rule"), name)
    staff = _get(table, "staff", dict, name)
    _known(staff, ("contact", "members"), f"{name}: [staff]")
    clauses = _get(table, "clauses", dict, name)
    for number, words in clauses.items():
        if not re.fullmatch(r"[1-5](\.\d)?", number) or not isinstance(words, str):
            raise SettingsError(
                f"{name}: clauses.{number} must be a text under a clause number of the syllabus "
                'page, such as "3" or "3.1".'
            )
    rules = [_rule(entry, i, clauses, name) for i, entry in enumerate(_tables(table, "rule", name))]
    ids = [rule.id for rule in rules]
    for rule_id in dict.fromkeys((*RULE_IDS, *ids)):
        if ids.count(rule_id) != 1:
            raise SettingsError(
                f'{name}: there must be one [[rule]] with id = "{rule_id}", '
                f"but there are {ids.count(rule_id)}."
            )
    notices = _get({"notices": {}, **table}, "notices", dict, name)
    _known(notices, tuple(NOTICES), f"{name}: [notices]")
    handouts = {"show": "published"} | _get({"handouts": {}, **table}, "handouts", dict, name)
    _known(handouts, ("show",), f"{name}: [handouts]")
    show = _one_of(handouts, "show", get_args(Handouts), f"{name}: [handouts]")
    return Policy(
        version=_get(table, "version", str, name),
        contact=_get(staff, "contact", str, f"{name}: [staff]").strip(),
        members=tuple(_strings(staff, "members", f"{name}: [staff]")),
        clauses=dict(clauses),
        rules={rule.id: rule for rule in rules},
        modes=tuple(_mode(e, i, name) for i, e in enumerate(_tables(table, "mode", name))),
        handouts=show,  # type: ignore[arg-type]  # checked by _one_of
        notices=NOTICES
        | {key: _get(notices, key, str, f"{name}: [notices]").strip() for key in notices},
    )


def _rule(entry: Mapping[str, Any], index: int, clauses: Mapping[str, Any], name: str) -> Rule:
    where = f"{name}: [[rule]] number {index + 1}"
    _known(entry, ("id", "clauses", "action", "wording", "phrases"), where)
    # A rule that the code does not know must say itself by which words it is known.
    known = "phrases" not in entry
    rule_id = _one_of(entry, "id", RULE_IDS, where) if known else _get(entry, "id", str, where)
    where = f'{name}: rule "{rule_id}"'
    action = _one_of(entry, "action", _ACTIONS, where)
    cited = tuple(_strings(entry, "clauses", where))
    for clause in cited:
        if clause not in clauses:
            raise SettingsError(f"{where}: clause {clause!r} is not in [clauses]; add it there.")
    wording = _get(entry, "wording", str, where).strip() if "wording" in entry else ""
    if action != "answer" and not wording:
        raise SettingsError(f"{where}: add `wording`, which the student reads with a {action}.")
    try:
        fields = {f for _, f, _, _ in string.Formatter().parse(wording) if f is not None}
    except ValueError as error:
        raise SettingsError(f"{where}: wording has an unpaired brace ({error}).") from error
    if fields - _PLACEHOLDERS:
        raise SettingsError(
            f"{where}: wording uses {{{min(fields - _PLACEHOLDERS)}}}; "
            f"known are {', '.join(sorted(_PLACEHOLDERS))}."
        )
    phrases = _phrases(entry, where) if "phrases" in entry else None
    if phrases and action == "answer" and rule_id not in RULE_IDS:
        raise SettingsError(f"{where}: a rule of your own can only make an answer stricter.")
    return Rule(rule_id, cited, action, wording, phrases)  # type: ignore[arg-type]  # checked


def _phrases(entry: Mapping[str, Any], where: str) -> Phrases:
    texts = _strings(entry, "phrases", where)
    for text in texts:
        if not all(map(_PHRASE_TOKEN.fullmatch, text.split())) or not text.strip(" .0123456789"):
            raise SettingsError(
                f"{where}: phrase {text!r} must be lower-case words as policy/phrases.py explains, "
                'such as "final_report|essay" or "write ..3 (the|my) report".'
            )
    if not texts:
        raise SettingsError(f"{where}: phrases must name at least one.")
    return compile_phrases(*texts)


def _mode(entry: Mapping[str, Any], index: int, name: str) -> ModeEntry:
    where = f"{name}: [[mode]] number {index + 1}"
    _known(entry, ("for", "mode", "from", "until"), where)
    scope = _get(entry, "for", str, where)
    if not _SCOPE.fullmatch(scope):
        raise SettingsError(
            f'{where}: for = {scope!r} must be "everything", "graded", a kind ("homework", '
            '"project", "discussion") or one assignment such as "homework2".'
        )
    mode = _one_of(entry, "mode", MODES, where)
    if scope == "everything" and mode != "deny":
        raise SettingsError(f'{where}: "everything" can only be denied; use "graded" instead.')
    first, last = _day(entry, "from", where), _day(entry, "until", where)
    if first and last and first > last:
        raise SettingsError(f"{where}: from ({first}) lies after until ({last}); swap them.")
    return ModeEntry(scope, mode, first, last)  # type: ignore[arg-type]  # checked by _one_of


def _day(entry: Mapping[str, Any], key: str, where: str) -> date | None:
    value = entry.get(key)
    if value is None:
        return None
    # `type`, not isinstance: a datetime is a date too, and its hours would be dropped silently.
    if type(value) is not date:
        raise SettingsError(f"{where}: {key} must be a date such as 2026-05-05, without quotes.")
    return value


def _tables(table: Mapping[str, Any], key: str, name: str) -> list[Mapping[str, Any]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise SettingsError(f"{name}: write each {key} as a table of its own, under [[{key}]].")
    return value


def _strings(table: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = _get(table, key, list, where)
    if not all(isinstance(v, str) for v in value):
        raise SettingsError(f'{where}: {key} must be a list of texts such as ["1", "3"].')
    return list(value)


def _get(table: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    if key not in table:
        raise SettingsError(f"{where}: `{key}` is missing; add it.")
    if not isinstance(table[key], kind):
        what = {"str": "text", "dict": "table"}.get(kind.__name__, kind.__name__)
        raise SettingsError(f"{where}: {key} must be a {what}, but is {table[key]!r}.")
    return table[key]


def _one_of(table: Mapping[str, Any], key: str, allowed: tuple[str, ...], where: str) -> str:
    value = str(_get(table, key, str, where))
    if value not in allowed:
        raise SettingsError(f"{where}: {key} = {value!r} must be one of {', '.join(allowed)}.")
    return value


def _known(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            raise SettingsError(f"{where}: unknown key {key!r}; {hint}")
