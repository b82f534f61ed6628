"""What the tests of evaluation runs share: cases, answers, and a run over them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.cases import Case
from eval.run import (
    AnswerLog,
    Ask,
    Record,
    answer_cases,
)

CONFIGURATION = {
    "generation": "20260101T000000Z-00000000",
    "model": "quotes",
    "embedder": "minilm",
    "settings": {"retrieval": {"hits": 10}},
    "commit": "abc",
    "index": "index",
}
DECISION = {"action": "answer", "rule": "concept", "clause": "5", "assignment": None, "reason": ""}


def case(identifier: str, **changes: Any) -> Case:
    fields = {"kind": "concept", "question": f"what is {identifier}?", "expect": "answer"}
    return Case(**{"id": identifier, **fields, **changes})


def reply(text: str = "It is so. [1]", status: str = "answered", page: int = 3) -> dict[str, Any]:
    place = {"document": "x.pdf", "page": page, "title": "X", "locator": "p. 3", "text": "So. It"}
    return {
        "question": "?",
        "status": status,
        "text": text,
        "decision": DECISION,
        "citations": [{**place, "marker": 1}],
        "hits": [{**place, "pages": [page], "score": 1.0, "retriever": "fused"}],
        "timings_ms": {"retrieval": 10.0, "total": 30.0},
    }


class Asked:
    """Answers every case alike and remembers which were asked; fails on those in `failures`."""

    def __init__(self, **failures: Exception) -> None:
        self.ids: list[str] = []
        self._failures = failures

    def __call__(self, case: Case) -> Mapping[str, Any]:
        self.ids.append(case.id)
        if case.id in self._failures:
            raise self._failures[case.id]
        return reply()


def run(folder: Path, cases: list[Case], ask: Ask, **options: Any) -> list[Record]:
    changes = options.pop("changes", {})
    log = AnswerLog(folder, {**CONFIGURATION, **changes}, restart=options.get("restart", "never"))
    return list(answer_cases(cases, ask, log))
