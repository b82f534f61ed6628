"""Pictures of PDF pages with passages marked: from ranges of a chunk's text to pixels.

A chunk's runs align its text with the raw text of its pages; pdfium knows the box of each raw
character. What was never on the page (what cleaning inserted) is not marked, nor is a range of
which too little is known. pdfium is not thread-safe: one lock guards every call here, and this is
the only module of the running tutor that calls it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops, ImageStat

from ds542_tutor.documents import Chunk
from ds542_tutor.errors import SourceError

WIDTH = 1200
"""Pixels across a page picture: the sources panel is up to 560 CSS pixels wide, twice that for
sharp screens."""

MARK = (255, 232, 115)
"""Colour of the marker pen, RGB."""

# A page far taller than wide (a poster, a scroll) is drawn no larger than this many pixels high.
_MAX_HEIGHT = 4 * WIDTH

# Under this share of a range's visible characters known to be on pages, it is not marked: a stray
# half-line misleads more than no mark at all.
_SURE = 0.5

# Two characters stand in one line when their boxes overlap by this share of the lower box.
_SAME_LINE = 0.5

# Below this mean brightness (of 255) a background counts as dark, where multiplying would not show.
_DARK = 110

# About 100 kB a picture: at most 25 MB are kept.
_CACHED_PICTURES = 256
_CACHED_SIZES = 4096

_PDFIUM = threading.Lock()

Box = tuple[float, float, float, float]
"""left, bottom, right, top in PDF canvas units."""


Span = tuple[int, int]
"""A half-open range of a chunk's text."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Where ranges of a chunk stand: half-open ranges of the raw text of one 1-based page."""

    page: int
    ranges: tuple[tuple[int, int], ...]


def locate(chunk: Chunk, spans: Sequence[Span]) -> Marks | None:
    """Find ranges of `chunk.text` on the page that has most of them.

    Empty and foreign ranges are left out, and those of which fewer than half of the visible
    characters were ever on a page. Returns None when nothing is left.
    """
    parts = [part for span in spans for part in _placed(chunk, span)]
    visible: dict[int, int] = {}
    for part in parts:
        visible[part.page] = visible.get(part.page, 0) + part.visible
    if not visible:
        return None
    page = max(sorted(visible), key=lambda page: visible[page])  # the first among equals
    return Marks(page, tuple(part.source for part in parts if part.page == page))


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a range that stands on one page, as a range of that page's raw text."""

    page: int
    source: tuple[int, int]
    visible: int


def _placed(chunk: Chunk, span: Span) -> list[_Part]:
    """Cut a range where the chunk's runs end; nothing when too little of it is known."""
    start, end = span
    if not 0 <= start < end <= len(chunk.text):
        return []
    parts = []
    for run in sorted(chunk.runs, key=lambda run: run.start):
        low, high = max(start, run.start), min(end, run.start + run.length)
        if low < high:
            source = run.source + low - run.start
            shown = _visible(chunk.text[low:high])
            parts.append(_Part(run.page, (source, source + high - low), shown))
    known = sum(part.visible for part in parts)
    return parts if known >= _SURE * _visible(chunk.text[start:end]) else []


def boxes(path: Path, marks: Marks) -> list[Box]:
    """Return one box a line around the marked characters, in reading order.

    Raises:
        SourceError: the file cannot be opened, or has no such page.
    """
    with _PDFIUM, _opened(path) as pdf:
        return _boxes(_page(pdf, path, marks.page), marks.ranges)


@lru_cache(maxsize=_CACHED_SIZES)
def size(path: Path, page: int) -> tuple[int, int]:
    """Return width and height in pixels of the picture of a page, without drawing it.

    Raises:
        SourceError: the file cannot be opened, or has no such page.
    """
    with _PDFIUM, _opened(path) as pdf:
        sheet = _page(pdf, path, page)
        scale = _scale(sheet)
        return round(sheet.get_width() * scale), round(sheet.get_height() * scale)


