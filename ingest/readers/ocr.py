"""Text read off images (OCR), as the same lines that a PDF with text gives.

Needs the extra "ocr" (RapidOCR, which carries its models); without it a `Reader` only says what
it would have read. Which pages are worth it, and what their lines mean, is the readers' business.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypedDict

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from ingest.cleaning import Aligned
from ingest.readers.lines import Line
from ingest.readers.pdf import Page

# Longer side of the picture that is read, in pixels: type of 8 points on a page of 11 inches is
# then 16 pixels high, twice what the models need.
PIXELS: Final = 1600
# A page costs 2 to 15 s of processor time, by its lines; a scanned book would take hours.
MAX_PAGES: Final = 40
MAX_SECONDS: Final = 150.0
# Below this confidence a line is rather a piece of a drawing than text.
CONFIDENCE: Final = 0.7
# A page with fewer letters than this has no text of its own.
FEW_LETTERS: Final = 12
# Pictures that cover less of a page than this are logos and icons.
PICTURE_SHARE: Final = 0.15
# A drawing's labels ("0.5", "input x") are no text: it takes this many different words.
LEAST_WORDS: Final = 6
# The ticks and letters of a drawing are worth nothing without it.
_SAYING: Final = re.compile(r"[A-Za-z]{2}|=")
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
# Of what is kept about images: raised when they are read in another way.
_VERSION: Final = 1


def installed() -> bool:
    """Whether images can be read here."""
    return importlib.util.find_spec("rapidocr_onnxruntime") is not None


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr_onnxruntime import RapidOCR

    # Pages stand upright, so the model that turns lines round is not asked.
    return RapidOCR(use_cls=False, text_score=CONFIDENCE, print_verbose=False)


def lines(image: Image.Image, width: float, height: float) -> list[Line]:
    """Read an image that covers `width` by `height` points.

    Returns:
        Its lines from top to bottom, with their places in points from bottom left. Their
        characters stand nowhere in a raw text, so nothing of them can be highlighted.
    """
    across, up = width / image.width, height / image.height
    pieces = []
    for corners, text in _pieces(image.convert("RGB")):
        if not _SAYING.search(text):
            continue
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        top, bottom = height - min(ys) * up, height - max(ys) * up
        # A box is a quarter higher than the type in it.
        line = Line(Aligned(text.strip()), min(xs) * across, bottom, max(xs) * across, top, 0.0)
        pieces.append(replace(line, size=0.8 * line.height))
    return _rows(pieces)


def keep_in(folder: Path) -> None:
    """Keep in `folder` what images say, for this process: one read before costs no time again."""
    _kept.folder = folder


class _Kept:
    folder: Path | None = None


_kept = _Kept()


def _pieces(image: Image.Image) -> list[tuple[list[list[float]], str]]:
    """The pieces of text on an image: their four corners in pixels, and what they say."""
    pixels = np.asarray(image)
    name = hashlib.sha256(f"{_VERSION} {pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    file = _kept.folder / f"{name}.json" if _kept.folder is not None else None
    if file is not None and file.is_file():
        with contextlib.suppress(ValueError, OSError):
            kept: list[tuple[list[list[float]], str]] = json.loads(file.read_text("utf-8"))
            return kept
    read, _ = _engine()(pixels, use_cls=False)
    found = [
        ([[float(x), float(y)] for x, y in corners], str(text)) for corners, text, _ in read or ()
    ]
    if file is not None:
        with contextlib.suppress(OSError):  # a full disk is told where it matters
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_suffix(f".{os.getpid()}.new")
            fresh.write_text(json.dumps(found), encoding="utf-8")
            fresh.replace(file)
    return found


def _rows(pieces: Iterable[Line]) -> list[Line]:
    """Join pieces that stand side by side, a word's space apart."""
    rows: list[Line] = []
    for piece in sorted(pieces, key=lambda li: (-round(li.top), li.left)):
        for number, row in enumerate(rows):
            overlap = min(row.top, piece.top) - max(row.bottom, piece.bottom)
            if overlap > 0.6 * max(row.height, piece.height) and (
                -0.3 * row.height < piece.left - row.right < row.height
            ):
                rows[number] = replace(row, text=row.text + " " + piece.text, right=piece.right)
                break
        else:
            rows.append(piece)
    return rows


def says_something(found: Sequence[Line]) -> bool:
    """Whether these lines are text rather than the labels of a drawing."""
    words = {word.lower() for line in found for word in _WORD.findall(line.text.text)}
    return len(words) >= LEAST_WORDS


class Told(TypedDict):
    """What `Reader.told` tells."""

    warnings: tuple[str, ...]
    blank: tuple[int, ...]


