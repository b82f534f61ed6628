"""What all PDF readers share: opening a file, and its pages as lines with place and type size.

PDFium gives a page's text as one string in drawing order and breaks it wherever the baseline
moves, so that an index or an exponent stands on a line of its own. `read_page` puts such pieces
back on the line that they belong to, by where they stand on the page. Columns, paragraphs and
slides are the readers' business.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ds542_tutor.errors import EmptySourceError, EncryptedSourceError, SourceError
from ingest.cleaning import HYPHEN_BREAK, Aligned

_MONO: Final = re.compile(r"mono|courier|consol|menlo|typewriter|cmtt|lmtt|sourcecode", re.I)
_BOLD: Final = re.compile(r"bold|black|heavy|cmbx", re.I)
# What an index or exponent can hang on.
_BASE: Final = re.compile(r"[\w)\]}|]$")
# PDFium numbers pages in C ints and keeps each page's text in memory; far beyond any course book.
MAX_PAGES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader of the page sees it. Coordinates in points, from bottom left.

    `size` is the type size of its first character, `colour` that character's red, green and blue.
    """

    text: Aligned
    left: float
    bottom: float
    right: float
    top: float
    size: float
    mono: bool = False
    bold: bool = False
    colour: tuple[int, int, int] = (0, 0, 0)

    @property
    def height(self) -> float:
        """From bottom to top, at least a point."""
        return max(1.0, self.top - self.bottom)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its number from 1, printed label, size in points, raw text and its lines."""

    number: int
    label: str | None
    width: float
    height: float
    raw: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A bookmark: nesting level from 0, title, 1-based page, and height on it where known."""

    level: int
    title: str
    page: int
    top: float | None


@contextmanager
def opened(path: Path, name: str) -> Iterator[pdfium.PdfDocument]:
    """Open a PDF; `name` is how messages call it.

    Raises:
        EmptySourceError: no bytes, or no pages.  EncryptedSourceError: it needs a password.
        SourceError: it is not a PDF, or damaged.
    """
    try:
        start = path.open("rb").read(1024)
    except OSError as error:
        raise SourceError(
            f"{name}: cannot be read ({error.strerror}); check that the file is there and readable"
        ) from error
    if not start:
        raise EmptySourceError(f"{name}: the file is empty; put the real PDF in its place")
    if b"%PDF-" not in start:
        raise SourceError(
            f"{name}: is not a PDF, whatever its name says; export it as PDF or name it rightly"
        )
    try:
        pdf = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise EncryptedSourceError(
                f"{name}: is password protected; save a copy without the password"
            ) from error
        raise SourceError(f"{name}: is damaged ({error}); export or fetch it again") from error
    try:
        if not 0 < len(pdf) <= MAX_PAGES:
            raise EmptySourceError(
                f"{name}: has {len(pdf)} pages (1 to {MAX_PAGES} are read); check the export"
            )
        yield pdf
    finally:
        pdf.close()


def outline(pdf: pdfium.PdfDocument) -> list[OutlineEntry]:
    """The bookmarks in order; those that lead nowhere are left out."""
    entries: list[OutlineEntry] = []
    for mark in pdf.get_toc(max_depth=8):
        target = mark.get_dest()
        index = target.get_index() if target else None
        if target is None or index is None:
            continue
        mode, view = target.get_view()
        top = view[1] if mode == pdfium_c.PDFDEST_VIEW_XYZ and len(view) > 1 else None
        title = " ".join(mark.get_title().split())
        entries.append(OutlineEntry(mark.level, title, index + 1, top))
    return entries


def read_page(pdf: pdfium.PdfDocument, number: int, name: str) -> Page:
    """Read the page with this 1-based number.

    Raises:
        SourceError: the page is damaged.
    """
    try:
        page = pdf[number - 1]
        text_page = page.get_textpage()
        raw = text_page.get_text_range()
    except pdfium.PdfiumError as error:
        raise SourceError(f"{name}: page {number} is damaged; export the file again") from error
    lines = join_pieces(_pieces(text_page, raw, number))
    width, height = page.get_size()
    label = pdf.get_page_label(number - 1) or None
    text_page.close()
    page.close()
    return Page(number, label, width, height, raw, tuple(lines))


