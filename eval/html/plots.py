"""The plots of the HTML report: each says in its title what to see, and how to read it below.

Values come from summary.json and the rows; nothing is averaged anew here. What is told apart by
colour is told apart by shape too. Laying the plots out on the page is left to `report`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from eval.cases import EXPECTATIONS
from eval.floors import FLOORS
from eval.html.spreads import latency, length, slop
from eval.html.svg import GRID, INK, MUTED, OTHER, OURS, Plot, figure, render
from eval.html.wording import percent
from eval.metrics import LOWER_IS_BETTER
from eval.metrics.abstention import OUTCOMES
from eval.metrics.policy import STATUS

_SHOWN = (
    "correct", "decision", "citation page", "hit@1", "success@5",
    "bypass", "over-refusal", "false answer", "over-abstention",
)  # fmt: skip
_MARKERS = {"bm25": "^", "dense": "s", "always-refuse": "x", "never-refuse": "D"}
_RIGHT = ("answered-correct", "abstained-right")
_ENOUGH = 5  # cases of a group, below which the title does not speak of it
_DARKEST = 0.55  # of a cell: dark text on it keeps a contrast of 5 to 1
_TELLS = 0.7  # area under the ROC curve from which a score may be said to tell two groups apart

Totals = Mapping[str, Mapping[str, Any]]


def draw_plots(
    summary: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
) -> list[Plot]:
    """Draw all plots, in the order of the report."""
    metrics = summary["metrics"]
    overall = metrics["overall"]
    plots = [
        _metrics(overall, summary["floors"]),
        _decisions(summary["decisions"]),
        _groups("kinds", "kind of question", metrics["by_kind"], overall),
        _groups("parts", "part of the course", metrics["by_part"], overall),
        _outcomes(summary["outcomes"]),
        _reliability(summary["reliability"], _threshold(summary["configuration"])),
        latency(summary["latency_ms"], records),
        length(overall, rows),
    ]
    return plots + ([slop(summary["slop"], len(rows))] if summary["slop"] else [])


def _metrics(ours: Totals, floors: Mapping[str, Totals]) -> Plot:
    """Ours with intervals beside the floors, the metrics that should be high above the others."""
    sides = [
        [name for name in _SHOWN if name in ours and (name in LOWER_IS_BETTER) is low]
        for low in (False, True)
    ]
    shown = [side for side in sides if side]
    with figure(0.38 * sum(map(len, shown)) + 0.6 * len(shown) + 1.0) as drawn:
        ratios = [len(side) for side in shown]
        panels = drawn.subplots(len(shown), 1, squeeze=False, height_ratios=ratios, sharex=True)
        for axes, side in zip(panels[:, 0], shown, strict=True):
            low = side[0] in LOWER_IS_BETTER
            axes.set_title("Lower is better" if low else "Higher is better", loc="left", size=11)
            _shares(axes, side)
            for place, name in enumerate(side):
                for floor, marker in _MARKERS.items():
                    if found := floors[floor].get(name):
                        _floor(axes, found["value"], place, marker)
                _interval(axes, ours[name], place)
        panels[-1, 0].set_xlabel("share of the cases that the metric applies to")
        handles = [Line2D([], [], color=OURS, marker="o", ms=7, label="this tutor, 95% interval")]
        handles += [
            Line2D([], [], ls="", marker=marker, color=MUTED, mfc="none", ms=6, label=FLOORS[name])
            for name, marker in _MARKERS.items()
        ]
        drawn.legend(handles=handles, loc="outside lower center", ncols=2)
        alt = "Metrics of this tutor with intervals, beside trivial tutors. " + "; ".join(
            f"{name} {percent(ours[name]['value'])}" for side in shown for name in side
        )
        svg = render(drawn, "metrics", alt)
    value = percent(ours["correct"]["value"])
    title = f"{value} of the questions are answered as they should be"
    best = max((floors[f]["correct"]["value"] for f in FLOORS if "correct" in floors[f]), default=0)
    if best:
        title += f"; the best trivial tutor reaches {percent(best)}"
    caption = (
        "The dot is this tutor, the bar its 95% interval. Open marks are tutors that need no wit: "
        "the best passage of one searcher alone, always refusing, never refusing. A tutor that "
        "only refuses is perfect on one half of the lower panel and useless on the other."
    )
    return Plot("metrics", title, caption, svg)


def _floor(axes: Axes, value: float, place: float, marker: str) -> None:
    fill: dict[str, Any] = {"color": MUTED} if marker == "x" else {"mfc": "white", "mec": MUTED}
    axes.plot(value, place, marker=marker, ls="", ms=6, clip_on=False, zorder=2, **fill)


def _interval(axes: Axes, metric: Mapping[str, Any], place: float) -> None:
    axes.plot((metric["low"], metric["high"]), (place, place), color=OURS, lw=2.2, zorder=3)
    axes.plot(metric["value"], place, "o", color=OURS, ms=7, clip_on=False, zorder=4)


def _shares(axes: Axes, labels: Sequence[str]) -> None:
    """Make a panel of shares from 0 to 1, one line a label from top to bottom."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, pad=8)  # marks at 0% must not touch the labels
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="x")


