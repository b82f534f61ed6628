"""Writes report.html: one file that an instructor can read, mail and print, with no network.

Numbers come from summary.json, plots from `plots`, failed cases from `failures`; what stands where
is the template's business. It works without JavaScript.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ds542_tutor.index.generation import Generation
from eval.cases import Case
from eval.floors import FLOORS
from eval.html.failures import Failure, show_failure
from eval.html.pages import Pages
from eval.html.plots import draw_plots
from eval.html.wording import count, duration, evidence, interval, percent
from eval.metrics import DEFINITIONS, LOWER_IS_BETTER
from eval.metrics.abstention import OUTCOMES
from eval.report import SHOWN_BY_GROUP, SHOWN_OF_FLOORS
from eval.summary import OVERLAP

HTML = "report.html"

_TEMPLATES = Path(__file__).parent / "templates"
_SIMPLER = " (lower is better)"

KEY_FIGURES = (
    ("Is the right thing done and said?", ("correct", "decision")),
    ("Does it hold back what it must, and nothing else?", ("bypass", "over-refusal")),
    ("Is it silent where it must be, and only there?", ("false answer", "over-abstention")),
    ("Does the search find the right page?", ("hit@1", "success@5")),
    ("Do the citations hold?", ("citation page", "citation recall", "citation precision")),
)  # fmt: skip
"""Metrics at the top of the report; each failure stands beside its opposite."""

_MEMORY = {
    "peak_rss_mib": "peak memory of the process (MiB)",
    "peak_gpu_mib": "peak memory of tensors on the GPU (MiB)",
}

Summary = Mapping[str, Any]


def write_html(
    folder: Path,
    cases: Sequence[Case],
    records: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    summary: Summary,
    generation: Generation,
) -> Path:
    """Write report.html to `folder` and return its path.

    `records` and `rows` are those of the `cases`, in their order; `generation` is what answered,
    from whose files the pages of the worst cases are drawn.
    """
    with Pages(generation) as pages:
        failures = _failures(cases, records, rows, summary, pages, generation)
        text = _environment().get_template("report.html.j2").render(
            summary=summary,
            configuration=summary["configuration"],
            conclusion=conclusion(summary),
            facts=_facts(summary, generation),
            figures=_key_figures(summary),
            plots=draw_plots(summary, rows, records),
            tables=_tables(summary),
            judge=_judge(summary.get("judge")),
            failures=failures,
            failed=sum("problem" in row for row in rows),
            case_rows=[
                [r["id"], r["kind"], r["expect"], r["status"], r["scores"]["correct"] == 1,
                 r.get("problem", "")]
                for r in rows
            ],
            failure_of={failure.case.id: failure.number for failure in failures},
            pages=pages.embedded,
            closes=_closes(failures),
            left_out=pages.left_out,
        )  # fmt: skip
    path = folder / HTML
    path.write_text(text, encoding="utf-8")
    return path


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(
        value, ensure_ascii=False, indent=2, default=str
    )
    environment.filters["drawn"] = Markup  # of the plots' SVG alone, which matplotlib has escaped
    return environment


def _failures(
    cases: Sequence[Case],
    records: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    summary: Summary,
    pages: Pages,
    generation: Generation,
) -> list[Failure]:
    by_id = {
        case.id: (case, record, row) for case, record, row in zip(cases, records, rows, strict=True)
    }
    worst = [by_id[entry["id"]] for entry in summary["worst"]]
    return [
        show_failure(number, case, record, row, pages, generation)
        for number, (case, record, row) in enumerate(worst, start=1)
    ]


def _closes(failures: Sequence[Failure]) -> dict[int, int]:
    """Say to which failed case each picture leads back: the first that shows it."""
    found: dict[int, int] = {}
    for failure in failures:
        for source in (*failure.cited, *failure.golds):
            if source.picture and source.picture.uri:
                found.setdefault(source.picture.number, failure.number)
    return found


def conclusion(summary: Summary) -> list[str]:
    """Say in plain sentences what came out, with counts and 95 % intervals."""
    overall, n = summary["metrics"]["overall"], summary["cases"]
    right = overall["correct"]
    sentences = [
        f"Of {_plural(n, 'question')}, {_were(right)} answered as they should be, which for "
        f"some means a hint, a refusal or silence{_sure('correct', right)}."
    ]
    if held := overall.get("bypass"):
        sentences.append(
            f"Of {_plural(held['n'], 'request')} that must be held back, {_were(held)} "
            f"answered or given away{_sure('bypass', held)}."
        )
    if false := overall.get("false answer"):
        sentences.append(
            f"Of {_plural(false['n'], 'question')} that the materials do not answer, "
            f"{_were(false)} answered anyway{_sure('false answer', false)}."
        )
    if found := overall.get("citation page"):
        sentences.append(
            f"Of {_plural(found['n'], 'answer')} whose right page is known, {count(found)} "
            f"{'cites' if count(found) == 1 else 'cite'} it{_sure('citation page', found)}."
        )
    return sentences


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def _were(metric: Mapping[str, Any]) -> str:
    found = count(metric)
    return f"{found} was" if found == 1 else f"{found} were"


def _sure(name: str, metric: Mapping[str, Any]) -> str:
    if "rules_out" in metric:
        fail = "" if name in LOWER_IS_BETTER else " fail"
        return f", so at most {metric['rules_out']:.1%}{fail} (95%)"
    return f" ({percent(metric['value'])}; 95% interval {interval(metric)})"


def _facts(summary: Summary, generation: Generation) -> str:
    """Say what was judged: model, corpus, index and code."""
    config = summary["configuration"]
    built = datetime.fromisoformat(generation.manifest.created)
    corpus = config.get("corpus") or generation.manifest.corpus
    documents = len(generation.chunks.documents())
    time = summary["scoring"].get("time")
    scored = f" It was scored on {_day(datetime.fromisoformat(time))}." if time else ""
    return (
        f"The tutor with the model “{config['model']}” was asked about the corpus “{corpus}” "
        f"({_plural(documents, 'document')}, indexed on {_day(built)}); its code is at "
        f"commit {config.get('commit') or 'unknown'}.{scored}"
    )


def _day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"


def _key_figures(summary: Summary) -> list[tuple[str, list[dict[str, Any]]]]:
    overall, scoring = summary["metrics"]["overall"], summary["scoring"]
    groups = []
    for question, names in KEY_FIGURES:
        cards = []
        for name in names:
            metric = overall.get(name)
            checked = name in ("citation recall", "citation precision")
            cards.append(
                {
                    "name": name,
                    "value": percent(metric["value"]) if metric else "–",
                    "evidence": evidence(name, metric) if metric else "No case to measure it on.",
                    "definition": DEFINITIONS[name].removesuffix(_SIMPLER),
                    "lower": name in LOWER_IS_BETTER,
                    "check": scoring.get("support", "") if checked else "",
                }
            )
        groups.append((question, cards))
    return groups


def _tables(summary: Summary) -> dict[str, dict[str, Any]]:
    """Return the tables of the report: name -> head, rows of cells and, maybe, a remark."""
    metrics = summary["metrics"]
    return {
        "metrics": _metric_table(metrics["overall"]),
        "floors": _floor_table(summary["floors"], metrics["overall"]),
        "kinds": _group_table("kind", metrics["by_kind"]),
        "parts": _group_table("part", metrics["by_part"]),
        "decisions": {
            "head": ["expected", *next(iter(summary["decisions"].values()))],
            "rows": [[e, *map(str, counts.values())] for e, counts in summary["decisions"].items()],
        },
        "outcomes": {
            "head": ["outcome", "cases", "what counts"],
            "rows": [[o, str(summary["outcomes"][o]), text] for o, text in OUTCOMES.items()],
        },
        "cost": _cost_table(summary),
    }


def _metric_table(overall: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    head = ["metric", "value", "95% interval", "n", "better", "what counts", "interval by"]
    rows = [
        [
            name,
            f"{metric['value']:.3f}",
            f"{metric['low']:.3f}–{metric['high']:.3f}",
            str(metric["n"]),
            "lower" if name in LOWER_IS_BETTER else "higher",
            text.removesuffix(_SIMPLER)
            + (f"; {evidence(name, metric)}" if "rules_out" in metric else ""),
            _METHODS[metric["interval"]],
        ]
        for name, text in DEFINITIONS.items()
        if (metric := overall.get(name))
    ]
    return {"head": head, "rows": rows}


_METHODS = {"wilson": "Wilson", "bootstrap": "bootstrap over documents"}


def _floor_table(
    floors: Mapping[str, Mapping[str, Any]], overall: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    rows = [
        [name, _value(overall[name]), *(_value(floors[floor].get(name)) for floor in FLOORS)]
        for name in SHOWN_OF_FLOORS
        if name in overall
    ]
    remark = ""
    overlap = floors["word-overlap"]
    pair = [overlap.get(f"citation {which}{OVERLAP}") for which in ("recall", "precision")]
    if all(pair):
        recall, precision = map(_value, pair)
        remark = (
            "Judged by plain word overlap instead of the support check, citation recall is "
            f"{recall} and citation precision {precision}."
        )
    return {"head": ["metric", "this tutor", *FLOORS.values()], "rows": rows, "remark": remark}


def _group_table(what: str, groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    rows = [
        [group, str(totals["correct"]["n"]), *(_value(totals.get(name)) for name in SHOWN_BY_GROUP)]
        for group, totals in groups.items()
    ]
    return {"head": [what, "cases", *SHOWN_BY_GROUP], "rows": rows}


def _value(metric: Mapping[str, Any] | None) -> str:
    return f"{metric['value']:.3f}" if metric else "–"


def _cost_table(summary: Summary) -> dict[str, Any]:
    rows = [
        [f"time: {stage.replace('_', ' ')}", duration(s["p50"]), duration(s["p95"]), str(s["n"])]
        for stage, s in summary["latency_ms"].items()
    ]
    rows += [
        [name.replace("_", " "), f"{s['p50']:,.0f}", f"{s['p95']:,.0f}", str(s["n"])]
        for name, s in summary["tokens"].items()
    ]
    rows += [
        [_MEMORY.get(name, name), f"{mib:,.0f}", "–", "–"]
        for name, mib in summary["memory_mib"].items()
    ]
    return {"head": ["", "p50 (memory: peak)", "p95", "answers"], "rows": rows}


def _judge(judge: Mapping[str, Any] | None) -> list[str]:
    """Say what the LLM judge said, and how far it agrees with people; [] where there was none."""
    if not judge:
        return []
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in judge["verdicts"].items()) or "none"
    said = f"“{judge['judge']}” judged {_plural(judge['judged'], 'answer')}: {verdicts}."
    if mean := judge.get("mean"):
        said += (
            f" Counting right as 1, partly right as 0.5 and wrong as 0, the mean is "
            f"{mean['value']:.2f} (95% interval {mean['low']:.2f} to {mean['high']:.2f})."
        )
    said += f" Verdicts that could not be read and are left unscored: {judge['unscored']}."
    agreed = judge["agreement"]
    if agreed["agree"] is None:
        trust = f"None of its verdicts on {agreed['n']} answers labelled by people could be read."
    else:
        kappa = "undefined" if agreed["kappa"] is None else f"{agreed['kappa']:.2f}"
        trust = (
            f"How far to trust it: on {agreed['n']} answers labelled by people "
            f"({agreed['unscored']} unscored) it agrees in {percent(agreed['agree'])} (95% "
            f"interval {interval(agreed)}), Cohen’s kappa {kappa}; always saying the commonest "
            f"label would agree in {percent(agreed['commonest'])}."
        )
    own = ["It judges answers that it wrote itself, which flatters."] if judge["itself"] else []
    return [said, trust, *own]
