"""Writes scores.jsonl, summary.json and report.md, which fits a pull request and a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.cases import EXPECTATIONS
from eval.floors import FLOORS
from eval.metrics import DEFINITIONS
from eval.metrics.abstention import OUTCOMES
from eval.summary import OVERLAP
from eval.tables import bullets, cell, table

SCORES, SUMMARY, MARKDOWN = "scores.jsonl", "summary.json", "report.md"

SHOWN_BY_GROUP = (
    "correct", "decision", "must say", "citation page", "citation recall", "hit@1", "recall@5",
    "mrr@10",
)  # fmt: skip
"""Columns of the tables by kind and part: the few that tell groups apart and fit a page."""

SHOWN_OF_FLOORS = (
    "correct", "decision", "bypass", "over-refusal", "false answer", "over-abstention", "must say",
    "citation page", "hit@1", "success@5", "recall@5", "mrr@10", "ndcg@10", "doc hit@1",
)  # fmt: skip

_WORST = 10

Totals = Mapping[str, Mapping[str, Any]]


def write(folder: Path, rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> str:
    """Write scores.jsonl, summary.json and report.md to `folder`; return the report's text."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / SCORES).write_text(lines, encoding="utf-8")
    data = json.dumps(summary, ensure_ascii=False, indent=1, default=str)
    (folder / SUMMARY).write_text(data + "\n", encoding="utf-8")
    text = markdown(summary)
    (folder / MARKDOWN).write_text(text, encoding="utf-8")
    return text


