"""What cells print, and what they define: kept short, plain and findable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import source, tokens

from ds542_tutor.documents import Segment
from ingest.chunking import chunk_document
from ingest.readers import read_document

FIGURE = "<Figure size 640x480 with 1 Axes>"
TABLE = "   a\n0  1"
BAR = "100%|██████████| 10/10 [00:01<00:00]\nloss 0.5"
LOG = [f"epoch {number}\n" for number in range(90)]


def stream(text: str | list[str]) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(kind: str, **data: str) -> dict[str, Any]:
    named = {name.replace("_", "/"): text for name, text in data.items()}
    return {"output_type": kind, "data": named, "metadata": {}}


def error(name: str, value: str) -> dict[str, Any]:
    traceback = ["\x1b[0;31mTraceback", "many lines"]
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": traceback}


def read(folder: Path, *outputs: dict[str, Any], code: str = "run()") -> tuple[Segment, ...]:
    """The segments of a notebook with one code cell."""
    cell = {"cell_type": "code", "id": "c1", "metadata": {}, "execution_count": 1, "source": code}
    cells = [{**cell, "outputs": outputs}]
    path = folder / "nb.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    return read_document(source(path, "notebook")).segments


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ((stream(["a\n", "b\n"]),), "a\nb"),
        ((stream("\x1b[31mred\x1b[0m \x1b]0;title\x07plain"),), "red plain"),
        ((stream("  1%\r 50%\rdone\n"),), "done"),
        ((stream(BAR),), "loss 0.5"),
        ((stream(LOG),), "".join(LOG[:23]) + "[output cut]"),
        ((stream("x" * 5000),), "x" * 200 + "\n[output cut]"),
        ((shown("execute_result", text_html="<table/>", text_plain=TABLE),), TABLE),
        ((shown("display_data", image_png="aGk=", text_plain=FIGURE),), None),
        ((shown("display_data", text_html="<b>x</b>"),), None),
        ((shown("display_data", text_plain="HBox(children=(IntProgress(value=0),))"),), None),
        ((error("ValueError", "bad shape"),), "ValueError: bad shape"),
        ((stream("one"), shown("execute_result", text_plain="2")), "one\n2"),
    ],
)
def test_outputs_are_short_and_plain(
    tmp_path: Path, outputs: tuple[dict[str, Any], ...], expected: str | None
) -> None:
    found = [s.text for s in read(tmp_path, *outputs) if s.kind == "output"]
    assert found == ([] if expected is None else [expected])


def test_an_old_format_keeps_its_outputs(tmp_path: Path) -> None:
    output = {"output_type": "pyout", "prompt_number": 1, "text": ["2"], "metadata": {}}
    cell = {"cell_type": "code", "input": ["f(1)"], "language": "python", "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({**old, "worksheets": [{"cells": [{**cell, "outputs": [output]}]}]}))
    found = [(s.kind, s.text) for s in read_document(source(path, "notebook")).segments]
    assert found == [("code", "f(1)"), ("output", "2")]


def test_what_a_cell_defines_can_be_found(tmp_path: Path) -> None:
    read(
        tmp_path,
        code="class Net(Module):\n  def __init__(self): ...\n\n  def step_once(self): ...\n",
    )
    document = read_document(source(tmp_path / "nb.ipynb", "notebook"))
    (chunk,) = chunk_document(document, tokens)
    assert chunk.labels == ("class net", "function step_once")
    assert chunk.search_text.endswith("\nclass Net function step_once")


def test_the_real_notebooks_say_no_noise(shared: Path) -> None:
    paths = sorted((shared / "materials" / "sp2026_discussions").glob("*.ipynb"))
    assert len(paths) == 12
    outputs = [
        segment
        for path in paths
        for segment in read_document(source(path, "notebook")).segments
        if segment.kind == "output"
    ]
    assert len(outputs) > 50
    for segment in outputs:
        assert len(segment.text) <= 220
        assert "\x1b" not in segment.text and "<Figure" not in segment.text
