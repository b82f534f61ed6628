"""Jupyter notebooks: prose under its headings, code cells with it, the beginnings of outputs.

Images are left out. A notebook is graded when the sources file says so, or when
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

# What a cell prints is told by its first lines; the rest of a log or a table says no more.
OUTPUT_LIMIT: Final = 200
CUT: Final = "[output cut]"
"""Stands where the rest of a long output was left out."""

# Colours and cursor moves of a terminal: https://en.wikipedia.org/wiki/ANSI_escape_code
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_BAR: Final = re.compile(r"\d+%\s*\|.*\||[█▉▊▋▌▍▎▏]{2,}")
# How Python shows what has no words: "<Figure size 640x480 with 1 Axes>", "<torch...at 0x7f>".
_OBJECT: Final = re.compile(r"<[^<>\n]*>|\w+\(children=\(.*", re.S)
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
    """What a cell printed, in short. It has no place in the cell's source, so no runs.

    Images, widgets and HTML are dropped (their plain text stays); of an error its last line.
    """
    outputs = cell.get("outputs")
    texts = [_shown(o) for o in (outputs if isinstance(outputs, list) else [])]
    text = "\n".join(part for part in texts if part)
    if text:
        yield Segment(_head(text), Locator(section=path, cell=index), "output")


def _shown(output: object) -> str:
    """The words of one output; "" where it has none."""
    if not isinstance(output, Mapping):
        return ""
    data = output.get("data")
    if output.get("output_type") == "error":
        text = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    elif output.get("output_type") == "stream":
        text = _text(output.get("text"))
    else:
        text = _text(data.get("text/plain")) if isinstance(data, Mapping) else ""
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    # A progress bar goes back to the start of its line; what it wrote last stands there.
    rows = (row.rstrip("\r").rpartition("\r")[2].rstrip() for row in text.split("\n"))
    shown = "\n".join(row for row in rows if row.strip() and not _BAR.search(row))
    # "<Figure size 640x480 with 1 Axes>" stands for an image, "tensor(...)" for itself.
    return "" if _OBJECT.fullmatch(shown.strip()) else shown.strip("\n")


def _head(text: str) -> str:
    """The beginning, in whole lines, with a mark where it was cut."""
    if len(text) <= OUTPUT_LIMIT:
        return text
    kept = text[:OUTPUT_LIMIT].rpartition("\n")[0] or text[:OUTPUT_LIMIT]
    return f"{kept}\n{CUT}"
