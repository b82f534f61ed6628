"""Jupyter notebooks: prose under its headings, code cells with it, short text outputs.

Images and long outputs are left out. A notebook is graded when the sources file says so, or when
its own text does.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import nbformat

from ds542_tutor.documents import Document, Locator, Segment
from ds542_tutor.errors import EmptySourceError, SourceError
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, markdown
from ingest.sources import SourceFile

# An output of this many characters says something in words; longer ones are logs and tables.
OUTPUT_LIMIT: Final = 300
# Longer lines of code are data: colour tables, embedded images.
LINE_LIMIT: Final = 300
# Signs in a notebook's own words that it is work to hand in.
_GRADED: Final = re.compile(
    r"\b(submit|upload|turn(ed)? in|hand in)\b[^.\n]{0,80}\bgradescope\b"
    r"|\bgradescope\b[^.\n]{0,80}\b(submit|submission|upload)"
    r"|\(\d+ points?\)|\b\d+ points? total\b",
    re.I,
)


def read(source: SourceFile) -> Document:
    """Read one notebook, of any format version that nbformat knows.

    Raises:
        SourceError: it is not JSON or no notebook.  EmptySourceError: it has no text.
    """
    notebook = _parse(source)
    segments: list[Segment] = []
    headings: list[tuple[int, str]] = []
    for index, cell in enumerate(notebook.get("cells", [])):
        text = Aligned.of_page(_source(cell), index)
        if cell.get("cell_type") == "markdown":
            for block in markdown.blocks(text, headings):
                if block.text.text.strip():
                    segments.append(markdown.segment(block, index, index))
        elif cell.get("cell_type") == "code":
            path = tuple(title for _, title in headings)
            segments += _code(text, index, path)
            segments += _outputs(cell, index, path)
    if not segments:
        raise EmptySourceError(f"{source.name}: the notebook has no text or code; check the export")
    heading = next((s.text for s in segments if s.kind == "heading"), "")
    title = heading or common.title_from_stem(source.path.stem)
    document = common.build(source, segments, common.document_title(source, title))
    if not source.graded and any(_GRADED.search(s.text) for s in segments if s.kind == "text"):
        note = "its text says that it is handed in: treated as graded"
        return replace(document, graded=True, warnings=(*document.warnings, note))
    return document


def _parse(source: SourceFile) -> Mapping[str, Any]:
    text = common.read_text(source)
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SourceError(
            f"{source.name}: is not a notebook, or damaged ({error}); export it again"
        ) from error
    if not isinstance(data, dict) or "nbformat" not in data:
        raise SourceError(
            f"{source.name}: is JSON but not a Jupyter notebook; export it as .ipynb again"
        )
    try:
        with warnings.catch_warnings():
            # Missing cell ids and the like: nothing that reading minds.
            warnings.simplefilter("ignore")
            read: Callable[..., Mapping[str, Any]] = nbformat.reads
            notebook = read(text, as_version=4)
    except Exception as error:  # nbformat lets KeyError, TypeError and others of its own out
        raise SourceError(
            f"{source.name}: the notebook cannot be read ({type(error).__name__}: {error}); "
            "open it in Jupyter and save it again"
        ) from error
    return notebook


def _source(cell: Mapping[str, Any]) -> str:
    return _text(cell.get("source", ""))


def _text(value: object) -> str:
    """A text, which may be written as a list of lines."""
    parts = value if isinstance(value, list) else [value]
    return common.encodable("".join(part for part in parts if isinstance(part, str)))


def _code(text: Aligned, index: int, path: tuple[str, ...]) -> Iterator[Segment]:
    code = cleaning.join(_rows(text), "\n").strip()
    if code.text:
        start, end = code.span(index)
        locator = Locator(section=path, cell=index, start=start, end=end)
        yield Segment(code.text, locator, "code", code.runs())


def _rows(text: Aligned) -> Iterator[Aligned]:
    """The lines of a cell; a table of numbers typed into one line is cut short."""
    start = 0
    for row in text.text.split("\n"):
        length = len(row.rstrip())
        if length <= LINE_LIMIT:
            yield text[start : start + length]
        else:
            yield text[start : start + LINE_LIMIT] + " ..."
        start += len(row) + 1


def _outputs(cell: Mapping[str, Any], index: int, path: tuple[str, ...]) -> Iterator[Segment]:
    """Short text outputs. They have no place in the cell's source, so no runs."""
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        text = _text(text)
        # "<Figure size 640x480 with 1 Axes>" stands for an image.
        if text.strip() and len(text) <= OUTPUT_LIMIT and not text.startswith("<"):
            yield Segment(text.strip(), Locator(section=path, cell=index), "output")
