"""Puts the cases to the tutor and keeps every answer: one configuration, one folder, resumable.

    DIR/config.json     what answered: generation, models, settings, code
    DIR/answers.jsonl   one record a case, appended as soon as it is there

A record is the object of `ask --json` with the case's `id` and `asked` (a hash of what was asked),
or {"id", "asked", "status": "error", "error", ...} when the tutor failed. Scoring is left to
`metrics`, totals to `report`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import ds542_tutor
from ds542_tutor.answer_json import answer_json
from ds542_tutor.dialogue import Finished
from ds542_tutor.errors import TutorError
from ds542_tutor.settings import Settings, project_file
from eval.cases import Case, CaseError

if TYPE_CHECKING:  # importing the tutor loads the model libraries, which takes seconds
    from ds542_tutor.assembly import LiveTutor
    from ds542_tutor.index.generations import Generation
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

    def __init__(self, folder: Path, configuration: Mapping[str, Any], *, restart: bool) -> None:
        """Open or create `folder`; `restart` discards what it holds.

        Raises:
            RunError: it holds answers of another configuration, is damaged or cannot be written.
        """
        self._file = folder / ANSWERS
        self.records: dict[str, Record] = {}
        config = folder / CONFIG
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if restart:
                self._file.unlink(missing_ok=True)
                config.unlink(missing_ok=True)
            if self._file.exists():
                _check_same(folder, config, configuration)
                self.records = {record["id"]: record for record in self._read()}
            text = json.dumps(configuration, ensure_ascii=False, indent=1)
            config.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"{folder} cannot be used: {error.strerror}; name another.") from error

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


def ask_tutor(tutor: Tutor) -> Ask:
    """Return a function that puts cases to `tutor`."""
    zone = ZoneInfo(tutor.generation.course.timezone)

    def ask(case: Case) -> Mapping[str, Any]:
        now = datetime.combine(case.today, _NOON, zone) if case.today else None
        *_, last = tutor.answer(case.question, case.history, now)
        if not isinstance(last, Finished):
            raise TypeError("the last event of Tutor.answer is not Finished")
        return answer_json(last.answer)

    return ask


def check_golds(cases: Sequence[Case], generation: Generation) -> list[str]:
    """Return the gold documents that the index lacks; answers from them count as not found.

    Raises:
        CaseError: it lacks all of them: the cases are about other materials.
    """
    known = {record.path for record in generation.chunks.documents()}
    named = {gold.doc for case in cases for gold in case.relevant}
    absent = sorted(named - known)
    if named and len(absent) == len(named):
        raise CaseError(
            f"The index holds none of the {len(named)} documents that the cases name, such as "
            f"{absent[0]}; name the index of their materials with --index."
        )
    return absent


def describe(live: LiveTutor, tutor: Tutor, settings: Settings) -> dict[str, Any]:
    """Return the configuration of a run: all that can change its answers."""
    manifest = tutor.generation.manifest
    policy = project_file(settings.paths.policy).read_bytes()
    root = Path(ds542_tutor.__file__).parent
    return {
        "generation": tutor.generation.id,
        "corpus": manifest.corpus,
        "embedder": manifest.embedder,
        "model": live.model.name,
        "settings": {
            "models": asdict(settings.models),
            "retrieval": asdict(settings.retrieval),
            "answer": asdict(settings.answer),
        },
        "policy": hashlib.sha256(policy).hexdigest()[:12],
        "version": ds542_tutor.__version__,
        "code": _code_hash(root),
        "commit": _commit(root),
        "index": str(settings.paths.index),
    }


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


def _code_hash(package: Path) -> str:
    """Hash the package's sources, so that a change that is not committed yet counts too."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(str(file.relative_to(package)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _commit(folder: Path) -> str:
    """Return the git commit of the code, "" where there is none to know."""
    try:
        command = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
