"""Three notes to ingest, and `python -m ingest` as tests ask it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ds542_tutor.index.generations import IndexStore
from ingest.__main__ import main

TOML = """
[corpus]
name = "tiny"
term = "sp2026"

[[source]]
files = "*.md"
kind = "notes"
"""
NOTES = {
    "a.md": "# Attention\n\nAttention weighs the values by how well keys match the query.\n",
    "b.md": "# Momentum\n\nMomentum keeps a moving average of past gradients for each weight.\n",
    "c.md": "# Dropout\n\nDropout sets random activations to zero while a network trains.\n",
}
Capture = pytest.CaptureFixture[str]


def notes_in(folder: Path) -> Path:
    """Put three notes and their sources file into a folder."""
    (folder / "tiny.toml").write_text(TOML)
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    return folder


def run(capsys: Capture, *arguments: str, status: int = 0) -> str:
    """Run `python -m ingest`, check its exit status and return what it printed."""
    capsys.readouterr()
    found = main(arguments)
    out, err = capsys.readouterr()
    assert found == status, (out, err)
    return err if status == 2 else out


def ingest(capsys: Capture, *arguments: str, status: int = 0) -> dict[str, Any]:
    """Ingest and return the last event."""
    event: dict[str, Any] = json.loads(
        run(capsys, "tiny.toml", "--json", *arguments, status=status).splitlines()[-1]
    )
    assert event["event"] == "done"
    return event


def generations() -> list[str]:
    return sorted(p.name for p in Path("index/generations").iterdir())


def current() -> str | None:
    return IndexStore(Path("index")).current_id()
