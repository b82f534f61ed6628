"""Puts the cases to the tutor and keeps every answer: one configuration, one folder, resumable.

    DIR/config.json     what answered (see `configuration`)
    DIR/answers.jsonl   one record a case, appended as soon as it is there

A record is the object of `ask --json` with the case's `id` and `asked` (a hash of what was asked),
or {"id", "asked", "status": "error", "error", ...} when the tutor failed. Scoring is left to
`summary`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from ds542_tutor.answer_json import answer_json
from ds542_tutor.dialogue import Finished
from ds542_tutor.errors import TutorError
from ds542_tutor.protocols import Embedder
from eval.cases import Case, CaseError
from eval.floors import search_floors
from eval.metering import CountTokens, Meter

if TYPE_CHECKING:  # importing the tutor loads the model libraries, which takes seconds
    from ds542_tutor.index.generation import Generation
    from ds542_tutor.tutor import Tutor

CONFIG, ANSWERS = "config.json", "answers.jsonl"

# A case names a day; it is asked at noon: late enough for "today", before any deadline.
_NOON = time(12, 0)

# Written down, but no reason to begin anew: they do not change the answers.
_MAY_DIFFER = frozenset({"commit", "index"})

Record = dict[str, Any]
Ask = Callable[[Case], Mapping[str, Any]]
"""Answers a case with the object of `ask --json`."""

_logger = logging.getLogger(__name__)


class RunError(TutorError):
    """The output folder cannot take this run."""


class AnswerLog:
    """The answers of one folder, all given by one configuration; later records replace earlier."""

    def __init__(
        self,
        folder: Path,
        configuration: Mapping[str, Any],
        *,
        restart: Literal["never", "if changed", "always"] = "never",
    ) -> None:
        """Open or create `folder`; `restart` says when to discard what it holds.

        Raises:
            RunError: it holds answers of another configuration, is damaged or cannot be written.
        """
        self._file = folder / ANSWERS
        self.records: dict[str, Record] = {}
        config = folder / CONFIG
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if restart == "always":
                self._discard(config)
            if self._file.exists():
                try:
                    _check_same(folder, config, configuration)
                    self.records = {record["id"]: record for record in self._read()}
                except RunError:
                    if restart == "never":
                        raise
                    self._discard(config)
            text = json.dumps(configuration, ensure_ascii=False, indent=1)
            config.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"{folder} cannot be used: {error.strerror}; name another.") from error

    def _discard(self, config: Path) -> None:
        self._file.unlink(missing_ok=True)
        config.unlink(missing_ok=True)
        self.records = {}

    def done(self, case: Case) -> bool:
        """Say whether this very case has been answered; one that failed is tried again."""
        record = self.records.get(case.id)
        return bool(record and record["asked"] == asked(case) and record["status"] != "error")

    def append(self, record: Record) -> None:
        """Keep a record, on disk before this returns."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self.records[record["id"]] = record

    def _read(self) -> Iterator[Record]:
        data = self._file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # a killed run left half a line: that case is asked again
            self._file.write_bytes(whole)
        for number, line in enumerate(whole.decode("utf-8").split("\n")[:-1], start=1):
            try:
                record = json.loads(line)
                record["id"], record["asked"], record["status"]
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(
                    f"{self._file}:{number} is no answer record ({error}); add --restart to "
                    "begin anew, or name another folder with --out."
                ) from error
            yield record


def answer_cases(cases: Iterable[Case], ask: Ask, log: AnswerLog) -> Iterator[Record]:
    """Answer the cases that `log` does not have yet; yield the record of each case in order."""
    for case in cases:
        if not log.done(case):
            log.append({"id": case.id, "asked": asked(case), **_attempt(case, ask)})
        yield log.records[case.id]


def asked(case: Case) -> str:
    """Return a short hash of what the tutor is given: question, earlier turns and day."""
    turns = [[turn.role, turn.text] for turn in case.history]
    given = json.dumps([case.question, turns, str(case.today)])
    return hashlib.sha256(given.encode()).hexdigest()[:12]


