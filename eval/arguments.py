"""Types of command-line arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def positive(text: str) -> int:
    """Read a whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def cases_by_index(
    program: str, description: str | None, arguments: Sequence[str] | None
) -> list[tuple[Path, list[Path]]]:
    """Read `--cases F… --index D`, given once or more: each index with the cases over it."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--cases", nargs="+", type=Path, action="append", required=True)
    parser.add_argument("--index", type=Path, action="append", required=True)
    options = parser.parse_args(arguments)
    if len(options.cases) != len(options.index):
        parser.error("name one --index for each --cases")
    return list(zip(options.index, options.cases, strict=True))