def _groups(name: str, what: str, groups: Mapping[str, Totals], overall: Totals) -> Plot:
    """The share of right answers of each group, with its interval and number of cases."""
    found = {group: totals["correct"] for group, totals in groups.items() if "correct" in totals}
    mean = overall["correct"]["value"]
    with figure(0.33 * len(found) + 1.1) as drawn:
        axes = drawn.subplots()
        _shares(axes, [f"{group} ({m['n']})" for group, m in found.items()])
        axes.axvline(mean, color=OTHER, ls="--", lw=1.4, zorder=1)
        for place, metric in enumerate(found.values()):
            _interval(axes, metric, place)
        axes.set_xlabel("answered as they should be (correct)")
        key = Line2D([], [], color=OTHER, ls="--", lw=1.4, label=f"all questions: {percent(mean)}")
        drawn.legend(handles=[key], loc="outside lower center")
        listed = "; ".join(f"{group} {percent(m['value'])}" for group, m in found.items())
        svg = render(drawn, name, f"Share answered as it should be, by {what}: {listed}")
    ranked = sorted((m["value"], group) for group, m in found.items() if m["n"] >= _ENOUGH)
    title = f"By {what}"
    if len(ranked) > 1:
        (low, weak), (high, strong) = ranked[0], ranked[-1]
        title += f": from {percent(low)} ({weak}) to {percent(high)} ({strong})"
    caption = (
        "The number of cases stands in brackets; the bar is the 95% interval. Groups whose bars "
        "overlap much may differ by chance alone."
    )
    return Plot(name, title, caption, svg)


def _decisions(counts: Mapping[str, Mapping[str, int]]) -> Plot:
    """Counts of what was expected against what was done; the right cells are framed."""
    wanted = [expect for expect in EXPECTATIONS if any(counts[expect].values())]
    failed = any(counts[expect]["error"] for expect in wanted)
    given = [*STATUS.values(), *(["error"] if failed else [])]
    with figure(0.5 * len(wanted) + 1.1) as drawn:
        axes = drawn.subplots()
        for y, expect in enumerate(wanted):
            total = sum(counts[expect].values())
            for x, status in enumerate(given):
                _cell(axes, x, y, counts[expect][status], total, STATUS[expect] == status)
        axes.set_xlim(-0.5, len(given) - 0.5)
        axes.set_ylim(len(wanted) - 0.5, -0.5)
        axes.set_xticks(range(len(given)), given)
        axes.set_yticks(range(len(wanted)), wanted)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.xaxis.set_label_position("top")
        axes.xaxis.tick_top()
        axes.set_xlabel("what the tutor did (cases)", labelpad=6)
        axes.set_ylabel("what was expected")
        alt = "Counts of expected against given decisions. " + "; ".join(
            f"{expect} expected, {status}: {counts[expect][status]}"
            for expect in wanted
            for status in given
            if counts[expect][status]
        )
        svg = render(drawn, "decisions", alt)
    right = sum(counts[expect][STATUS[expect]] for expect in wanted)
    total = sum(sum(counts[expect].values()) for expect in wanted)
    caption = (
        "Framed cells are right decisions, whatever the words then say; the darker a cell, the "
        "larger its share of the row."
    )
    mistakes = [
        (counts[expect][status], expect, status)
        for expect in wanted
        for status in given
        if status != STATUS[expect]
    ]
    count, expect, status = max(mistakes)
    if count:
        caption += f" The commonest mistake ({count}): {expect} expected, {status}."
    return Plot("decisions", f"The right decision in {right} of {total} cases", caption, svg)


def _cell(axes: Axes, x: int, y: int, count: int, total: int, right: bool) -> None:
    share = count / total
    axes.add_patch(
        Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, fc=OURS, alpha=_DARKEST * share, lw=0)
    )
    edge: dict[str, Any] = {"ec": INK, "lw": 2.0} if right else {"ec": GRID, "lw": 0.8}
    axes.add_patch(Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, fill=False, **edge))
    colour = INK if count else MUTED
    axes.text(x, y, str(count), ha="center", va="center", size=12, color=colour)


