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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ds542_tutor.errors import EmptySourceError, EncryptedSourceError, SourceError
from ingest.cleaning import HYPHEN_BREAK, Aligned
from ingest.readers.lines import SCRIPT_SIZE, join_pieces
from ingest.readers.lines import Line as Line  # part of what this module hands out

_MONO: Final = re.compile(r"mono|courier|consol|menlo|typewriter|cmtt|lmtt|sourcecode", re.I)
_BOLD: Final = re.compile(r"bold|black|heavy|cmbx", re.I)
_BULLETED: Final = re.compile("\\s*[●○•▪■◆❖➢➤‣⁃\uf0b7\uf0a7\uf0d8\uf076\uf0fc]\\s*(?=\\S)")
# What may hide an index or exponent: letters of the maths alphabets, "1040", "x2".
_MATHS: Final = re.compile("[\U0001d400-\U0001d7ff⊤]|[0-9]{3}|[A-Za-z)][0-9]")
# PowerPoint's PDF export names the glyphs of small sums, products and slanted bars after letters;
# the letters themselves come from the maths alphabets there.
_CAMBRIA: Final = {"σ": "∑", "ς": "∏", "Τ": "/"}
_CAMBRIA_SET: Final = re.compile("[σςΤ]")
# No type is this small: it is scaled up by its matrix.
LEAST_SIZE: Final = 3.0
# PDFium numbers pages in C ints and keeps each page's text in memory; far beyond any course book.
MAX_PAGES: Final = 20_000


Sift = Callable[[Any, str, Sequence[Line]], Iterator[Line]]
"""Given PDFium's text page, its raw text and the pieces of it: those to keep."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its number from 1, printed label, size in points, raw text and its lines.

    `ocr`: some of its lines were read off an image.
    """

    number: int
    label: str | None
    width: float
    height: float
    raw: str
    lines: tuple[Line, ...]
    ocr: bool = False


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


def read_page(pdf: pdfium.PdfDocument, number: int, name: str, sift: Sift | None = None) -> Page:
    """Read the page with this 1-based number; `sift` may leave out or divide pieces of it.

    Raises:
        SourceError: the page is damaged.
    """
    try:
        page = pdf[number - 1]
        text_page = page.get_textpage()
        raw = text_page.get_text_range()
    except pdfium.PdfiumError as error:
        raise SourceError(f"{name}: page {number} is damaged; export the file again") from error
    pieces = pieces_of(text_page, raw, number)
    if sift is not None:
        pieces = sift(text_page, raw, list(pieces))
    lines = join_pieces(pieces)
    width, height = page.get_size()
    label = pdf.get_page_label(number - 1) or None
    text_page.close()
    page.close()
    return Page(number, label, width, height, raw, tuple(lines))


def pieces_of(text_page: Any, raw: str, number: int) -> Iterator[Line]:
    """The page's text piece by piece, each of one type size, with the place of each."""
    handle = text_page.raw
    units = 0  # PDFium counts UTF-16 units, and a maths letter is two of them
    position = 0
    for match in re.finditer(rf"[^\r\n{HYPHEN_BREAK}]*{HYPHEN_BREAK}?", raw):
        piece = match.group()
        units += utf16(raw[position : match.start()])
        position = match.start()
        offset = 0
        for part in _by_size(handle, piece, units):
            text = Aligned.of_page(part, number, match.start() + offset)
            line = piece_of(text_page, text, units + utf16(piece[:offset]))
            if line is not None:
                yield line
            offset += len(part)