@dataclass(slots=True)
class Reader:
    """Reads the images of one file, within its share of time.

    Attributes:
        noun: what the file's pages are called: "page" or "slide".
        unread: pages with an image that was not read, and why ("extra" or "limit").
    """

    noun: str = "page"
    pages: int = MAX_PAGES
    seconds: float = MAX_SECONDS
    unread: dict[int, str] = field(default_factory=dict)

    def read(self, number: int, image: Image.Image, width: float, height: float) -> list[Line]:
        """Read an image on page `number`; nothing when it holds no text or may not be read."""
        if not self.may_read(number):
            return []
        if min(image.size) < 16:
            return []
        began = time.process_time()  # what else runs must not decide what is read
        image.thumbnail((PIXELS, PIXELS))
        found = lines(image, width, height)
        self.seconds -= time.process_time() - began
        self.pages -= 1
        return found

    def may_read(self, number: int) -> bool:
        """Whether an image on page `number` may be read; notes the page where not."""
        if not installed():
            self.unread[number] = "extra"
        elif self.pages <= 0 or self.seconds <= 0:
            self.unread[number] = "limit"
        return number not in self.unread

    def warnings(self) -> tuple[str, ...]:
        """Say which pages were not read, and what to do about it."""
        remedies = {
            "extra": "pip install 'ds542_tutor[ocr]' to read them",
            "limit": f"at most {MAX_PAGES} pages or {MAX_SECONDS:.0f} s of them are read in a "
            "file; run OCR over it and give that copy instead",
        }
        told = []
        for why, remedy in remedies.items():
            numbers = [number for number, reason in self.unread.items() if reason == why]
            if numbers:
                told.append(f"images on {listed(numbers, self.noun)} were not read: {remedy}")
        return tuple(told)

    def told(self, pages: Sequence[Page]) -> Told:
        """What a document says of its pages without text: `warnings` and `blank`."""
        blank = tuple(page.number for page in pages if not page.raw.strip() and not page.ocr)
        warnings = self.warnings()
        if blank and not warnings:
            warnings = (f"no text on {listed(blank, self.noun)}",)
        return {"warnings": warnings, "blank": blank}

    def complete(self, page: Page, file: pdfium.PdfDocument) -> Page:
        """Add what the image on a page of `file` says, where the page has hardly any text."""
        if sum(ch.isalpha() for ch in page.raw[:2000]) >= FEW_LETTERS and not self._bare(page):
            return page
        sheet = file[page.number - 1]
        try:
            if not _shows_picture(sheet, anything=not page.raw.strip()):
                return page
            if not self.may_read(page.number):
                return page
            scale = PIXELS / max(page.width, page.height)
            image = sheet.render(scale=scale).to_pil()
        except pdfium.PdfiumError:
            return page
        finally:
            sheet.close()
        found = self.read(page.number, image, page.width, page.height)
        new = [line for line in found if not any(_covers(own, line) for own in page.lines)]
        if not says_something(new):
            return page
        return replace(page, lines=(*page.lines, *new), ocr=True)

    def _bare(self, page: Page) -> bool:
        """A slide whose only text is its title, its number and its footer."""
        if self.noun != "slide":
            return False
        inner = [li for li in page.lines if 0.12 * page.height < li.bottom < 0.72 * page.height]
        return sum(ch.isalpha() for li in inner for ch in li.text.text) < FEW_LETTERS


def _covers(own: Line, line: Line) -> bool:
    """Whether a line read off the image is one that the page has as text."""
    across = min(own.right, line.right) - max(own.left, line.left)
    up = min(own.top, line.top) - max(own.bottom, line.bottom)
    return across > 0.5 * (line.right - line.left) and up > 0.4 * line.height


def _shows_picture(sheet: pdfium.PdfPage, anything: bool) -> bool:
    """Whether a page shows a picture of some size; or, for one without text, anything at all."""
    width, height = sheet.get_size()
    share = 0.0
    kinds = None if anything else [pdfium_c.FPDF_PAGEOBJ_IMAGE]
    for item in sheet.get_objects(filter=kinds, max_depth=4):
        if anything:
            return True
        left, bottom, right, top = item.get_bounds()
        across = min(right, width) - max(left, 0)
        up = min(top, height) - max(bottom, 0)
        share += max(0.0, across) * max(0.0, up) / (width * height)
    return share >= PICTURE_SHARE


def listed(numbers: Sequence[int], noun: str) -> str:
    """Name pages: 'slides 3, 4, 9 and 12 more'."""
    shown = ", ".join(map(str, numbers[:8]))
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"{noun}{'' if len(numbers) == 1 else 's'} {shown}{more}"
