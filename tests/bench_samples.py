"""What the tests of the benchmarks share: a command line, and cases to ask."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from eval.bench.command import add_parsers

CASE = {
    "kind": "concept", "today": None, "history": [], "expect": "answer", "relevant": [],
    "must_say": [], "must_not_say": [], "note": "",
}  # fmt: skip
QUESTIONS = (
    "why do we divide by sqrt(d_k) in attention?",
    "whats the point of the relu, cant i just stack linear layers",
)


def bench(*arguments: object) -> int:
    """Run a benchmark as the command line does."""
    parser = argparse.ArgumentParser()
    add_parsers(parser.add_subparsers(required=True))
    options = parser.parse_args(["bench", *map(str, arguments)])
    return int(options.handler(options))


def write_cases(tmp_path: Path) -> Path:
    """Write a case file and return it."""
    lines = [json.dumps({**CASE, "id": f"q{i}", "question": q}) for i, q in enumerate(QUESTIONS)]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    return tmp_path / "cases.jsonl"