def _outcomes(counts: Mapping[str, int]) -> Plot:
    """The four outcomes of answering or staying silent, as bars with their counts."""
    total = sum(counts.values())
    if not total:
        words = "No case of this run expects an answer or silence."
        return Plot("outcomes", "Answering and staying silent", words)
    with figure(2.5) as drawn:
        axes = drawn.subplots()
        for place, name in enumerate(OUTCOMES):
            right = name in _RIGHT
            look: dict[str, Any] = (
                {"color": OURS} if right else {"fc": "white", "ec": OTHER, "hatch": "///"}
            )
            axes.barh(place, counts[name], 0.62, **look)
            axes.annotate(
                str(counts[name]), (counts[name], place), (4, 0), textcoords="offset points",
                va="center", size=12,
            )  # fmt: skip
        axes.set_yticks(range(len(OUTCOMES)), [name.replace("-", ", ") for name in OUTCOMES])
        axes.set_ylim(len(OUTCOMES) - 0.5, -0.5)
        axes.set_xlim(0, max(counts.values()) * 1.12)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("cases")
        axes.grid(axis="x")
        listed = "; ".join(f"{name}: {counts[name]}" for name in OUTCOMES)
        svg = render(drawn, "outcomes", f"Outcomes of answering and staying silent. {listed}")
    answered = counts["answered-correct"] + counts["answered-wrong"]
    caption = "Solid bars are right, hatched ones wrong. " + " ".join(
        f"{name.replace('-', ', ').capitalize()}: {text}." for name, text in OUTCOMES.items()
    )
    title = f"{counts['answered-correct']} of {answered} answers are right"
    return Plot("outcomes", title, caption, svg)


def _threshold(configuration: Mapping[str, Any]) -> float | None:
    found = configuration.get("settings", {}).get("retrieval", {}).get("abstain_below")
    return None if found is None else float(found)


def _reliability(found: Mapping[str, Any], threshold: float | None) -> Plot:
    """Share with an answer, and share handled rightly, of questions grouped by evidence score."""
    bins, area = found["bins"], found["auroc"]
    if not bins:
        words = "No answer of this run carries an evidence score, so nothing can be drawn here."
        return Plot("reliability", "The evidence score behind silence", words)
    with figure(3.3) as drawn:
        axes = drawn.subplots()
        means = [b["mean"] for b in bins]
        known = [b["answerable"] for b in bins]
        gaps = [
            [b["answerable"] - b["answerable_low"] for b in bins],
            [b["answerable_high"] - b["answerable"] for b in bins],
        ]
        axes.errorbar(
            means, known, gaps, color=OURS, marker="o", ms=7, lw=1.6, capsize=3,
            label="have an answer (95% interval)",
        )  # fmt: skip
        axes.plot(
            means, [b["correct"] for b in bins], color=OTHER, marker="s", mfc="white", ms=6,
            ls="--", lw=1.4, label="answered rightly, or rightly silent",
        )  # fmt: skip
        if threshold is not None:
            axes.axvline(threshold, color=INK, ls=":", lw=1.6, label=f"silent below {threshold:g}")
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("evidence score (mean of the group)")
        axes.set_ylabel("share of the group")
        axes.grid(axis="y")
        lines = axes.get_legend_handles_labels()[0]
        lines.sort(key=lambda line: str(line.get_label()))  # "answered", "have", "silent"
        drawn.legend(handles=lines, loc="outside lower center")
        alt = f"Of {found['n']} questions in {len(bins)} groups by evidence score: " + "; ".join(
            f"score {b['mean']:.2f}, {percent(b['answerable'])} have an answer, "
            f"{percent(b['correct'])} answered rightly or rightly silent"
            for b in bins
        )
        svg = render(drawn, "reliability", alt)
    caption = (
        f"{found['n']} questions with an evidence score, in {len(bins)} groups of equal size. The "
        "tutor stays silent left of the dotted line. "
    )
    if not area:
        title = "The evidence score behind silence"
        caption += "All these questions are of one sort, so how well it tells them is unknown."
        return Plot("reliability", title, caption, svg)
    title = "The evidence score hardly tells which questions have an answer"
    if area["value"] >= _TELLS:
        title = "Questions with more evidence more often have an answer"
    caption += (
        f"Of a question with an answer and one without, the score ranks the former higher in "
        f"{percent(area['value'])} of pairs (AUROC {area['value']:.2f}, 95% interval "
        f"{area['low']:.2f} to {area['high']:.2f}; 0.50 is guessing)."
    )
    return Plot("reliability", title, caption, svg)
