"""Routes for course files: page pictures with the cited passages marked, and the PDFs themselves.

Only what a generation of the index holds is served: a file is named by its sha-256, a page by a
chunk. Anything else is "not found". Nothing here knows of students or their chats.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote as percent

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import FileResponse

from ds542_tutor.app import highlight
from ds542_tutor.app.highlight import Span
from ds542_tutor.documents import Chunk
from ds542_tutor.errors import TutorError

if TYPE_CHECKING:
    from ds542_tutor.index.generation import Generation

# A page that was open during an ingest still shows its sources; `index` keeps as many on disk.
_GENERATIONS_KEPT = 3

# An address names its content (generation, hash, chunk, range), so a browser may keep it for good.
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}

_ID = re.compile(r"[0-9a-f]{16}")

MAX_SPANS = 20
"""Marks on one picture: more than a slide has sentences; it bounds what an address can ask for."""

# As in "12-40,55-90"; no chunk has a million characters.
_SPAN = "[0-9]{1,6}-[0-9]{1,6}"
_SPANS = f"^({_SPAN}(,{_SPAN}){{0,{MAX_SPANS - 1}}})?$"


class CourseFiles:
    """Finds chunks and files of the generations that this server has answered from."""

    def __init__(self, current: Callable[[], Generation]) -> None:
        """`current` gives the generation that answers now."""
        self._current = current
        self._seen: OrderedDict[str, Generation] = OrderedDict()
        self._lock = threading.Lock()

    def generation(self, identifier: str) -> Generation | None:
        """Return the generation with this id, if answers of this server may refer to it."""
        with self._lock:
            if identifier not in self._seen:
                self._note_current()
            return self._seen.get(identifier)

    def _note_current(self) -> None:
        try:
            current = self._current()
        except TutorError:  # the index went away; what was shown before can still be shown
            return
        self._seen[current.id] = current
        while len(self._seen) > _GENERATIONS_KEPT:
            self._seen.popitem(last=False)

    def chunk(self, generation: str, identifier: str) -> Chunk | None:
        """Return a chunk of a generation, if both exist."""
        found = self.generation(generation)
        if found is None or not _ID.fullmatch(identifier):
            return None
        return next(iter(found.chunks.get([identifier])), None)

    def pdf(self, generation: str, sha256: str) -> Path | None:
        """Return the PDF with this hash, if the generation was read from it."""
        found = self.generation(generation)
        if found is None or all(d.sha256 != sha256 for d in found.manifest.documents):
            return None
        try:
            path = found.source_file(sha256)
        except TutorError:
            return None
        return path if path.suffix == ".pdf" and path.is_file() else None


def router(files: CourseFiles) -> APIRouter:
    """Return the routes of PDFs and of page pictures."""
    routes = APIRouter()

    @routes.get("/files/{generation}/{sha256}.pdf")
    def pdf(generation: str, sha256: str) -> FileResponse:
        path = files.pdf(generation, sha256)
        if path is None:
            raise HTTPException(404, "There is no such course file.")
        return FileResponse(
            path,
            media_type="application/pdf",
            headers=_FOR_EVER,
        )

    @routes.get("/pages/{generation}/{chunk_id}.png")
    def page(
        generation: str, chunk_id: str, spans: Annotated[str, Query(pattern=_SPANS)] = ""
    ) -> Response:
        chunk = files.chunk(generation, chunk_id)
        path = files.pdf(generation, chunk.sha256) if chunk else None
        marks = highlight.locate(chunk, _read_spans(spans)) if chunk else None
        number = marks.page if marks else chunk.locator.page if chunk else None
        if path is None or number is None:
            raise HTTPException(404, "There is no such page.")
        try:
            picture = highlight.picture(path, number, marks)
        except TutorError as error:
            raise HTTPException(404, "This page cannot be drawn.") from error
        return Response(picture, media_type="image/png", headers=_FOR_EVER)

    return routes


def page_address(generation: str, chunk_id: str, spans: Sequence[Span]) -> str:
    """Return the address, relative to the chat page, of a chunk's page with `spans` marked.

    `spans`: at most `MAX_SPANS`.
    """
    marked = ",".join(f"{start}-{end}" for start, end in spans)
    address = f"pages/{percent(generation)}/{percent(chunk_id)}.png"
    return f"{address}?spans={marked}" if marked else address


def _read_spans(spans: str) -> list[Span]:
    pairs = (pair.split("-") for pair in spans.split(",") if pair)
    return [(int(start), int(end)) for start, end in pairs]
