"""What a PDF page shows beside or across its text: notes in the margin, and words struck out.

`pdf` gives the pieces of a page and their places; here is decided which of them are no running
text. What becomes of deleted words is `beside_book`'s business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.readers.pdf import Line, Sift, piece_of, pieces_of, utf16

SAMPLE_PAGES, COLUMN_LINES, COLUMN_CHARS = 24, 4, 35
"""Pages that tell the width of a book's text; fewer or shorter lines than these tell nothing."""
GUTTER: Final = 6.0
"""Points between text and margin notes, at least; hanging punctuation is narrower."""
BAR: Final = 2.5
"""Points: a drawn line no higher than this may strike text out."""


def note_sift(pdf: pdfium.PdfDocument) -> Sift:
    """What leaves margin notes out of this document's pages; see `pdf.read_page`."""
    width = _text_width(pdf)
    return lambda text_page, raw, pieces: _without_notes(text_page, raw, pieces, width)


def _text_width(pdf: pdfium.PdfDocument) -> float:
    """Width of a book's justified lines in points, by some of its pages; 0 where there are none."""
    widths: Counter[int] = Counter()
    for index in range(0, len(pdf), max(1, len(pdf) // SAMPLE_PAGES)):
        with suppress(pdfium.PdfiumError):
            text_page = pdf[index].get_textpage()
            pieces = pieces_of(text_page, text_page.get_text_range(), index + 1)
            widths.update(round(p.right - p.left) for p in pieces if len(p.text) > COLUMN_CHARS)
    often = max(widths.values(), default=0)
    # List items are narrower and may be the most; a line with a note at its side is wider.
    usual = [width for width, n in widths.items() if n >= max(COLUMN_LINES, 0.25 * often)]
    return float(max(usual, default=0))


def _without_notes(
    text_page: Any, raw: str, pieces: Sequence[Line], width: float
) -> Iterator[Line]:
    """Leave out margin notes, also those that PDFium reads in one go with the line beside them."""
    full = [p for p in pieces if abs(p.right - p.left - width) < 3] if width else []
    if len(full) < COLUMN_LINES:
        yield from pieces
        return
    left = Counter(round(p.left) for p in full).most_common(1)[0][0]
    right = left + width
    for piece in pieces:
        if left - GUTTER < piece.left and piece.right < right + GUTTER:
            yield piece
            continue
        stretches = _stretches(text_page, raw, piece)
        for line in [piece] if len(stretches) == 1 else stretches:
            outside = line.right < left or line.left > right
            # A bullet or a sign that hangs out of the column is no note.
            if not outside or sum(ch.isalpha() for ch in line.text.text) < 4:
                yield line


def _stretches(text_page: Any, raw: str, piece: Line) -> list[Line]:
    """Cut a piece where its characters jump by more than a space, or back."""
    handle, text = text_page.raw, piece.text.text
    before = utf16(raw[: piece.text.span_start()])
    units = [before + utf16(text[:at]) for at in range(len(text))]
    cuts = [0]
    last: float | None = None
    for at, unit in enumerate(units):
        index = pdfium_c.FPDFText_GetCharIndexFromTextIndex(handle, unit)
        if text[at].isspace() or index < 0:
            continue
        left, _, right, _ = text_page.get_charbox(index)
        if last is not None and not -GUTTER < left - last < max(GUTTER, 1.2 * piece.size):
            cuts.append(at)
        last = right
    parts = (
        piece_of(text_page, piece.text[first:end], units[first])
        for first, end in pairwise([*cuts, len(text)])
    )
    return [part for part in parts if part is not None]


def struck_out(path: Path) -> dict[int, list[tuple[int, int]]]:
    """Ranges of the raw text that a line is drawn through, by page; of a file that can be read."""
    with pdfium.PdfDocument(path) as pdf:
        found = {n + 1: _struck(pdf[n]) for n in range(len(pdf))}
    return {page: ranges for page, ranges in found.items() if ranges}


def _struck(page: pdfium.PdfPage) -> list[tuple[int, int]]:
    paths = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH], max_depth=2)
    bars = [b for b in (obj.get_bounds() for obj in paths) if b[3] - b[1] < BAR and b[2] - b[0] > 3]
    if not bars:
        return []
    text_page = page.get_textpage()
    raw = text_page.get_text_range()
    # PDFium counts UTF-16 units; the place of each in the text.
    units = [i for i, ch in enumerate(raw) for _ in range(utf16(ch))]
    struck: list[int] = []
    for index in range(text_page.count_chars()):
        left, bottom, right, top = text_page.get_charbox(index, loose=True)
        middle, height = (left + right) / 2, top - bottom
        # Through the middle of the letters: neither under them nor a fraction's bar.
        low, high = bottom + 0.3 * height, bottom + 0.7 * height
        if any(b[0] <= middle <= b[2] and low < (b[1] + b[3]) / 2 < high for b in bars):
            at = pdfium_c.FPDFText_GetTextIndexFromCharIndex(text_page.raw, index)
            if 0 <= at < len(units):
                struck.append(units[at])
    return [(at, at + 1) for at in struck]
