"""An optional second opinion: a chat model that says whether an answer is right, and why.

Zheng et al. 2023 (https://arxiv.org/abs/2306.05685) describe what such judges are good for and
their biases; so a verdict that cannot be read is unscored and not a failure of the answer, and the
judge's agreement with items that people labelled (`judge_labels.jsonl`) stands beside its figures.

    DIR/judgements.jsonl   one verdict a prompt, kept as it comes: a run can be resumed
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.metrics import cohen_kappa_score

from ds542_tutor.dialogue import Message, Prompt
from ds542_tutor.errors import ModelError, TutorError
from ds542_tutor.protocols import ChatModel
from eval.cases import Case
from eval.stats import bootstrap_mean, wilson

VALUES = {"correct": 1.0, "partly": 0.5, "wrong": 0.0}
LABELS = Path(__file__).parent / "judge_labels.jsonl"
FILE = "judgements.jsonl"

_MAX_TOKENS = 200
_SOURCE_WORDS = 150  # of each source: a small judge loses the question behind long ones
_SYSTEM = (
    "You grade answers of a course tutor. Judge only whether the answer is factually right and "
    "answers the question; ignore style and length. The reference facts are right. An answer in "
    "other words is right too; an answer that contradicts a fact, swaps terms, invents, or answers "
    "another question is wrong; one that leaves out a fact or has a wrong detail is partly right."
)
# After the answer, not before it: small models have forgotten by then what they were asked.
_FORM = (
    "Grade the answer above. Reply with two lines and nothing else:\n"
    "REASON: one sentence\n"
    "VERDICT: correct, partly or wrong"
)
# Behind the word VERDICT only: a judge that wonders "is this correct?" has not judged, nor has one
# that repeats the choice it was given.
_VERDICT = re.compile(
    r"\bverdict\b\W{0,6}(correct|partly|wrong)\b"
    r"(?!\s*[,/|]?\s*(?:or\s+)?(?<!partly )(?:correct|partly|wrong)\b)",
    re.I,
)
_REASON = re.compile(r"\breason\b\W{0,6}(.+)", re.I)


class JudgeError(TutorError):
    """The labelled items or the kept judgements cannot be read, or the judge cannot judge."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is put to the judge: an answer with the facts and sources to hold against it."""

    id: str
    question: str
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict of `VALUES`, or None where none could be read, with the judge's own words."""

    verdict: str | None
    reason: str

    @property
    def value(self) -> float | None:
        """1 for a right answer, 0.5 for a partly right one, 0 for a wrong one, None unscored."""
        return None if self.verdict is None else VALUES[self.verdict]


class Judge:
    """Puts questions to a chat model; keeps what it said in the folder of the run."""

    def __init__(self, model: ChatModel, folder: Path) -> None:
        """`folder` is that of the run.

        Raises:
            JudgeError: the model is no language model, or the kept judgements are damaged.
        """
        if model.name == "quotes":
            raise JudgeError(
                "The judge must be a language model; give --judge hf:<id or folder>, "
                "openai:<model>@<base url> or smollm2."
            )
        self.name = model.name
        self._model = model
        self._file = folder / FILE
        self._kept = _read_kept(self._file)

    def judge(self, question: Question) -> Judgement:
        """Return the verdict on one answer; a failure of the model leaves it unscored."""
        prompt = render(question)
        key = hashlib.sha256(f"{self.name}\0{prompt[-1].content}".encode()).hexdigest()[:16]
        if key not in self._kept:
            try:
                said = self._ask(question, prompt)
            except ModelError as error:
                return Judgement(None, f"the judge failed: {error}")
            self._keep(key, question.id, said)
        return parse(self._kept[key])

    def _ask(self, question: Question, messages: tuple[Message, ...]) -> str:
        prompt = Prompt(question.question, (), messages, max_tokens=_MAX_TOKENS)
        return "".join(self._model.stream(prompt, threading.Event()))

    def _keep(self, key: str, identifier: str, said: str) -> None:
        record = {"key": key, "id": identifier, "judge": self.name, "said": said}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._kept[key] = said


def render(question: Question) -> tuple[Message, ...]:
    """Return the messages that ask for a verdict."""
    facts = "\n".join(f"- {fact}" for fact in question.facts) or "- none given"
    sources = "\n".join(f"- {_cut(source)}" for source in question.sources) or "- none given"
    asked = (
        f"QUESTION: {question.question}\n\nREFERENCE FACTS:\n{facts}\n\nSOURCES:\n{sources}\n\n"
        f"ANSWER TO GRADE:\n{question.answer}\n\n{_FORM}"
    )
    return (Message("system", _SYSTEM), Message("user", asked))


