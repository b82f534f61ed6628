"""Plots of how values spread over the answers: times, lengths, and how often there is slop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from eval.html.svg import OTHER, OURS, Plot, figure, render
from eval.html.wording import duration, percent
from eval.metrics.cost import STAGES
from eval.metrics.style import BUDGET_WORDS

_BRIEFEST = 0.1
"""Milliseconds below which nothing is told apart: a logarithmic axis has no place for 0."""

Totals = Mapping[str, Mapping[str, Any]]


def latency(spreads: Totals, records: Sequence[Mapping[str, Any]]) -> Plot:
    """The time of each stage as a box on a logarithmic axis, p50 and p95 in words."""
    stages = [stage for stage in STAGES if stage in spreads]
    times = {
        stage: [
            max(_BRIEFEST, took)
            for record in records
            if (took := record["timings_ms"].get(stage)) is not None
        ]
        for stage in stages
    }
    if not stages:
        return Plot("latency", "Time per answer", "No answer of this run carries its times.")
    with figure(0.44 * len(stages) + 1.25) as drawn:
        axes = drawn.subplots()
        _boxes(axes, [times[stage] for stage in stages])
        for place, stage in enumerate(stages):
            p95 = max(_BRIEFEST, spreads[stage]["p95"])
            axes.plot(p95, place, "D", color=OTHER, ms=6, zorder=4)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda ms, _: duration(ms)))
        axes.minorticks_off()
        axes.set_yticks(range(len(stages)), [stage.replace("_", " ") for stage in stages])
        axes.set_xlabel("time (logarithmic axis)")
        words = [f"{duration(spreads[s]['p50'])} | {duration(spreads[s]['p95'])}" for s in stages]
        beside = axes.secondary_yaxis("right")
        beside.set_yticks(range(len(stages)), words)
        beside.tick_params(length=0)
        beside.spines["right"].set_visible(False)
        _box_key(drawn, [Line2D([], [], ls="", marker="D", color=OTHER, ms=6, label="p95")])
        listed = "; ".join(f"{s.replace('_', ' ')} {w}" for s, w in zip(stages, words, strict=True))
        svg = render(drawn, "latency", f"Time of each stage, p50 and p95: {listed}")
    title = "Time per answer"
    if total := spreads.get("total"):
        title = (
            f"Half of the answers are there within {duration(total['p50'])}, "
            f"95% in {duration(total['p95'])}"
        )
    caption = (
        "At the right p50 | p95 in figures: half and 95% of the answers took no longer. Boxes hold "
        "the middle half, whiskers reach from 5% to 95%. The stages are deciding what is allowed "
        "(policy), search, the wait for the first word, writing, and checking each sentence. A "
        f"stage that did not run counts as 0 and is drawn at {duration(_BRIEFEST)}."
    )
    return Plot("latency", title, caption, svg)


def _boxes(axes: Axes, values: Sequence[Sequence[float]]) -> None:
    """Draw one horizontal box a group: middle half, median, whiskers from 5 % to 95 %."""
    axes.boxplot(
        values, orientation="horizontal", positions=range(len(values)), widths=0.5, whis=(5, 95),
        showfliers=False, manage_ticks=False, patch_artist=True,
        boxprops={"facecolor": "#cfe0f0", "edgecolor": OURS},
        medianprops={"color": OURS, "linewidth": 2.4},
        whiskerprops={"color": OURS}, capprops={"color": OURS},
    )  # fmt: skip
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _box_key(drawn: Figure, more: Sequence[Line2D]) -> None:
    median = Line2D([], [], color=OURS, lw=2.4, label="median (p50)")
    drawn.legend(handles=[median, *more], loc="outside lower center", ncols=2)


def length(overall: Totals, rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Words of the answers by kind of question, beside the budget of the kind."""
    kinds = [k for k in BUDGET_WORDS if any(r["kind"] == k and r["words"] for r in rows)]
    if not kinds:
        return Plot("length", "Length of the answers", "No answer of this run has words.")
    words = [[r["words"] for r in rows if r["kind"] == k and r["words"]] for k in kinds]
    with figure(0.38 * len(kinds) + 1.2) as drawn:
        axes = drawn.subplots()
        _boxes(axes, words)
        for place, kind in enumerate(kinds):
            axes.plot(BUDGET_WORDS[kind], place, "|", color=OTHER, ms=15, mew=2.6, zorder=4)
        axes.set_yticks(
            range(len(kinds)), [f"{k} ({len(w)})" for k, w in zip(kinds, words, strict=True)]
        )
        axes.set_xlim(left=0)
        axes.set_xlabel("words of prose in an answer")
        key = Line2D([], [], ls="", marker="|", color=OTHER, ms=12, mew=2.6, label="budget")
        _box_key(drawn, [key])
        listed = "; ".join(
            f"{k} median {sorted(w)[len(w) // 2]} of {BUDGET_WORDS[k]}"
            for k, w in zip(kinds, words, strict=True)
        )
        svg = render(drawn, "length", f"Words of the answers by kind, beside the budget: {listed}")
    concise = overall.get("concise")
    title = "Length of the answers"
    if concise:
        title = f"{percent(concise['value'])} of the answers keep to the length their kind allows"
    caption = (
        "Boxes hold the middle half of the answers, whiskers reach from 5% to 95%; code and "
        "formulas are not counted. Shorter is better, as long as nothing is missing."
    )
    return Plot("length", title, caption, svg)


def slop(counts: Mapping[str, int], cases: int) -> Plot:
    """Answers with each kind of slop."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    with figure(0.38 * len(ranked) + 0.8) as drawn:
        axes = drawn.subplots()
        axes.barh(
            range(len(ranked)), [n for _, n in ranked], 0.6, fc="white", ec=OTHER, hatch="///"
        )
        axes.set_yticks(range(len(ranked)), [f"{name} ({n})" for name, n in ranked])
        axes.set_ylim(len(ranked) - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(f"answers, of {cases}")
        axes.grid(axis="x")
        listed = "; ".join(f"{name}: {n}" for name, n in ranked)
        svg = render(drawn, "slop", f"Answers with each kind of slop. {listed}")
    caption = "Flattery, filler, offers, emoji, headings for show and sentences said twice."
    return Plot("slop", f"Slop: most often {ranked[0][0]}", caption, svg)
