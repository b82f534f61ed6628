"""From answers to numbers: the rows of scores.jsonl and the object of summary.json.

What each number means is in `metrics`; here each case is scored, and scores are averaged, given
their intervals and set beside the floors. Laying them out is left to `report` and `html`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eval.cases import EXPECTATIONS, KINDS, Case
from eval.floors import FLOORS, floor_answer, metrics_of
from eval.metrics import DEFINITIONS, LOWER_IS_BETTER, MEANS, Scores, alce, cost, score
from eval.metrics.abstention import OUTCOMES, outcome
from eval.metrics.answer import forbidden, missing
from eval.metrics.citation import cites_gold
from eval.metrics.policy import STATUS
from eval.metrics.retrieval import gold_places, ranks_on
from eval.metrics.style import slop, words
from eval.reliability import reliability
from eval.stats import bootstrap_mean, wilson, zero_bound
from eval.support import word_overlap

Record = Mapping[str, Any]
Row = dict[str, Any]

OVERLAP = " (word overlap)"
"""Ending of the ALCE figures by plain word overlap: the floor of the support check."""

SITE, ABSENT, NO_SOURCE = "course site", "not in the index", "no source"
_KIND_NAMES = {"book": "book", "site": SITE, "notebook": "notebooks", "notes": "notes"}

_WORST = 20


def score_rows(
    cases: Sequence[Case],
    records: Sequence[Record],
    supports: alce.Supports,
    parts: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield the row of scores.jsonl of each case: scores and, where it failed, what went wrong.

    `parts` names the part of the course that a document belongs to (see `course_parts`).
    """
    overlap = word_overlap()
    for case, record in zip(cases, records, strict=True):
        scores = score(case, record, supports)
        row: Row = {
            "id": case.id,
            "question": case.question,
            "asked": record["asked"],
            "judged_by": judged_by(case),
            "kind": case.kind,
            "expect": case.expect,
            "status": record["status"],
            "part": part_of(case, parts or {}),
            "cluster": case.relevant[0].doc if case.relevant else f"case {case.id}",
            "scores": scores,
            "outcome": outcome(case, record),
            "evidence": record.get("evidence"),
            "words": words(record["text"]),
            "slop": slop(record["text"]),
            "floors": {
                name: metrics_of(name, score(case, floor_answer(name, record))) for name in FLOORS
            },
            "overlap": alce.score(record, overlap),
        }
        if scores["correct"] == 0:
            row["problem"] = diagnose(case, record)
        yield row


def judged_by(case: Case) -> str:
    """Return a short hash of what an answer is held against, so that like is compared with like."""
    held = (case.relevant, case.must_say, case.must_not_say)
    return hashlib.sha256(repr(held).encode()).hexdigest()[:12]


def course_parts(documents: Sequence[Any]) -> dict[str, str]:
    """Name for each document (a `DocumentRecord`) the part of the course that it belongs to."""
    return {
        d.path: f"lecture {d.lecture}" if d.lecture else _KIND_NAMES.get(d.kind, d.kind)
        for d in documents
    }


def part_of(case: Case, parts: Mapping[str, str]) -> str:
    """Return the part of the course that a case is about: a lecture if one is among its golds.

    Dates and rules are about the course site, whatever lecture they mention.
    """
    found = [parts.get(gold.doc, ABSENT) for gold in case.relevant]
    if case.kind in ("schedule", "logistics") and SITE in found:
        return SITE
    lectures = [part for part in found if part.startswith("lecture ")]
    return (lectures or found or [NO_SOURCE])[0]