def parse(said: str) -> Judgement:
    """Read a verdict; two different ones, or none, are none."""
    verdicts = {verdict.lower() for verdict in _VERDICT.findall(said)}
    reason = _REASON.search(said)
    text = " ".join((reason.group(1) if reason else said).split())
    return Judgement(verdicts.pop() if len(verdicts) == 1 else None, text)


def of_answer(case: Case, record: Mapping[str, Any]) -> Question | None:
    """Return what to ask about an answer; None where there is no answer to a real question."""
    if case.expect != "answer" or record["status"] != "answered":
        return None
    facts = tuple(" or ".join(group) for group in case.must_say)
    sources = tuple(citation["text"] for citation in record["citations"])
    return Question(case.id, case.question, facts, sources, record["text"])


def labelled(file: Path = LABELS) -> list[tuple[Question, str]]:
    """Read the items that people labelled, with their labels.

    Raises:
        JudgeError: the file is missing, or a line lacks a field or has an unknown label.
    """
    items = []
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise JudgeError(f"The labelled items {file} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            texts = (data["id"], data["question"], tuple(data["facts"]), tuple(data["sources"]))
            question, label = Question(*texts, data["answer"]), data["label"]
        except (ValueError, KeyError, TypeError) as error:
            raise JudgeError(f"{file}:{number}: no labelled item ({error}).") from error
        if label not in VALUES:
            raise JudgeError(f"{file}:{number}: label must be one of {', '.join(VALUES)}.")
        items.append((question, label))
    return items


def agreement(judge: Judge, items: Iterable[tuple[Question, str]]) -> dict[str, Any]:
    """Compare the judge with the labels of people.

    Returns n, unscored, the share of scored items on which both agree with Wilson's interval,
    Cohen's kappa (Educational and Psychological Measurement 20, 1960, 37-46; None where it is
    undefined), and the share that always saying the commonest label would reach.
    """
    pairs = [(judge.judge(question).verdict, label) for question, label in items]
    scored = [(verdict, label) for verdict, label in pairs if verdict is not None]
    labels = Counter(label for _, label in pairs)
    found: dict[str, Any] = {"n": len(pairs), "unscored": len(pairs) - len(scored)}
    found["commonest"] = max(labels.values()) / len(pairs) if pairs else None
    if not scored:
        return {**found, "agree": None, "kappa": None}
    agree = sum(verdict == label for verdict, label in scored) / len(scored)
    low, high = wilson(agree, len(scored))
    said, meant = zip(*scored, strict=True)
    one_label = len({*said, *meant}) == 1
    kappa = None if one_label else float(cohen_kappa_score(said, meant))
    return {**found, "agree": agree, "low": low, "high": high, "kappa": kappa}


def total(
    judge: Judge, model: str, judgements: Sequence[tuple[Judgement, str]], agreed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the judge's part of summary.json; each judgement comes with its cluster."""
    scored = [(j.value, cluster) for j, cluster in judgements if j.value is not None]
    values = [value for value, _ in scored]
    found: dict[str, Any] = {
        "judge": judge.name,
        "itself": judge.name == model,
        "judged": len(judgements),
        "unscored": len(judgements) - len(scored),
        "verdicts": dict(Counter(j.verdict or "unscored" for j, _ in judgements)),
        "agreement": dict(agreed),
    }
    if values:
        low, high = bootstrap_mean(values, [cluster for _, cluster in scored])
        found["mean"] = {"value": sum(values) / len(values), "low": low, "high": high}
    return found


def _read_kept(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    data = file.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):  # a killed run left half a line: that item is judged again
        file.write_bytes(whole)
    return {record["key"]: record["said"] for record in _records(file, whole)}


def _records(file: Path, data: bytes) -> Iterator[dict[str, str]]:
    for number, line in enumerate(data.decode("utf-8").split("\n")[:-1], start=1):
        try:
            record = json.loads(line)
            record["key"], record["said"]
        except (ValueError, KeyError, TypeError) as error:
            raise JudgeError(
                f"{file}:{number} is no judgement ({error}); delete the file to judge anew."
            ) from error
        yield record


def _cut(text: str) -> str:
    words = text.split()
    return " ".join(words[:_SOURCE_WORDS]) + (" …" if len(words) > _SOURCE_WORDS else "")
