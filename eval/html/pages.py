"""Pictures of PDF pages for the HTML report, each drawn once, as data URIs.

A page that cannot be shown, because its file is gone or has no such page, must not break a report:
it is said instead. pdfium is not thread-safe; use this from one thread.
"""

from __future__ import annotations

import base64
import io
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pypdfium2 as pdfium
from PIL import Image

from ds542_tutor.errors import IndexStoreError
from ds542_tutor.index.generation import Generation

LIMIT = 60
"""Pages in one report: with about 50 kB each it stays small enough to be mailed."""

WIDTH, THUMB = 1000, 220
"""Pixels across a page and across its small picture."""

_QUALITY, _THUMB_QUALITY = 70, 55
_MAX_HEIGHT = 4 * WIDTH  # a poster far taller than wide is drawn no larger

GONE = "page not available"
"""Said of a page whose file is gone from the index, is damaged or has no such page."""

LEFT_OUT = "page not embedded, to keep this report small"
"""Said of a page beyond `LIMIT`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page of a PDF: data URIs of its picture and of a small one, and their size in pixels.

    `number` counts the pictures from 1 and names them within a report; `problem` says why there is
    none, and the URIs are then empty.
    """

    number: int
    document: str
    title: str
    page: int
    uri: str = ""
    thumb: str = ""
    width: int = 0
    height: int = 0
    problem: str = ""


class Pages:
    """The pages that a report shows; a context manager, which closes the files."""

    def __init__(self, generation: Generation, limit: int = LIMIT) -> None:
        """Draw at most `limit` pages of files that `generation` was read from."""
        self._generation = generation
        self._limit = limit
        self._known = {record.path: record for record in generation.chunks.documents()}
        self._files: dict[str, pdfium.PdfDocument] = {}
        self._drawn: dict[tuple[str, int], Picture] = {}
        self._opened = ExitStack()

    def title(self, document: str) -> str:
        """Return the title of a document, its path where the index lacks it."""
        return self._known[document].title if document in self._known else document

    def show(self, document: str, page: int | None) -> Picture | None:
        """Return the picture of a 1-based page; None where the document has no pages to show."""
        known = self._known.get(document)
        if page is None or (known and not known.page_count):
            return None
        key = (document, page)
        if key not in self._drawn:
            self._drawn[key] = self._draw(document, page)
        return self._drawn[key]

    @property
    def embedded(self) -> list[Picture]:
        """The pages drawn so far."""
        return [picture for picture in self._drawn.values() if picture.uri]

    @property
    def left_out(self) -> int:
        """How many pages were asked for beyond the limit."""
        return sum(picture.problem == LEFT_OUT for picture in self._drawn.values())

    def _draw(self, document: str, page: int) -> Picture:
        number = len(self._drawn) + 1
        title = self.title(document)
        if len(self.embedded) >= self._limit:
            return Picture(number, document, title, page, problem=LEFT_OUT)
        try:
            image = self._render(document, page)
        except (IndexStoreError, pdfium.PdfiumError, OSError, LookupError):
            return Picture(number, document, title, page, problem=GONE)
        small = image.resize((THUMB, round(image.height * THUMB / image.width)))
        uris = (_webp(image, _QUALITY), _webp(small, _THUMB_QUALITY))
        return Picture(number, document, title, page, *uris, image.width, image.height)

    def _render(self, document: str, page: int) -> Image.Image:
        """Draw one page.

        Raises:
            IndexStoreError, PdfiumError, OSError, LookupError: there is no such page to be had.
        """
        if document not in self._files:
            path = self._generation.source_file(self._known[document].sha256)
            opened = pdfium.PdfDocument(path)
            self._opened.callback(opened.close)
            self._files[document] = opened
        pdf = self._files[document]
        if not 1 <= page <= len(pdf):  # pdfium would count from the end
            raise LookupError(page)
        sheet = pdf[page - 1]
        scale = min(WIDTH / sheet.get_width(), _MAX_HEIGHT / sheet.get_height())
        image: Image.Image = sheet.render(scale=scale, rev_byteorder=True).to_pil()
        return image.convert("RGB")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()


def _webp(image: Image.Image, quality: int) -> str:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