def markdown(summary: Mapping[str, Any]) -> str:
    """Lay the summary out as Markdown."""
    config, metrics = summary["configuration"], summary["metrics"]
    parts = [
        f"# Evaluation: {summary['cases']} cases",
        f"Model {config['model']}, index {config['generation']}, "
        f"embedder {config['embedder']}, commit {config['commit'] or 'unknown'}.",
        _overall(metrics["overall"]),
        _support(summary),
        _floors(summary),
        _by_group("By kind", "kind", metrics["by_kind"]),
        _by_group("By part of the course", "part", metrics["by_part"]),
        _matrix(summary["decisions"]),
        _silence(summary),
        _judge(summary.get("judge")),
        _cost(summary),
        bullets("Errors", [f"`{e['id']}` {cell(e['error'])}" for e in summary["errors"]]),
        bullets("Golds that the index lacks, scored as not found", summary["gold_problems"]),
        bullets(
            "Worst cases",
            [f"`{w['id']}` ({w['kind']}): {cell(w['problem'])}" for w in summary["worst"][:_WORST]],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _overall(metrics: Totals) -> str:
    rows = [
        [
            name,
            number(m["value"]),
            f"{m['low']:.2f}-{m['high']:.2f}",
            f"{m['n']}",
            "; ".join(t for t in (text, note(m)) if t),
        ]
        for name, text in DEFINITIONS.items()
        if (m := metrics.get(name))
    ]
    return table(["metric", "value", "95 %", "n", "what counts"], rows)


def note(metric: Mapping[str, Any]) -> str:
    """Say what no failure among n cases rules out; "" where there was one."""
    bound = metric.get("rules_out")
    return "" if bound is None else f"no failure in {metric['n']}: at most {bound:.1%} (95 %)"


def _support(summary: Mapping[str, Any]) -> str:
    name = summary["scoring"].get("support")
    if not name:
        return ""
    flatters = (
        " The tutor has removed what this check does not support, so these figures flatter;"
        " pages against gold (`citation page`) do not."
    )
    return f"Citation recall and precision are judged by: {name}." + (
        flatters if "tutor's own" in name else ""
    )


def _floors(summary: Mapping[str, Any]) -> str:
    floors, ours = summary["floors"], summary["metrics"]["overall"]
    rows = [
        [metric, number(ours[metric]["value"])]
        + [_value(floors[name].get(metric)) for name in FLOORS]
        for metric in SHOWN_OF_FLOORS
        if metric in ours
    ]
    parts = ["## Beside trivial tutors", table(["metric", "ours", *FLOORS.values()], rows)]
    overlap = floors["word-overlap"]
    if "citation recall" + OVERLAP in overlap:
        recall, precision = (
            number(overlap[f"citation {kind}{OVERLAP}"]["value"])
            for kind in ("recall", "precision")
        )
        parts.append(
            "By plain word overlap instead of the support check: citation recall "
            f"{recall}, precision {precision}."
        )
    return "\n\n".join(parts)


def _by_group(title: str, what: str, groups: Mapping[str, Totals]) -> str:
    rows = [
        [group, f"{m['correct']['n']}"] + [_value(m.get(name)) for name in SHOWN_BY_GROUP]
        for group, m in groups.items()
    ]
    return f"## {title}\n\n" + table([what, "cases", *SHOWN_BY_GROUP], rows)


def _matrix(counts: Mapping[str, Mapping[str, int]]) -> str:
    rows = [
        [expect, *(str(count) if count else "" for count in counts[expect].values())]
        for expect in EXPECTATIONS
    ]
    head = ["expected", *next(iter(counts.values()))]
    return "## Decisions\n\n" + table(head, rows)


def _silence(summary: Mapping[str, Any]) -> str:
    rows = [[name, str(summary["outcomes"][name]), text] for name, text in OUTCOMES.items()]
    parts = ["## Silence", table(["outcome", "cases", "what counts"], rows)]
    if area := summary["reliability"]["auroc"]:
        parts.append(
            f"The evidence score tells answerable from other questions with an AUROC of "
            f"{area['value']:.2f} ({area['low']:.2f}-{area['high']:.2f}, "
            f"{summary['reliability']['n']} questions)."
        )
    return "\n\n".join(parts)


def _judge(judge: Mapping[str, Any] | None) -> str:
    if not judge:
        return ""
    agreed = judge["agreement"]
    parts = [f"## LLM judge\n\n{judge['judge']} judged {judge['judged']} answers"]
    if mean := judge.get("mean"):
        parts.append(f": {mean['value']:.2f} ({mean['low']:.2f}-{mean['high']:.2f}) on average")
    parts.append(f"; {judge['unscored']} verdicts could not be read and are unscored.")
    if agreed["agree"] is None:
        parts.append(f" None of its {agreed['n']} verdicts on labelled items could be read.")
    else:
        kappa = "undefined" if agreed["kappa"] is None else f"{agreed['kappa']:.2f}"
        parts.append(
            f" On {agreed['n']} items labelled by people ({agreed['unscored']} unscored) it agrees "
            f"in {agreed['agree']:.0%} ({agreed['low']:.0%}-{agreed['high']:.0%}), kappa {kappa}; "
            f"always saying the commonest label agrees in {agreed['commonest']:.0%}."
        )
    if judge["itself"]:
        parts.append(" It judges its own answers.")
    return "".join(parts)


def _cost(summary: Mapping[str, Any]) -> str:
    spreads = {
        **{f"{stage} (ms)": spread for stage, spread in summary["latency_ms"].items()},
        **{name.replace("_", " "): spread for name, spread in summary["tokens"].items()},
    }
    if not spreads:
        return ""
    rows = [[s, f"{t['p50']:.0f}", f"{t['p95']:.0f}", f"{t['n']}"] for s, t in spreads.items()]
    parts = ["## Cost", table(["", "p50", "p95", "n"], rows)]
    names = {"peak_rss_mib": "of the process", "peak_gpu_mib": "of tensors on the GPU"}
    peaks = [f"{mib:,.0f} MiB {names[name]}" for name, mib in summary["memory_mib"].items()]
    if peaks:
        parts.append(f"Peak memory: {', '.join(peaks)}.")
    return "\n\n".join(parts)


def number(value: float) -> str:
    """Write a share with three digits."""
    return f"{value:.3f}"


def _value(metric: Mapping[str, Any] | None) -> str:
    return number(metric["value"]) if metric else ""
