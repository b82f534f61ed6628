"""Figures of a public set with their 95 % intervals, and how they are printed and saved.

Which figures a set has is its own module's business.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from eval.stats import bootstrap_mean, wilson, zero_bound
from eval.tables import bullets
from eval.tables import table as grid


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with the bounds of its 95 % interval; `n` items stand behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Row:
    """One measure (or one part of the set): its figure for each system that has one."""

    name: str
    figures: Mapping[str, Figure | None]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures side by side. `systems`: the columns, ours first. `meaning`: of the numbers."""

    title: str
    meaning: str
    systems: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Single items that a person should read: one line each."""

    title: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is printed and saved about one set.

    Attributes:
        name: of the set. paper: its address. path: of the file. items: how many were judged.
        configuration: what was judged. notes: what the figures can and cannot say.
    """

    name: str
    paper: str
    path: str
    items: int
    configuration: Mapping[str, str]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    listings: tuple[Listing, ...] = field(default=())


def rate(flags: Sequence[bool]) -> Figure | None:
    """Return the share of independent items that hold, with Wilson's interval; None of no items."""
    if not flags:
        return None
    value = sum(flags) / len(flags)
    return Figure(value, *wilson(value, len(flags)), len(flags))


def mean(values: Sequence[float], clusters: Sequence[Hashable]) -> Figure | None:
    """Return the mean of items that share documents (`clusters`); None of no items.

    The interval is a bootstrap over documents; over items where there is one document only, and
    then it speaks of that document. Shares that are all alike leave nothing to draw anew: their
    interval is Wilson's, of as many cases as would have been drawn.
    """
    if not values:
        return None
    value = sum(values) / len(values)
    units = clusters if len(set(clusters)) > 1 else range(len(values))
    if len(set(values)) == 1 and 0 <= value <= 1:
        return Figure(value, *wilson(value, len(set(units))), len(values))
    return Figure(value, *bootstrap_mean(values, units), len(values))


def zero_note(what: str, figure: Figure | None) -> tuple[str, ...]:
    """Return the note that says what zero cases of `what` leave room for; none otherwise."""
    if figure is None or figure.value > 0:
        return ()
    bound = zero_bound(figure.n)
    return (f"{what}: none of {figure.n}, so the rate is below {bound:.1%} (one-sided 95 %).",)


def markdown(report: Report) -> str:
    """Lay a report out as Markdown that reads well in a terminal too."""
    made = ", ".join(f"{key} {value}" for key, value in report.configuration.items())
    parts = [
        f"# {report.name}: {report.items} items",
        f"{report.path}; set: {report.paper}\n{made}.",
        *(f"## {t.title}\n\n{t.meaning}\n\n{_table(t)}" for t in report.tables),
        bullets("Notes", _joined(report.notes)),
        *(bullets(listing.title, _joined(listing.entries)) for listing in report.listings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: Table) -> str:
    rows = []
    for row in table.rows:
        figures = [row.figures.get(system) for system in table.systems]
        n = max((figure.n for figure in figures if figure), default=0)
        rows.append([row.name, *(_shown(figure) for figure in figures), str(n)])
    return grid(["", *table.systems, "n"], rows)


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return ""
    digits = 3 if figure.high <= 1 else 1  # shares, or counts of words
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}-{figure.high:.{digits}f})"


def _joined(entries: Sequence[str]) -> list[str]:
    """Keep each entry on one line of its list."""
    return [" ".join(entry.split()) for entry in entries]