def _pieces(text_page: Any, raw: str, number: int) -> Iterator[Line]:
    """The page's text piece by piece, as PDFium breaks it, with the place of each."""
    handle = text_page.raw
    units = 0  # PDFium counts UTF-16 units, and a maths letter is two of them
    position = 0
    for match in re.finditer(rf"[^\r\n{HYPHEN_BREAK}]*{HYPHEN_BREAK}?", raw):
        piece = match.group()
        units += _utf16(raw[position : match.start()])
        position = match.start()
        inked = piece.strip().rstrip(HYPHEN_BREAK)
        if not inked:
            continue
        lead = len(piece) - len(piece.lstrip())
        first = pdfium_c.FPDFText_GetCharIndexFromTextIndex(handle, units + lead)
        count = _utf16(inked)
        box = _box(text_page, first, count)
        if box is None:
            continue
        family = _family(handle, first)
        # A line of prose may begin with a name in typewriter type.
        mono = bool(_MONO.search(family)) and all(
            _MONO.search(_family(handle, first + at)) for at in (count // 2, count - 1)
        )
        yield Line(
            Aligned.of_page(piece, number, match.start()),
            *box,
            size=_type_size(handle, first),
            mono=mono,
            bold=bool(_BOLD.search(family)),
            colour=_colour(handle, first),
        )


def _family(handle: Any, index: int) -> str:
    """Name of the font of a character."""
    font = ctypes.create_string_buffer(128)
    pdfium_c.FPDFText_GetFontInfo(handle, index, font, 128, ctypes.byref(ctypes.c_int()))
    return font.value.decode("utf-8", "replace")


def _utf16(text: str) -> int:
    return len(text) + sum(ch > "\uffff" for ch in text)


def _box(text_page: Any, first: int, count: int) -> tuple[float, float, float, float] | None:
    rects = [text_page.get_rect(i) for i in range(text_page.count_rects(first, count))]
    if not rects:
        return None
    lefts, bottoms, rights, tops = zip(*rects, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _type_size(handle: Any, index: int) -> float:
    """Type size in points as it shows: some programs set type of size 1 and scale it up."""
    size: float = pdfium_c.FPDFText_GetFontSize(handle, index)
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFText_GetMatrix(handle, index, ctypes.byref(matrix)):
        return size
    return size * (math.hypot(matrix.c, matrix.d) or 1.0)


def _colour(handle: Any, index: int) -> tuple[int, int, int]:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    pdfium_c.FPDFText_GetFillColor(handle, index, red, green, blue, alpha)
    return red.value, green.value, blue.value


def join_pieces(pieces: Iterator[Line]) -> list[Line]:
    """Put pieces that stand side by side on one line; see `_beside` for what that means."""
    lines: list[Line] = []
    anchor: Line | None = None  # the last piece, which an index or exponent hangs on
    for piece in pieces:
        if lines and anchor is not None and _beside(lines[-1], piece):
            lines[-1] = _joined(lines[-1], anchor, piece)
        else:
            lines.append(piece)
        anchor = piece
    return lines


def _beside(line: Line, piece: Line) -> bool:
    """Whether `piece` continues `line`: it overlaps its height and stands close at its right.

    Lines of running text do not overlap in height; parts of a formula do. The limits (a third of
    the lower one's height, two and a half ems) were set by looking at formulas in decks and book.
    """
    if line.text.text.endswith(HYPHEN_BREAK) or line.mono != piece.mono:
        return False
    overlap = min(line.top, piece.top) - max(line.bottom, piece.bottom)
    if overlap < 0.33 * min(line.height, piece.height):
        return False
    gap = piece.left - line.right
    # Stacked parts of a fraction or a sum's limits lie within the line's width, near its end.
    return -3.0 * line.size <= gap <= 2.5 * line.size and piece.left >= line.left


def _joined(line: Line, anchor: Line, piece: Line) -> Line:
    text = line.text.strip()
    new = piece.text
    gap = piece.left - anchor.right
    script = piece.size < 0.85 * anchor.size and len(new.text.strip()) <= 8
    if script and abs(gap) < 0.4 * anchor.size and _BASE.search(text.text):
        raised = (piece.bottom + piece.top) > (anchor.bottom + anchor.top)
        text = text + ("^" if raised else "_")
    elif gap > 0.1 * line.size or gap < -0.5 * line.size or len(line.text) > len(text):
        text = text + " "
    return replace(
        line,
        text=text + new,
        left=min(line.left, piece.left),
        bottom=min(line.bottom, piece.bottom),
        right=max(line.right, piece.right),
        top=max(line.top, piece.top),
        size=max(line.size, piece.size),
    )
