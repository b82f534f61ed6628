"""Results of a benchmark as values, and as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.bench.machine import Machine
from eval.tables import table as grid

Cell = str | int | float | None
Row = Mapping[str, Cell]
"""Values by column. A column's name ends in its unit; None: not measured."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that all have the same columns, in order."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark: what was run on which machine, what came out, and how to read it."""

    benchmark: str
    parameters: Mapping[str, object]
    machine: Machine
    tables: Sequence[Table]
    notes: Sequence[str] = ()


def markdown(result: Result) -> str:
    """Return the result as a Markdown section."""
    given = ", ".join(f"{name} {_plain(value)}" for name, value in result.parameters.items())
    parts = [f"## bench {result.benchmark}", given, result.machine.line()]
    for table in result.tables:
        parts.append(f"**{table.title}**\n\n{_grid(table.rows)}")
    if result.notes:
        parts.append("\n".join(f"- {note}" for note in result.notes))
    return "\n\n".join(part for part in parts if part)


def _grid(rows: Sequence[Row]) -> str:
    names = list(rows[0])
    head = [name.replace("_", " ") for name in names]
    return grid(head, [[_cell(row[name]) for name in names] for row in rows])


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return str(value)
