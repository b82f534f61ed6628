"""Shapes of a PowerPoint slide as text: paragraphs with their bullets, tables, charts, diagrams.

Which shapes are titles and footers, and what kind of slide they make, is `pptx`'s business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pptx.enum.shapes import PP_PLACEHOLDER

from ingest.cleaning import Aligned, tidy
from ingest.readers import omml

_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DGM: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})
# Charts with more figures than this are read as their names only.
MAX_FIGURES: Final = 60
# Alternative texts that programs make up, and names of files.
_MADE_UP: Final = re.compile(
    r"automatically generated|^\s*(picture|image|shape) \d*$|\.\w{3,4}$", re.I
)
_BULLETED: Final = frozenset(
    {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY}
)


def flat(shapes: Iterable[Any]) -> Iterator[Any]:
    """All shapes, those of groups one by one, from top to bottom in bands of half an inch."""
    found = [shape for shape in shapes if not _hidden(shape)]
    found.sort(key=lambda s: (int(s.top or 0) // 457_200, int(s.left or 0)))
    for shape in found:
        if hasattr(shape, "shapes"):
            yield from flat(shape.shapes)
        else:
            yield shape


def _hidden(shape: Any) -> bool:
    return any(e.get("hidden") == "1" for e in shape._element.iter() if _name(e) == "cNvPr")


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def text_of(shape: Any) -> str:
    """What a shape says, line by line; nested bullets are indented by two spaces a level."""
    if getattr(shape, "has_text_frame", False):
        return "\n".join(_paragraphs(shape))
    if getattr(shape, "has_table", False):
        return "\n".join(_rows(shape.table))
    if getattr(shape, "has_chart", False):
        return "\n".join(_chart(shape.chart))
    if _name(shape._element) == "graphicFrame":
        return "\n".join(_diagram(shape))
    return _alternative(shape)


def clean(text: str) -> str:
    """Mend single characters, as for a PDF."""
    return tidy(Aligned(text)).text


def paragraph(element: Any) -> str:
    """The text of one paragraph (`a:p`), formulas and raised or lowered letters included."""
    return clean(_inner(element))


def _inner(element: Any) -> str:
    text = ""
    for child in element:
        name = _name(child)
        if name == "r":
            text = _run(text, child)
        elif name == "br":
            text += " "
        elif name == "fld" and child.get("type") != "slidenum":
            text += "".join(t.text or "" for t in child.iter(f"{_A}t"))
        elif name == "AlternateContent":
            choice = child.find(f"{_MC}Choice")
            text += _inner(choice) if choice is not None else ""
        elif name in ("m", "oMathPara", "oMath"):
            text += omml.to_text(child)
    return text


def _run(before: str, run: Any) -> str:
    """`before` and the text of a run, with "^" or "_" where it is raised or lowered."""
    new = "".join(t.text or "" for t in run.iter(f"{_A}t"))
    properties = run.find(f"{_A}rPr")
    shift = properties.get("baseline", "0") if properties is not None else "0"
    level = int(shift.rstrip("%").partition(".")[0] or 0) if shift.lstrip("-")[:1].isdigit() else 0
    hangs = before[-1:].isalnum() or before[-1:] in tuple(")]}|")
    if level and hangs and new.strip() and new.strip() not in _ORDINALS:
        return f"{before}{'^' if level > 0 else '_'}{new}"
    return before + new


def _paragraphs(shape: Any) -> Iterator[str]:
    inherits = shape.is_placeholder and shape.placeholder_format.type in _BULLETED
    numbers: list[int] = []  # of the numbered lists under way, by level
    for item in shape.text_frame._txBody.findall(f"{_A}p"):
        text = paragraph(item)
        if not text:
            continue
        properties = item.find(f"{_A}pPr")
        marks = {_name(e) for e in properties} if properties is not None else set()
        level = int(properties.get("lvl", 0)) if properties is not None else 0
        numbers = numbers[: level + 1]
        if "buAutoNum" in marks:
            numbers += [0] * (level + 1 - len(numbers))
            numbers[level] += 1
            yield f"{'  ' * level}{numbers[level]}. {text}"
            continue
        numbers = numbers[:level]
        bulleted = "buNone" not in marks and (inherits or bool(marks & {"buChar", "buBlip"}))
        yield f"{'  ' * level}{'• ' if bulleted and text[0] != '•' else ''}{text}"


def _rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells = [
            " ".join(filter(None, map(paragraph, cell._tc.iter(f"{_A}p"))))
            for cell in row.cells
            if not cell.is_spanned
        ]
        if any(cells):
            yield " | ".join(cells)


def _chart(chart: Any) -> Iterator[str]:
    """Title and axes, then a line a series with its figures, where they are few."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield f"Chart: {clean(chart.chart_title.text_frame.text)}"
    titles = chart._chartSpace.iter("{http://schemas.openxmlformats.org/drawingml/2006/chart}title")
    for title in list(titles)[1 if chart.has_title else 0 :]:
        yield "Axis: " + clean("".join(t.text or "" for t in title.iter(f"{_A}t")))
    for plot in chart.plots:
        names = [str(name) for name in plot.categories]
        for series in plot.series:
            values = [value for value in series.values if value is not None]
            figures = [f"{value:g}" for value in values if isinstance(value, int | float)]
            pairs = [": ".join(pair) for pair in zip(names, figures, strict=False)] or figures
            said = ", ".join(pairs) if len(pairs) <= MAX_FIGURES else ""
            yield clean(f"{series.name}: {said}".rstrip(": "))


def _diagram(shape: Any) -> Iterator[str]:
    """The entries of a SmartArt diagram."""
    identifiers = next(shape._element.iter(f"{_DGM}relIds"), None)
    if identifiers is None:
        return
    from lxml import etree

    part = shape.part.related_part(identifiers.get(f"{_R}dm"))
    root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
    for point in root.iter(f"{_DGM}pt"):
        if point.get("type", "node") == "node":
            text = " ".join(filter(None, map(paragraph, point.iter(f"{_A}p"))))
            if text:
                yield f"• {text}"


def _alternative(shape: Any) -> str:
    """What the author wrote for those who cannot see a picture."""
    for element in shape._element.iter():
        if _name(element) == "cNvPr":
            text = clean(unicodedata.normalize("NFC", element.get("descr") or ""))
            return text if len(text.split()) >= 3 and not _MADE_UP.search(text) else ""
    return ""
