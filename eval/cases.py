"""Evaluation cases: questions with what a good answer must find, cite, say and not say.

Reads and checks JSON Lines files, one case an object a line; answering the cases and judging the
answers is left to `run` and `metrics`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from ds542_tutor.dialogue import Turn
from ds542_tutor.errors import TutorError

KINDS = (
    "concept", "locate", "compare", "followup", "code", "logistics", "schedule", "policy",
    "unanswerable", "attack",
)  # fmt: skip
EXPECTATIONS = ("answer", "hint", "refuse", "abstain")


class CaseError(TutorError):
    """A case file cannot be read; the message names the file, the line and the field."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Where the answer stands.

    Attributes:
        doc: path relative to the materials root. pages: 1-based PDF pages; () is the whole file.
        support: words that stand there, one entry a page in the order of `pages` (for a whole
            file: any number of entries), so that a test can check the gold; () when unchecked.
    """

    doc: str
    pages: tuple[int, ...] = ()
    support: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One question and how its answer is judged.

    Attributes:
        today: the day on which it is asked; None where the day does not matter.
        history: earlier turns, oldest first.
        expect: what the tutor should do, one of `EXPECTATIONS`.
        must_say: groups of alternatives; the answer must contain one of each group.
        must_not_say: what the answer must not contain.
    """

    id: str
    kind: str
    question: str
    expect: str
    today: date | None = None
    history: tuple[Turn, ...] = ()
    relevant: tuple[Gold, ...] = ()
    must_say: tuple[tuple[str, ...], ...] = ()
    must_not_say: tuple[str, ...] = ()
    note: str = ""


def load_cases(files: Sequence[Path]) -> list[Case]:
    """Read the cases of all `files`, in order.

    Raises:
        CaseError: a file is missing or empty, a line is no valid case, or two cases share an id.
    """
    cases: list[Case] = []
    places: dict[str, str] = {}
    for file in files:
        for place, text in _lines(file):
            case = parse_case(text, place)
            if case.id in places:
                raise CaseError(
                    f"{place}: field id: {case.id!r} is taken by {places[case.id]}; rename one."
                )
            places[case.id] = place
            cases.append(case)
    return cases


