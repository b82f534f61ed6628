"""`python -m eval compare A B`: is B better than A, or is it noise?

Both runs answered the same cases, so each case is its own control. Rates are tested on the cases
that flipped (McNemar's exact test), means by drawing documents anew (paired bootstrap); intervals
of both by the latter. Each metric is tested at 5 %: of twenty, one differs by chance alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ds542_tutor.errors import TutorError
from eval.metrics import DEFINITIONS, LOWER_IS_BETTER, MEANS
from eval.report import SCORES, SUMMARY, number
from eval.stats import Difference, mcnemar, paired_bootstrap
from eval.tables import bullets, cell, table

LEVEL = 0.05
_TOLD = ("generation", "corpus", "embedder", "model", "policy", "code", "settings")


class CompareError(TutorError):
    """A folder holds no finished run, or two runs have no case in common."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its summary and the rows of scores.jsonl by case id."""

    folder: Path
    summary: Mapping[str, Any]
    rows: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of two runs over the `n` cases that have it in both.

    `lost` and `won`: cases that became worse and better. `p`: two-sided, that chance alone did it.
    """

    metric: str
    n: int
    before: float
    after: float
    difference: Difference
    p: float
    lost: tuple[str, ...]
    won: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "no difference shown"."""
        if self.p >= LEVEL or self.before == self.after:
            return "no difference shown"
        return "better" if (self.after > self.before) != self.falls else "worse"

    @property
    def falls(self) -> bool:
        """Whether the metric is better when it is lower."""
        return self.metric in LOWER_IS_BETTER


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the cases that both asked alike; `only_a`, `only_b`: the others."""

    a: Run
    b: Run
    shared: tuple[str, ...]
    changes: tuple[Change, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    def change(self, metric: str) -> Change | None:
        """Return the change of one metric; None where no case has it in both runs."""
        return next((c for c in self.changes if c.metric == metric), None)


def load_run(folder: Path) -> Run:
    """Read a finished run.

    Raises:
        CompareError: the folder holds none, or its files are damaged.
    """
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        lines = (folder / SCORES).read_text(encoding="utf-8").split("\n")
        rows = {row["id"]: row for row in (json.loads(line) for line in lines if line)}
        summary["configuration"], [row["scores"] for row in rows.values()]
    except OSError as error:
        raise CompareError(
            f"{folder} holds no finished run ({error.strerror}: {Path(error.filename).name}); "
            f"make one with `python -m eval run --cases FILE --out {folder}`."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CompareError(
            f"The run in {folder} is damaged ({error}); `python -m eval run` with the same --out "
            "writes its scores anew."
        ) from error
    return Run(folder, summary, rows)


def compare(a: Run, b: Run) -> Comparison:
    """Compare two runs over the cases that both asked alike and judge alike.

    Raises:
        CompareError: there are none.
    """
    shared = [i for i, row in a.rows.items() if i in b.rows and _same(row, b.rows[i])]
    if not shared:
        raise CompareError(f"{a.folder} and {b.folder} have no case in common; nothing to compare.")
    pairs = [(a.rows[i], b.rows[i]) for i in shared]
    changes = [change for name in DEFINITIONS if (change := _change(name, pairs))]
    return Comparison(
        a,
        b,
        tuple(shared),
        tuple(changes),
        tuple(i for i in a.rows if i not in set(shared)),
        tuple(i for i in b.rows if i not in set(shared)),
    )


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(field) == other.get(field) for field in ("asked", "expect", "judged_by"))


def _change(
    name: str, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> Change | None:
    both = [(x["id"], x["cluster"], x["scores"].get(name), y["scores"].get(name)) for x, y in pairs]
    scored = [(i, cluster, p, q) for i, cluster, p, q in both if p is not None and q is not None]
    if not scored:
        return None
    sign = -1 if name in LOWER_IS_BETTER else 1
    lost = tuple(i for i, _, p, q in scored if sign * (q - p) < 0)
    won = tuple(i for i, _, p, q in scored if sign * (q - p) > 0)
    difference = paired_bootstrap([q - p for _, _, p, q in scored], [c for _, c, _, _ in scored])
    n = len(scored)
    return Change(
        metric=name,
        n=n,
        before=sum(p for _, _, p, _ in scored) / n,
        after=sum(q for _, _, _, q in scored) / n,
        difference=difference,
        p=difference.p if name in MEANS else mcnemar(len(lost), len(won)),
        lost=lost,
        won=won,
    )


def markdown(comparison: Comparison) -> str:
    """Lay a comparison out as Markdown: the verdict, the table, the cases that flipped."""
    a, b = comparison.a, comparison.b
    parts = [
        f"# {b.folder} against {a.folder}: {len(comparison.shared)} cases",
        conclusion(comparison),
        bullets("What differs between the runs", differences(a, b)),
        "## Metrics\n\n" + _metrics(comparison),
        bullets("Cases that were right and are not any more", _flipped(comparison, "lost", b)),
        bullets("Cases that are right now", _flipped(comparison, "won", a)),
        bullets("Not compared", _left_out(comparison)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def conclusion(comparison: Comparison) -> str:
    """Say in a sentence or two what the comparison shows."""
    told = []
    if correct := comparison.change("correct"):
        told.append(
            f"Right answers: {correct.before:.1%} before, {correct.after:.1%} now, "
            f"{len(correct.won)} won and {len(correct.lost)} lost: {correct.verdict} "
            f"(p = {correct.p:.3f})."
        )
    for verdict in ("better", "worse"):
        names = [c.metric for c in comparison.changes if c.verdict == verdict]
        if names:
            told.append(f"{verdict.capitalize()}: {', '.join(names)}.")
    return " ".join(told)


def differences(a: Run, b: Run) -> list[str]:
    """Name what of the configuration differs, with both values."""
    one, other = (_flat(run.summary["configuration"]) for run in (a, b))
    found = []
    for name in sorted({*one, *other}):
        if name.split(".")[0] in _TOLD and one.get(name) != other.get(name):
            values = [json.dumps(c.get(name), ensure_ascii=False) for c in (one, other)]
            found.append(f"{name}: {' -> '.join(values)}")
    scoring = [run.summary.get("scoring", {}) for run in (a, b)]
    for name in ("support", "judge", "code"):
        if scoring[0].get(name) != scoring[1].get(name):
            found.append(
                f"scored by another {'version of eval' if name == 'code' else name}; "
                "`python -m eval run` with the same --out scores the kept answers anew"
            )
    return found


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name nested values by their path: {"settings": {"hits": 5}} gives "settings.hits"."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _metrics(comparison: Comparison) -> str:
    rows = [
        [
            change.metric + (" (lower is better)" if change.falls else ""),
            number(change.before),
            number(change.after),
            f"{change.difference.mean:+.3f}",
            f"{change.difference.low:+.3f} to {change.difference.high:+.3f}",
            f"{change.p:.3f}",
            str(change.n),
            f"+{len(change.won)} -{len(change.lost)}",
            change.verdict,
        ]
        for change in comparison.changes
    ]
    head = ["metric", "A", "B", "B - A", "95 %", "p", "n", "cases", "verdict"]
    tested = sum(bool(change.lost or change.won) for change in comparison.changes)
    return (
        table(head, rows)
        + f"\n\nRates by McNemar's exact test, means by paired bootstrap over documents, each at "
        f"{LEVEL:.0%}; {tested} metrics changed at all."
    )


def _flipped(comparison: Comparison, which: str, told: Run) -> list[str]:
    correct = comparison.change("correct")
    ids = getattr(correct, which) if correct else ()
    return [line(told.rows[i]) for i in ids]


def line(row: Mapping[str, Any]) -> str:
    """Show one case with what went wrong."""
    problem = cell(row.get("problem", ""))
    return f"`{row['id']}` ({row['kind']}) {cell(row['question'])}: {problem}"


def _left_out(comparison: Comparison) -> list[str]:
    found = []
    for ids, run in ((comparison.only_a, comparison.a), (comparison.only_b, comparison.b)):
        if ids:
            some = ", ".join(f"`{i}`" for i in ids[:5]) + (" …" if len(ids) > 5 else "")
            found.append(f"{len(ids)} cases that only {run.folder} has in this form: {some}")
    return found