def summarise(
    rows: Sequence[Row],
    records: Sequence[Record],
    configuration: Mapping[str, Any],
    scoring: Mapping[str, Any] | None = None,
    problems: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the object of summary.json.

    `problems` are golds that the index lacks, one text a case; `absent` are their documents.
    """
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    parts = sorted({row["part"] for row in rows}, key=_part_order)
    overlap = aggregate([row["overlap"] for row in rows], rows)
    return {
        "configuration": dict(configuration),
        "scoring": dict(scoring or {}),
        "cases": len(rows),
        "errors": [
            {"id": row["id"], "error": record["error"]}
            for row, record in zip(rows, records, strict=True)
            if record["status"] == "error"
        ],
        "gold_problems": list(problems),
        "absent_documents": list(absent),
        "metrics": {
            "overall": aggregate([row["scores"] for row in rows], rows),
            "by_kind": _by(rows, "kind", kinds),
            "by_part": _by(rows, "part", parts),
        },
        "floors": {
            **{name: aggregate([row["floors"][name] for row in rows], rows) for name in FLOORS},
            "word-overlap": {name + OVERLAP: value for name, value in overlap.items()},
        },
        "decisions": decisions(rows),
        "outcomes": {name: sum(row["outcome"] == name for row in rows) for name in OUTCOMES},
        "reliability": reliability(rows),
        "slop": dict(Counter(kind for row in rows for kind in row["slop"])),
        "latency_ms": cost.latencies(records),
        "tokens": cost.tokens(records),
        "memory_mib": cost.memory(records),
        "worst": worst(rows),
    }


def aggregate(scores: Sequence[Scores], rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Average each metric over the cases it applies to: value, n and a 95 % interval low, high.

    Rates have Wilson's interval, means one by bootstrap over documents. Means that are alike in
    all cases have Wilson's too: drawing them anew would claim a certainty that n cases cannot give.
    `rules_out` is there when nothing failed: the rate of failure that n cases rule out. A metric
    that applies to no case is left out.
    """
    totals: dict[str, dict[str, Any]] = {}
    for name in DEFINITIONS:
        found = [
            (value, row["cluster"])
            for case, row in zip(scores, rows, strict=True)
            if (value := case.get(name)) is not None
        ]
        if not found:
            continue
        values = [value for value, _ in found]
        mean = sum(values) / len(values)
        if name in MEANS and len(set(values)) > 1:
            low, high = bootstrap_mean(values, [cluster for _, cluster in found])
            method = "bootstrap"
        else:
            low, high = wilson(mean, len(values))
            method = "wilson"
        totals[name] = {"value": mean, "n": len(values), "low": low, "high": high}
        totals[name]["interval"] = method
        if mean == (0.0 if name in LOWER_IS_BETTER else 1.0):
            totals[name]["rules_out"] = zero_bound(len(values))
    return totals


def decisions(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Count the cases by expectation and status: expect -> status -> cases."""
    counts = Counter((row["expect"], row["status"]) for row in rows)
    statuses = (*STATUS.values(), "error")
    return {e: {status: counts[e, status] for status in statuses} for e in EXPECTATIONS}


def worst(rows: Sequence[Row], count: int = _WORST) -> list[dict[str, str]]:
    """Return the failed cases that matter most: errors, then wrong decisions, then poor answers.

    Each sort of failure gets an equal share first, so that one that is frequent hides no other.
    """
    failed = sorted((row for row in rows if "problem" in row), key=_gravity)
    sorts: dict[str, list[Row]] = {}
    for row in failed:
        sorts.setdefault(_sort(row), []).append(row)
    share = -(-count // max(1, len(sorts)))
    first = [row["id"] for found in sorts.values() for row in found[:share]]
    others = [row["id"] for row in failed if row["id"] not in set(first)]
    shown = {*first, *others[: max(0, count - len(first))]}
    chosen = [row for row in failed if row["id"] in shown][:count]
    return [{"id": row["id"], "kind": row["kind"], "problem": row["problem"]} for row in chosen]


def _sort(row: Row) -> str:
    """Name the sort of failure."""
    scores = row["scores"]
    if row["status"] == "error":
        return "error"
    for name in ("bypass", "false answer", "over-refusal", "over-abstention"):
        if scores[name]:
            return name
    return "poor answer" if scores["decision"] else "wrong decision"


def _gravity(row: Row) -> tuple[float, ...]:
    scores = row["scores"]
    found = scores["recall@10"]
    return (
        float(row["status"] != "error"),
        1 - max(scores["bypass"] or 0, scores["false answer"] or 0),
        scores["decision"],
        1.0 if found is None else found,
    )


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


def _by(rows: Sequence[Row], field: str, values: Sequence[str]) -> dict[str, Any]:
    groups = {value: [row for row in rows if row[field] == value] for value in values}
    return {
        value: aggregate([r["scores"] for r in group], group) for value, group in groups.items()
    }


def _part_order(part: str) -> tuple[int, int, str]:
    """Lectures in their order, then the other parts by name, what has no place last."""
    number = part.removeprefix("lecture ")
    if part != number and number.isdigit():
        return 0, int(number), ""
    return 1, int(part in (ABSENT, NO_SOURCE)), part