def ask_tutor(tutor: Tutor, *, floors: bool = True) -> Ask:
    """Return a function that puts cases to `tutor`.

    Beside the object of `ask --json` a record has `usage` (see `metering`) and, with `floors`, what
    trivial tutors answer from the same index (see the module of that name).
    """
    zone = ZoneInfo(tutor.generation.course.timezone)
    embedder = tutor.retriever.embedder
    meter = Meter(tutor, token_counter(embedder))

    def ask(case: Case) -> Mapping[str, Any]:
        meter.take()  # what a failed case before this one may have left
        now = datetime.combine(case.today, _NOON, zone) if case.today else None
        *_, last = meter.tutor.answer(case.question, case.history, now)
        if not isinstance(last, Finished):
            raise TypeError("the last event of Tutor.answer is not Finished")
        record = {**answer_json(last.answer), "usage": meter.take()}
        if floors:
            record["floors"] = search_floors(case, tutor.generation, embedder)
        return record

    return ask


def token_counter(embedder: Embedder) -> CountTokens:
    """Return the embedder's own count of word-pieces, or of words where it has none."""
    count = getattr(embedder, "count_tokens", None)
    return count if callable(count) else lambda text: len(text.split())


def check_golds(cases: Sequence[Case], generation: Generation) -> list[str]:
    """Say for each gold that the index lacks which case names it; it counts as not found.

    A gold may be mistyped, or its file may have gone missing: both make scores too low, so both
    must be told.

    Raises:
        CaseError: it lacks all documents: the cases are about other materials.
    """
    known = {record.path: record.page_count for record in generation.chunks.documents()}
    golds = [(case.id, gold) for case in cases for gold in case.relevant]
    named = {gold.doc for _, gold in golds}
    if named and not named & known.keys():
        raise CaseError(
            f"The index holds none of the {len(named)} documents that the cases name, such as "
            f"{min(named)}; name the index of their materials with --index."
        )
    problems = []
    for identifier, gold in golds:
        if gold.doc not in known:
            near = get_close_matches(gold.doc, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            problems.append(f"case {identifier}: the index has no {gold.doc}{hint}")
        elif beyond := [page for page in gold.pages if page > known[gold.doc] > 0]:
            pages = f"{known[gold.doc]} pages and no page {beyond[0]}"
            problems.append(f"case {identifier}: {gold.doc} has {pages}")
    return problems


def absent_documents(cases: Sequence[Case], generation: Generation) -> list[str]:
    """Return the gold documents that the index lacks, by name."""
    known = {record.path for record in generation.chunks.documents()}
    return sorted({gold.doc for case in cases for gold in case.relevant} - known)


def _attempt(case: Case, ask: Ask) -> Mapping[str, Any]:
    """Ask once; a failure becomes a record that every metric can score."""
    try:
        return ask(case)
    except TutorError as error:
        problem = str(error)
    except Exception as error:
        _logger.exception("case %s failed", case.id)
        problem = f"{type(error).__name__}: {error}"
    empty = {"text": "", "citations": [], "hits": [], "timings_ms": {}}
    return {"question": case.question, "status": "error", "error": problem, **empty}


def _check_same(folder: Path, config: Path, configuration: Mapping[str, Any]) -> None:
    remedy = "add --restart to discard them, or name another folder with --out"
    try:
        before = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{folder} holds answers without a readable {CONFIG}; {remedy}.") from error
    now = json.loads(json.dumps(configuration))
    for name in sorted({*before, *now} - _MAY_DIFFER):
        if before.get(name) != now.get(name):
            raise RunError(
                f"{folder} holds answers of another configuration: {name} was "
                f"{_brief(before.get(name))}, is {_brief(now.get(name))}; {remedy}."
            )


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else "different"
