"""Markdown, plain text and notebooks: blocks under their headings, places kept, graded noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from reading import STARTER, misaligned, source

from ds542_tutor.errors import EmptySourceError, SourceError
from ingest.cleaning import Aligned
from ingest.readers import markdown, read_document

NOTES = """# Notes

Some *emphasis*, a [link](https://x.org/a_(b)) and **two
lines** with $a_i * b_i$ and `x_1 * y_1`.

### Deep
> quoted
> words

## Table
| Part | Weight |
|---|---:|
| Projects | 70% |

1. one
   * nested
2. two<br>
next line

```python
x = 1

y = "# no heading"
```
"""


def test_markdown_becomes_blocks_under_their_headings(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(NOTES)
    document = read_document(source(path, "notes"))
    assert document.title == "Notes"
    assert [(s.kind, s.locator.section, s.text) for s in document.segments] == [
        ("heading", ("Notes",), "Notes"),
        (
            "text",
            ("Notes",),
            "Some emphasis, a link and two lines with $a_i * b_i$ and `x_1 * y_1`.",
        ),
        ("heading", ("Notes", "Deep"), "Deep"),
        ("text", ("Notes", "Deep"), "quoted words"),
        ("heading", ("Notes", "Table"), "Table"),
        ("text", ("Notes", "Table"), "Part | Weight\nProjects | 70%"),
        ("text", ("Notes", "Table"), "1. one\n   - nested\n2. two\nnext line"),
        ("code", ("Notes", "Table"), 'x = 1\n\ny = "# no heading"'),
    ]
    for segment in document.segments:
        assert not misaligned(segment.text, segment.runs, {0: NOTES})
        assert NOTES[segment.locator.start : segment.locator.end].strip()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("**Jump to $t$ now**", "Jump to $t$ now"),
        ("see [the code](which is at http://x.org/)", "see the code"),
        ("f[x](y) stays", "f[x](y) stays"),
        ("snake_case_name and __init__", "snake_case_name and init"),
        ("a &lt; b &amp; c <span class='x'>d</span>", "a < b & c d"),
        ("![plot](a.png) after", " after"),
        ("1 \\* 2 and <me@x.org>", "1 * 2 and me@x.org"),
        (
            r"\begin{equation} a \\\frac{b_1}{c_2} \_ \end{equation} and \_",
            r"\begin{equation} a \\\frac{b_1}{c_2} \_ \end{equation} and _",
        ),
    ],
)
def test_marks_go_and_words_stay(raw: str, shown: str) -> None:
    text = markdown.inline(Aligned.of_page(raw, 0))
    assert text.text == shown
    assert not misaligned(text.text, text.runs(), {0: raw})


def test_a_bold_label_heads_what_follows() -> None:
    raw = "- one\n- two\n**Examples:**\n- three\n\nwords\n**not this** goes on"
    found = [b.text.text for b in markdown.blocks(Aligned(raw))]
    assert found == ["- one\n- two\nExamples:\n- three", "words not this goes on"]


def test_an_open_fence_and_windows_line_ends_lose_nothing() -> None:
    found = list(markdown.blocks(Aligned("# A\r\ntext\r\n```\r\ncode\r\n")))
    assert [(b.kind, b.text.text) for b in found] == [
        ("heading", "A"),
        ("text", "text"),
        ("code", "code\n"),
    ]


LATEX = r"""\documentclass{x}
\begin{document}
\maketitle
\chapter{Introduction}
\chapter{Supervised}
Some words.
\begin{eqnarray}\label{eq:a}
  y &=& \mbox{f}[x] \nonumber \\
  &=&\begin{cases} 1 \\ 2 \end{cases}
 \end{eqnarray}
\begin{eqnarray*} z \end{eqnarray*}
\begin{align} a &= b \\ c &= d \end{align}
\end{document}
"""


def test_equations_get_the_numbers_that_latex_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "eqs.tex"
    path.write_text(LATEX)
    segments = read_document(source(path, "notes")).segments
    assert {segment.locator.section for segment in segments} == {("2 Supervised",)}
    assert [segment.text.split("\n")[0] for segment in segments] == [
        "Some words.",
        "Equation 2.1:",
        "$$\\begin{aligned}",
        "Equations 2.2 to 2.3:",
    ]
    assert segments[1].text == (
        "Equation 2.1:\n$$\\begin{aligned}\ny &= \\mbox{f}[x] \\\\\n"
        "&= \\begin{cases} 1 \\\\ 2 \\end{cases}\n\\end{aligned}$$"
    )
    for segment in segments:
        assert not misaligned(segment.text, segment.runs, {0: LATEX})


def notebook(path: Path, *cells: Any, **more: Any) -> Path:
    """Write a notebook of these cells."""
    book = nbformat.v4.new_notebook(cells=list(cells), **more)
    path.write_text(nbformat.writes(book))
    return path


def test_a_notebook_keeps_code_with_its_prose_and_drops_images(tmp_path: Path) -> None:
    new = nbformat.v4
    code = "def step(x):\n    return x - 0.1\n\ncolours = '" + "a" * 900 + "'"
    outputs = [
        new.new_output("stream", text="done: 3\n"),
        new.new_output("display_data", data={"image/png": "aGk=", "text/plain": "<Figure>"}),
        new.new_output("stream", text="log " * 500),
    ]
    path = notebook(
        tmp_path / "nb.ipynb",
        new.new_markdown_cell("# Discussion 4\nintro\n## Part A\nwords"),
        new.new_code_cell(code, outputs=outputs),
        new.new_markdown_cell("## Part B\nmore"),
        new.new_raw_cell("raw"),
    )
    document = read_document(source(path, "notebook"))
    assert document.title == "Discussion 4"
    found = [(s.kind, s.locator.cell, s.locator.section[-1]) for s in document.segments]
    assert found == [
        ("heading", 0, "Discussion 4"),
        ("text", 0, "Discussion 4"),
        ("heading", 0, "Part A"),
        ("text", 0, "Part A"),
        ("code", 1, "Part A"),
        ("output", 1, "Part A"),
        ("heading", 2, "Part B"),
        ("text", 2, "Part B"),
    ]
    cell = document.segments[4]
    assert cell.text.startswith("def step(x):\n    return x - 0.1\n\ncolours = 'aaa")
    assert len(cell.text) < 400 and cell.text.endswith("aaa ...")
    assert document.segments[5].text == "done: 3\n[output cut]"
    assert not misaligned(cell.text, cell.runs, {1: code})


def test_a_notebook_that_is_handed_in_is_graded(tmp_path: Path) -> None:
    cell = nbformat.v4.new_markdown_cell("Submit your notebook on Gradescope.")
    document = read_document(source(notebook(tmp_path / "a.ipynb", cell), "notebook"))
    assert document.graded
    assert "treated as graded" in document.warnings[0]
    plain = nbformat.v4.new_markdown_cell("Work through the cells.")
    assert not read_document(source(notebook(tmp_path / "b.ipynb", plain), "notebook")).graded


def test_an_old_notebook_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# Old\n", "words"]}]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    path.write_text(json.dumps(old))
    assert read_document(source(path, "notebook")).title == "Old"


@pytest.mark.parametrize("path", sorted(STARTER.glob("notebooks/*.ipynb")), ids=lambda p: p.stem)
def test_starter_notebooks_are_aligned(path: Path) -> None:
    document = read_document(source(path, "notebook"))
    cells = json.loads(path.read_text())["cells"]
    raw = {number: "".join(cell["source"]) for number, cell in enumerate(cells)}
    assert document.segments
    for segment in document.segments:
        assert not misaligned(segment.text, segment.runs, raw)


@pytest.mark.parametrize(
    ("name", "data", "error", "said"),
    [
        ("a.ipynb", b"{", SourceError, r"a\.ipynb: is not a notebook, or damaged.*export"),
        ("a.ipynb", b'{"a": 1}', SourceError, r"is JSON but not a Jupyter notebook"),
        ("a.ipynb", b"[]", SourceError, r"is JSON but not a Jupyter notebook"),
        ("a.ipynb", b'{"nbformat": "x", "cells": 3}', SourceError, r"a\.ipynb: the notebook can"),
        ("a.ipynb", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}',
         EmptySourceError, r"has no text or code"),
        ("a.ipynb", b'{"nbformat": 4, "nbformat_minor": 5, "cells": "no"}', SourceError, "not"),
        ("a.ipynb", b"[" * 100_000, SourceError, r"is not a notebook"),
        ("a.md", b"  \n", EmptySourceError, r"a\.md: the file is empty"),
        ("a.md", b"<!-- nothing -->", EmptySourceError, r"a\.md: no text in it"),
        ("a.md", b"caf\xe9", SourceError, r"a\.md: is not UTF-8.*save it as UTF-8"),
        ("a.md", b"a\0b", SourceError, r"a\.md: is a binary file"),
        ("a.docx", b"x", SourceError, r"a\.docx: no reader for \.docx as notes; list it"),
    ],
)  # fmt: skip
def test_bad_files_are_named_with_a_remedy(
    tmp_path: Path, name: str, data: bytes, error: type[SourceError], said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(error, match=said):
        read_document(source(path, "notebook" if name.endswith("ipynb") else "notes"))