def piece_of(text_page: Any, text: Aligned, units: int) -> Line | None:
    """A piece with its place and looks; None where it shows nothing."""
    handle = text_page.raw
    piece = text.text
    inked = piece.strip().rstrip(HYPHEN_BREAK)
    if not inked:
        return None
    lead = len(piece) - len(piece.lstrip())
    first = pdfium_c.FPDFText_GetCharIndexFromTextIndex(handle, units + lead)
    count = utf16(inked)
    box = _box(text_page, first, count)
    if box is None:
        return None
    # A bullet is often of another size and colour than its line.
    bullet = _BULLETED.match(inked)
    letter = first + utf16(bullet.group()) if bullet else first
    family = _family(handle, letter)
    # A line of prose may begin with a name in typewriter type.
    mono = bool(_MONO.search(family)) and all(
        _MONO.search(_family(handle, first + at)) for at in (count // 2, count - 1)
    )
    if "CambriaMath" in family:
        text = text.sub(_CAMBRIA_SET, lambda match: _CAMBRIA[match.group()])
    return Line(
        text,
        *box,
        size=_type_size(handle, letter),
        mono=mono,
        bold=bool(_BOLD.search(family)),
        colour=_colour(handle, letter),
    )


def _by_size(handle: Any, piece: str, units: int) -> list[str]:
    """Cut a piece where the type size changes: at indices and exponents."""
    end = len(piece.rstrip().rstrip(HYPHEN_BREAK))
    start = len(piece) - len(piece.lstrip())
    if end - start < 2:
        return [piece]
    bullet = _BULLETED.match(piece)
    start = bullet.end() if bullet else start
    if not _MATHS.search(piece):
        first, last = (
            _type_size(handle, pdfium_c.FPDFText_GetCharIndexFromTextIndex(handle, units + at))
            for at in (utf16(piece[:start]), utf16(piece[: end - 1]))
        )
        if SCRIPT_SIZE * first <= last and SCRIPT_SIZE * last <= first:
            return [piece]
    return _cut_by_size(handle, piece, start, end, units + utf16(piece[:start]))


def _cut_by_size(handle: Any, piece: str, start: int, end: int, unit: int) -> list[str]:
    """Cut between `start` and `end`, where size or baseline changes; `unit` is that of `start`."""
    parts: list[str] = []
    begun, size, level = 0, 0.0, 0.0
    matrix, x, y = pdfium_c.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
    place = pdfium_c.FPDFText_GetCharIndexFromTextIndex
    first = place(handle, unit)
    # Where nothing hidden stands between them, characters are numbered as the text is.
    dense = place(handle, unit + utf16(piece[start : end - 1])) - first == end - 1 - start
    for at in range(start, end):
        char = piece[at]
        if not char.isspace():
            index = first + at - start if dense else place(handle, unit)
            here = pdfium_c.FPDFText_GetFontSize(handle, index)
            if here < LEAST_SIZE:
                here = _type_size(handle, index, matrix)
            pdfium_c.FPDFText_GetCharOrigin(handle, index, x, y)
            if size and (
                here < SCRIPT_SIZE * size
                or size < SCRIPT_SIZE * here
                or abs(y.value - level) > 0.3 * size
            ):
                parts.append(piece[begun:at])
                begun = at
            size, level = here, y.value
        unit += 2 if char > "\uffff" else 1
    return [*parts, piece[begun:]]


def _family(handle: Any, index: int) -> str:
    """Name of the font of a character."""
    font = ctypes.create_string_buffer(128)
    pdfium_c.FPDFText_GetFontInfo(handle, index, font, 128, ctypes.byref(ctypes.c_int()))
    return font.value.decode("utf-8", "replace")


def utf16(text: str) -> int:
    """Length of `text` as PDFium counts it."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def _box(text_page: Any, first: int, count: int) -> tuple[float, float, float, float] | None:
    rects = [text_page.get_rect(i) for i in range(text_page.count_rects(first, count))]
    if not rects:
        return None
    lefts, bottoms, rights, tops = zip(*rects, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _type_size(handle: Any, index: int, matrix: Any = None) -> float:
    """Type size in points as it shows: some programs set type of size 1 and scale it up."""
    size: float = pdfium_c.FPDFText_GetFontSize(handle, index)
    matrix = matrix or pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFText_GetMatrix(handle, index, ctypes.byref(matrix)):
        return size
    return size * (math.hypot(matrix.c, matrix.d) or 1.0)


def _colour(handle: Any, index: int) -> tuple[int, int, int]:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    pdfium_c.FPDFText_GetFillColor(handle, index, red, green, blue, alpha)
    return red.value, green.value, blue.value
