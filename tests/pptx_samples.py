"""Makes PowerPoint files for the tests of reading."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from lxml import etree
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
MATHS = (
    '<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:oMath>'
    "<m:sSubSup><m:e><m:r><m:t>w</m:t></m:r></m:e><m:sub><m:r><m:t>t+1</m:t></m:r></m:sub>"
    "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSubSup><m:r><m:t> = </m:t></m:r>"
    '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r><m:t>i</m:t></m:r></m:sub><m:sup/>'
    "<m:e><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>c</m:t></m:r></m:den>"
    "</m:f></m:e></m:nary></m:oMath></a14:m>"
)


def add(deck: Any, title: str, *lines: tuple[int, str], notes: str = "") -> Any:
    """Add a slide "Title and Content" with lines at their levels."""
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = title
    frame = slide.placeholders[1].text_frame
    for number, (level, text) in enumerate(lines):
        item = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        item.text, item.level = text, level
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    return slide


def text_box(slide: Any, text: str, top: float, left: float = 1.0) -> Any:
    box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(4), Inches(0.4))
    box.text_frame.text = text
    return box


def sections(deck: Any, *parts: tuple[str, list[int]]) -> None:
    """Give the deck a list of sections: names and 0-based slides."""
    p14 = "http://schemas.microsoft.com/office/powerpoint/2010/main"
    root = etree.SubElement(deck.part._element, f"{{{p14}}}sectionLst")
    identifiers = [str(slide.slide_id) for slide in deck.slides]
    for name, slides in parts:
        section = etree.SubElement(root, f"{{{p14}}}section", name=name)
        members = etree.SubElement(section, f"{{{p14}}}sldIdLst")
        for number in slides:
            etree.SubElement(members, f"{{{p14}}}sldId", id=identifiers[number])


def picture_of(*lines: str) -> io.BytesIO:
    """A white picture with large black lines of text."""
    image = Image.new("RGB", (1200, 100 + 90 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        font = ImageFont.load_default(size=48)
        draw.text((40, 40 + 90 * number), line, fill="black", font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    out.seek(0)
    return out


def lecture(path: Path) -> Path:
    """A deck with one of everything; its slides are numbered in the comments."""
    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])  # 1
    first.shapes.title.text = "Toy networks"
    first.placeholders[1].text = "Smaller than small"
    add(deck, "Agenda", (0, "Steps"), (0, "Sums"))  # 2
    add(  # 3
        deck, "Steps", (0, "Walk downhill"), (1, "but not too fast"), (0, "Stop at the bottom"),
        notes="Ask who has been on a mountain.",
    )  # fmt: skip
    tables = add(deck, "Sums")  # 4
    table = tables.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for row, cells in enumerate((("Layer", "Units"), ("first", "40"))):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    group = tables.shapes.add_group_shape()
    text_box(group, "a box in a group", 4)
    data = CategoryChartData()
    data.categories = ["train", "test"]
    data.add_series("loss", (0.5, 0.75))
    tables.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(5), Inches(3), Inches(2), data
    )
    secret = add(deck, "Answers", (0, "Nobody may read this"))  # 5
    secret._element.set("show", "0")
    maths = add(deck, "Formulas", (0, "Weights: "))  # 6
    item = maths.placeholders[1].text_frame.paragraphs[0]
    item._p.append(etree.fromstring(MATHS))
    scripted = maths.placeholders[1].text_frame.add_paragraph()
    for text, shift in (("x", None), ("2", "30000"), (" of the n", None), ("th", "30000")):
        run = scripted.add_run()
        run.text = text
        if shift:
            run._r.get_or_add_rPr().set("baseline", shift)
    add(deck, "Any questions?")  # 7
    for slide in deck.slides:
        box = text_box(slide, "Toy course, part 3", 7.0)
        box.text_frame.paragraphs[0].font.size = Pt(8)
    sections(deck, ("Default Section", [0, 1]), ("Going down", [2, 3, 4]), ("Adding up", [5, 6]))
    deck.save(str(path))
    return path


def bomb(path: Path, size: int, entries: int = 1) -> Path:
    """A small file that declares `entries` parts of `size` zeros each."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("ppt/presentation.xml", "<p/>")
        for number in range(entries):
            with archive.open(f"ppt/media/{number}.bin", "w", force_zip64=True) as part:
                for _ in range(size // 2**20):
                    part.write(bytes(2**20))
    return path