@lru_cache(maxsize=_CACHED_PICTURES)
def picture(path: Path, page: int, marks: Marks | None = None) -> bytes:
    """Return a page as PNG, `WIDTH` pixels wide, with `marks` drawn when they are given.

    Raises:
        SourceError: the file cannot be opened, or has no such page.
    """
    with _PDFIUM, _opened(path) as pdf:
        sheet = _page(pdf, path, page)
        bitmap = sheet.render(scale=_scale(sheet), rev_byteorder=True)
        image = bitmap.to_pil().convert("RGB")
        marked = _boxes(sheet, marks.ranges) if marks else []
        to_pixels = bitmap.get_posconv(sheet).to_bitmap
        pixels = [(*to_pixels(box[0], box[3]), *to_pixels(box[2], box[1])) for box in marked]
    for box in pixels:
        _mark(image, box)
    out = io.BytesIO()
    # Slides have few colours: a palette makes the file a third as large at no visible loss.
    image.quantize(128, method=Image.Quantize.FASTOCTREE).save(out, "PNG")
    return out.getvalue()


def _opened(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except (pdfium.PdfiumError, OSError) as error:
        raise SourceError(
            f"{path.name} cannot be opened as a PDF ({error}); run the ingest again."
        ) from error


def _page(pdf: pdfium.PdfDocument, path: Path, page: int) -> pdfium.PdfPage:
    if not 1 <= page <= len(pdf):
        raise SourceError(f"{path.name} has no page {page}; run the ingest again.")
    return pdf[page - 1]


def _scale(page: pdfium.PdfPage) -> float:
    """Pixels per PDF canvas unit."""
    return float(min(WIDTH / page.get_width(), _MAX_HEIGHT / page.get_height()))


def _boxes(page: pdfium.PdfPage, ranges: Iterable[tuple[int, int]]) -> list[Box]:
    """Join character boxes line by line.

    Loose boxes span the whole height of the font, so that a line's mark is even.
    """
    text = page.get_textpage()
    indices = _char_indices(text)
    lines: list[Box] = []
    for start, end in ranges:
        for position in range(start, min(end, len(indices))):
            try:
                box = text.get_charbox(indices[position], loose=True)
            except pdfium.PdfiumError:
                continue
            if box[2] <= box[0] or box[3] <= box[1]:  # line breaks have no extent
                continue
            if lines and _one_line(lines[-1], box):
                lines[-1] = _union(lines[-1], box)
            else:
                lines.append(box)
    return lines


def _char_indices(text: pdfium.PdfTextPage) -> list[int]:
    """Map each position in `get_text_range()` to pdfium's own character index.

    pdfium counts UTF-16 units and may leave characters out of its text; `get_text_range()` drops
    lone surrogates, and Python counts a pair as one character.
    """
    indices = []
    unit = 0
    for char in text.get_text_range(errors="surrogatepass"):
        if not 0xD800 <= ord(char) < 0xE000:
            indices.append(pdfium_c.FPDFText_GetCharIndexFromTextIndex(text, unit))
        unit += 2 if ord(char) > 0xFFFF else 1
    return indices


def _one_line(line: Box, box: Box) -> bool:
    """Whether `box` continues `line`: beside it, and no farther off than a wide gap."""
    height = min(line[3] - line[1], box[3] - box[1])
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    gap = max(box[0] - line[2], line[0] - box[2])
    return overlap >= _SAME_LINE * height and gap <= 2 * (line[3] - line[1])


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _mark(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Draw over one box as a marker pen does; on a dark ground, tint it instead."""
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    pad = 2
    area = (
        max(left - pad, 0),
        max(top - pad, 0),
        min(right + pad, image.width),
        min(bottom + pad, image.height),
    )
    if area[0] >= area[2] or area[1] >= area[3]:
        return
    under = image.crop(area)
    pen = Image.new("RGB", under.size, MARK)
    dark = ImageStat.Stat(under.convert("L")).mean[0] < _DARK
    over = Image.blend(under, pen, 0.35) if dark else ImageChops.multiply(under, pen)
    image.paste(over, area[:2])


def _visible(text: str) -> int:
    return sum(not char.isspace() for char in text)