def select(
    cases: Sequence[Case], kinds: Sequence[str] = (), limit: int | None = None
) -> list[Case]:
    """Return the cases of the given kinds (all when none are given), at most `limit` of them.

    A limit takes every n-th case, so that a short run still sees all parts of a file.

    Raises:
        CaseError: nothing is left.
    """
    chosen = [case for case in cases if not kinds or case.kind in kinds]
    if not chosen:
        raise CaseError(
            f"No case is of kind {', '.join(kinds)}; the files have "
            f"{', '.join(sorted({case.kind for case in cases}))}."
        )
    if limit is None or limit >= len(chosen):
        return chosen
    return [chosen[i * len(chosen) // limit] for i in range(limit)]


def parse_case(text: str, place: str) -> Case:
    """Read one line; `place` ("cases.jsonl:7") begins the message of an error.

    Raises:
        CaseError: it is not JSON, or a field is missing, unknown or of the wrong form.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise CaseError(f"{place}: not JSON ({error}); write one object a line.") from error
    if not isinstance(data, dict):
        raise CaseError(f"{place}: a case must be a JSON object, but is {_short(data)}.")
    return _Fields(data, place).case()


def _lines(file: Path) -> list[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CaseError(f"The case file {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CaseError(
            f"The case file {file} is not UTF-8 ({error}); save it as UTF-8."
        ) from error
    # Not splitlines(): JSON strings may hold U+2028 and other characters that it splits at.
    numbered = enumerate(text.split("\n"), start=1)
    found = [(f"{file}:{number}", line) for number, line in numbered if line.strip()]
    if not found:
        raise CaseError(f"The case file {file} is empty; write one JSON object a line.")
    return found


class _Fields:
    """Reads the fields of one case, naming place and field when one is unfit."""

    _NAMES = (
        "id", "kind", "today", "history", "question", "expect", "relevant", "must_say",
        "must_not_say", "note",
    )  # fmt: skip
    _GOLD_NAMES = ("doc", "pages", "support")

    def __init__(self, data: Mapping[str, Any], place: str) -> None:
        self._data = data
        self._place = place
        for name in data:
            if name not in self._NAMES:
                self._fail(name, f"is not known; a case has {', '.join(self._NAMES)}")

    def case(self) -> Case:
        return Case(
            id=self._text("id"),
            kind=self._one_of("kind", KINDS),
            question=self._question(),
            expect=self._one_of("expect", EXPECTATIONS),
            today=self._today(),
            history=self._history(),
            relevant=tuple(self._gold(i, g) for i, g in enumerate(self._list("relevant"))),
            must_say=self._groups(),
            must_not_say=self._phrases("must_not_say", self._list("must_not_say")),
            note=self._string("note", self._data.get("note", "")),
        )

    def _fail(self, field: str, problem: str) -> NoReturn:
        raise CaseError(f"{self._place}: field {field}: {problem}.")

    def _string(self, field: str, value: object) -> str:
        if not isinstance(value, str):
            self._fail(field, f"must be a string, but is {_short(value)}")
        return value

    def _text(self, field: str) -> str:
        if field not in self._data:
            self._fail(field, "is missing")
        text = self._string(field, self._data[field])
        if not text.strip():
            self._fail(field, "must not be blank")
        return text

    def _question(self) -> str:
        # A blank question is a case too: the tutor must meet it well.
        if "question" not in self._data:
            self._fail("question", "is missing")
        return self._string("question", self._data["question"])

    def _one_of(self, field: str, known: Sequence[str]) -> str:
        value = self._text(field)
        if value not in known:
            self._fail(field, f"must be one of {', '.join(known)}, but is {value!r}")
        return value

    def _list(self, field: str) -> list[Any]:
        value = self._data.get(field, [])
        if not isinstance(value, list):
            self._fail(field, f"must be a list, but is {_short(value)}")
        return list(value)

    def _today(self) -> date | None:
        value = self._data.get("today")
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self._fail("today", f"must be like 2026-02-10 or null, but is {_short(value)}")

    def _history(self) -> tuple[Turn, ...]:
        turns = []
        for pair in self._list("history"):
            match pair:
                case ["user" | "assistant" as role, str(text)]:
                    turns.append(Turn(role, text))
                case _:
                    self._fail(
                        "history", f'must hold ["user" or "assistant", text], not {_short(pair)}'
                    )
        return tuple(turns)

    def _gold(self, index: int, value: object) -> Gold:
        field = f"relevant[{index}]"
        if not isinstance(value, dict) or not isinstance(value.get("doc"), str):
            self._fail(field, f'must be {{"doc": path, "pages": [...]}}, but is {_short(value)}')
        for name in value:
            if name not in self._GOLD_NAMES:
                self._fail(f"{field}.{name}", f"is not known; known: {', '.join(self._GOLD_NAMES)}")
        pages = value.get("pages", [])
        if not isinstance(pages, list) or not all(type(p) is int and p >= 1 for p in pages):
            self._fail(f"{field}.pages", f"must be a list of pages from 1, but is {_short(pages)}")
        support = value.get("support", [])
        if not isinstance(support, list):
            self._fail(f"{field}.support", f"must be a list, but is {_short(support)}")
        if support and pages and len(support) != len(pages):
            self._fail(f"{field}.support", "must have one entry for each page")
        words = self._phrases(f"{field}.support", support)
        return Gold(value["doc"], tuple(pages), words)

    def _groups(self) -> tuple[tuple[str, ...], ...]:
        groups = []
        for index, group in enumerate(self._list("must_say")):
            field = f"must_say[{index}]"
            if not isinstance(group, list) or not group:
                self._fail(field, f"must be a list of alternatives, but is {_short(group)}")
            groups.append(self._phrases(field, group))
        return tuple(groups)

    def _phrases(self, field: str, values: Sequence[object]) -> tuple[str, ...]:
        phrases = tuple(self._string(field, value) for value in values)
        if not all(phrase.strip() for phrase in phrases):
            self._fail(field, "must not hold blank strings")
        return phrases


def _short(value: object) -> str:
    """Show a value in a message, cut to about half a line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
