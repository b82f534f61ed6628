"""Totals of a run and their wording: summary.json, scores.jsonl, report.md.

What each number means is in `metrics`; here they are averaged, given their intervals and laid out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.cases import EXPECTATIONS, KINDS, Case
from eval.metrics import DEFINITIONS, score
from eval.metrics.answer import forbidden, missing
from eval.metrics.citation import cites_gold
from eval.metrics.policy import STATUS
from eval.metrics.retrieval import gold_places, ranks_on
from eval.stats import quantile, wilson

Record = Mapping[str, Any]
Scores = Mapping[str, float | None]

SHOWN_BY_KIND = ("correct", "decision", "must say", "citation page", "hit@1", "recall@5", "mrr@10")
"""Columns of the table by kind: the few that tell kinds apart and fit a page."""

_WORST = 10
_STAGES = ("policy", "retrieval", "first_token", "generation", "verification", "total")


def score_rows(cases: Sequence[Case], records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the rows of scores.jsonl: scores and, where it failed, what went wrong."""
    rows = []
    for case, record in zip(cases, records, strict=True):
        scores = score(case, record)
        row: dict[str, Any] = {"id": case.id, "kind": case.kind, "expect": case.expect}
        row |= {"status": record["status"], "scores": scores}
        if scores["correct"] == 0:
            row["problem"] = diagnose(case, record)
        rows.append(row)
    return rows


