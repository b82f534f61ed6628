"""The starter corpus's hand-written parts: the notebooks run, the site points at what is there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, cast

import frontmatter
import nbformat
import pypdfium2 as pdfium
import pytest

STARTER = Path(__file__).resolve().parent.parent / "corpus" / "starter"
LECTURES = sorted((STARTER / "site" / "_lectures").glob("*.md"))
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?|-?\d+")


def read(name: str) -> Any:
    load: Callable[..., Any] = nbformat.read  # nbformat has no annotations
    return load(STARTER / "notebooks" / name, as_version=nbformat.NO_CONVERT)


def links(page: Path) -> list[dict[str, str]]:
    return cast(list[dict[str, str]], frontmatter.load(str(page))["links"])


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("name", ["discussion_04.ipynb", "homework2.ipynb"])
def test_notebook_is_valid(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_discussion_prints_what_it_shows() -> None:
    """Running the cells in order gives the stored outputs, up to another machine's rounding."""
    namespace: dict[str, Any] = {}
    for cell in code_cells(read("discussion_04.ipynb")):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(cell.source, namespace)
        stored = "".join(output.text for output in cell.outputs)
        assert NUMBER.sub("#", printed.getvalue()) == NUMBER.sub("#", stored)
        again = [float(number) for number in NUMBER.findall(printed.getvalue())]
        shown = [float(number) for number in NUMBER.findall(stored)]
        # Training amplifies rounding: a last digit of a loss may differ, its size may not.
        assert again == pytest.approx(shown, rel=0.2, abs=0.02)


def test_homework_is_graded_and_unsolved() -> None:
    notebook = read("homework2.ipynb")
    text = prose(notebook)
    for statement in (
        "This assignment is graded",
        "Due Thursday, February 5, 2026, 11:59 pm",
        "put a comment directly before that code",
    ):
        assert statement in text
    points = [int(number) for number in re.findall(r"^### .*\((\d+) points", text, re.M)]
    assert sum(points) == 40
    stubs = {
        name: problem
        for cell in code_cells(notebook)
        for name, problem in re.findall(
            r'def (\w+)\(.*?raise NotImplementedError\("(Problem \d\.\d)"\)', cell.source, re.S
        )
    }
    defined = re.findall(r"^def (\w+)", "\n".join(c.source for c in code_cells(notebook)), re.M)
    assert list(stubs) == defined
    assert set(stubs.values()) <= set(re.findall(r"Problem \d\.\d", text))


@pytest.mark.parametrize("page", LECTURES, ids=lambda page: page.stem)
def test_lecture_links_exist(page: Path) -> None:
    for link in links(page):
        assert (STARTER / link["url"].lstrip("/")).is_file()


@pytest.mark.parametrize("page", LECTURES, ids=lambda page: page.stem)
def test_readings_name_chapters_of_the_notes(page: Path) -> None:
    notes = next(
        line
        for line in frontmatter.load(str(page)).content.splitlines()
        if "/book/course-notes.pdf" in line
    )
    _, _, chapters = notes.partition("Chapter")
    wanted = re.findall(r"\b\d\b(?!\.)", chapters)
    toc = pdfium.PdfDocument(STARTER / "book" / "course-notes.pdf").get_toc()
    titles = {entry.get_title().split()[0] for entry in toc if entry.level == 0}
    assert wanted
    assert set(wanted) <= titles
