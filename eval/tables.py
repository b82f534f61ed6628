"""Markdown for terminals and pull requests, and JSON for programs: shared by all reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ds542_tutor.errors import TutorError


class TargetError(TutorError):
    """A result cannot be written where it should go."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table with aligned columns, so that it reads well in a terminal too."""
    cells = [[cell(text) for text in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def cell(text: str) -> str:
    """Fit text into one cell of a table."""
    return " ".join(text.split()).replace("|", "/")


def bullets(title: str, entries: Sequence[str]) -> str:
    """Return a list under a heading; nothing when there are no entries."""
    return f"## {title}\n\n" + "\n".join(f"- {entry}" for entry in entries) if entries else ""


def check_target(file: Path | None) -> None:
    """Make sure before the work that its result can be saved.

    Raises:
        TargetError: `file` is a folder, or its folder cannot be made.
    """
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"--out {file} cannot be written: {error.strerror}.") from error
    if file.is_dir():
        raise TargetError(f"--out {file} is a folder; name a file such as {file}/result.json.")


def save_json(data: object, file: Path) -> None:
    """Write a JSON object for programs.

    Raises:
        TargetError: the file cannot be written.
    """
    text = json.dumps(data, ensure_ascii=False, indent=1, default=str)
    check_target(file)
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise TargetError(f"--out {file} cannot be written: {error.strerror}.") from error