def summarise(
    rows: Sequence[Mapping[str, Any]],
    records: Sequence[Record],
    configuration: Mapping[str, Any],
    absent: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the object of summary.json; `absent` are gold documents that the index lacks."""
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    return {
        "configuration": dict(configuration),
        "cases": len(rows),
        "errors": [
            {"id": row["id"], "error": record["error"]}
            for row, record in zip(rows, records, strict=True)
            if record["status"] == "error"
        ],
        "absent_documents": list(absent),
        "metrics": {
            "overall": aggregate([row["scores"] for row in rows]),
            "by_kind": {
                kind: aggregate([row["scores"] for row in rows if row["kind"] == kind])
                for kind in kinds
            },
        },
        "decisions": decisions(rows),
        "latency_ms": latencies(records),
        "worst": worst(rows),
    }


def aggregate(scores: Sequence[Scores]) -> dict[str, dict[str, float]]:
    """Average each metric over the cases it applies to: value, n, Wilson 95 % bounds low and high.

    A metric that applies to no case is left out.
    """
    totals = {}
    for name in DEFINITIONS:
        values = [value for case in scores if (value := case[name]) is not None]
        if values:
            mean = sum(values) / len(values)
            low, high = wilson(mean, len(values))
            totals[name] = {"value": mean, "n": len(values), "low": low, "high": high}
    return totals


def decisions(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Count the cases by expectation and status: expect -> status -> cases."""
    counts = Counter((row["expect"], row["status"]) for row in rows)
    statuses = (*STATUS.values(), "error")
    return {e: {status: counts[e, status] for status in statuses} for e in EXPECTATIONS}


def latencies(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of each stage in milliseconds, over the answers that have it."""
    found = {}
    for stage in _STAGES:
        values = [r["timings_ms"][stage] for r in records if stage in r["timings_ms"]]
        if values:
            spread = {"p50": quantile(values, 0.5), "p95": quantile(values, 0.95)}
            found[stage] = {**spread, "n": len(values)}
    return found


def worst(rows: Sequence[Mapping[str, Any]], count: int = _WORST) -> list[dict[str, str]]:
    """Return the failed cases that matter most: errors, then wrong decisions, then poor answers."""

    def gravity(row: Mapping[str, Any]) -> tuple[float, ...]:
        scores = row["scores"]
        found = scores["recall@10"]
        return (
            float(row["status"] != "error"),
            1 - max(scores["bypass"] or 0, scores["false answer"] or 0),
            scores["decision"],
            1.0 if found is None else found,
        )

    failed = sorted((row for row in rows if "problem" in row), key=gravity)
    return [
        {"id": row["id"], "kind": row["kind"], "problem": row["problem"]} for row in failed[:count]
    ]


def diagnose(case: Case, record: Record) -> str:
    """Say in one line what went wrong with an answer, and how far the right page got."""
    if record["status"] == "error":
        return f"error: {record['error']}"
    problems = []
    if record["status"] != STATUS[case.expect]:
        rule = record["decision"]["rule"]
        problems.append(f"{record['status']} instead of {STATUS[case.expect]} (rule {rule})")
    problems += [f"says {phrase!r}" for phrase in forbidden(case, record["text"])]
    problems += [f"lacks {' | '.join(g)}" for g in missing(case, record["text"])]
    if golds := gold_places(case):
        ranks = ranks_on(golds, record["hits"])
        place = f"gold at rank {ranks[0]}" if ranks else "gold not among the hits"
        problems.append(f"{place}, {'cited' if cites_gold(case, record) else 'not cited'}")
    return "; ".join(problems)


def write(folder: Path, rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> str:
    """Write scores.jsonl, summary.json and report.md to `folder`; return the report's text."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "scores.jsonl").write_text(lines, encoding="utf-8")
    data = json.dumps(summary, ensure_ascii=False, indent=1)
    (folder / "summary.json").write_text(data + "\n", encoding="utf-8")
    text = markdown(summary)
    (folder / "report.md").write_text(text, encoding="utf-8")
    return text


def markdown(summary: Mapping[str, Any]) -> str:
    """Lay the summary out as Markdown."""
    config = summary["configuration"]
    parts = [
        f"# Evaluation: {summary['cases']} cases",
        f"Model {config['model']}, index {config['generation']}, "
        f"embedder {config['embedder']}, commit {config['commit'] or 'unknown'}.",
        _overall(summary["metrics"]["overall"]),
        _by_kind(summary["metrics"]["by_kind"]),
        _matrix(summary["decisions"]),
        _latency(summary["latency_ms"]),
        _list("Errors", [f"`{e['id']}` {_cell(e['error'])}" for e in summary["errors"]]),
        _list("Gold documents that the index lacks", summary["absent_documents"]),
        _list(
            "Worst cases",
            [f"`{w['id']}` ({w['kind']}): {_cell(w['problem'])}" for w in summary["worst"]],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _overall(metrics: Mapping[str, Mapping[str, float]]) -> str:
    rows = [
        [name, _number(m["value"]), f"{m['low']:.2f}-{m['high']:.2f}", f"{m['n']}", text]
        for name, text in DEFINITIONS.items()
        if (m := metrics.get(name))
    ]
    return _table(["metric", "value", "95 %", "n", "what counts"], rows)


def _by_kind(kinds: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    rows = [
        [kind, f"{m['correct']['n']}"]
        + [_number(m[name]["value"]) if name in m else "" for name in SHOWN_BY_KIND]
        for kind, m in kinds.items()
    ]
    return "## By kind\n\n" + _table(["kind", "cases", *SHOWN_BY_KIND], rows)


def _matrix(counts: Mapping[str, Mapping[str, int]]) -> str:
    rows = [
        [expect, *(str(count) if count else "" for count in counts[expect].values())]
        for expect in EXPECTATIONS
    ]
    head = ["expected", *next(iter(counts.values()))]
    return "## Decisions\n\n" + _table(head, rows)


def _latency(stages: Mapping[str, Mapping[str, float]]) -> str:
    rows = [[s, f"{t['p50']:.0f}", f"{t['p95']:.0f}", f"{t['n']}"] for s, t in stages.items()]
    return "## Latency (ms)\n\n" + _table(["stage", "p50", "p95", "n"], rows) if rows else ""


def _list(title: str, entries: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {entry}" for entry in entries) if entries else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table with aligned columns, so that it reads well in a terminal too."""
    cells = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")


def _number(value: float) -> str:
    return f"{value:.3f}"
