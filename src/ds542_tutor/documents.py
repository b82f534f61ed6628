"""Values for what is read and indexed: Document, Segment, Locator, TextRun, Chunk, Erratum.

Pure data, standard library only. How files are read is `ingest`'s business, how chunks are
stored that of `index`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

SourceKind = Literal["slides", "book", "site", "notebook", "notes"]
"""What a file is to a student: lecture deck, book, course site, notebook, other notes."""

SegmentKind = Literal[
    "title", "agenda", "questions", "slide",  # slides
    "notes",  # what the speaker says beside a slide
    "text", "heading", "equation", "caption", "exercise", "bibliography",  # prose
    "code", "output", "front_matter",  # notebooks and site
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Locator:
    """Where a piece of text stands in its document.

    Attributes:
        page: 1-based page of a PDF, or slide of a deck; None where a document has no pages.
        page_label: the printed page number ("212", "xii") where the PDF has labels.
        slide_title: title of the slide, for decks.
        section: heading path from the outermost heading inwards, numbers included ("6.3 Momentum").
        cell: 0-based notebook cell.
        start, end: half-open character range in the raw text of the page (PDF: as pypdfium2's
            `get_text_range()` gives it; notebook: the cell's source; else the whole file).
    """

    page: int | None = None
    page_label: str | None = None
    slide_title: str | None = None
    section: tuple[str, ...] = ()
    cell: int | None = None
    start: int = 0
    end: int = 0

    def describe(self) -> str:
        """Say the place as a person would: 'slide 12: ReLU', 'p. 212 (6.3 Momentum)', 'cell 4'."""
        where = f" ({self.section[-1]})" if self.section else ""
        if self.slide_title is not None and self.page is not None:
            return (
                f"slide {self.page}: {self.slide_title}"
                if self.slide_title
                else f"slide {self.page}"
            )
        if self.page is not None:
            return f"p. {self.page_label or self.page}{where}"
        if self.cell is not None:
            return f"cell {self.cell + 1}{where}"
        return self.section[-1] if self.section else ""


@dataclass(frozen=True, slots=True)
class TextRun:
    """Character alignment between a cleaned text and the raw text of a page.

    The `length` characters of the cleaned text from `start` on stand, one to one, at `source` and
    after in the raw text of `page` (1-based PDF page; cell index for notebooks; 0 for a whole
    file). Characters may have been replaced one for one; what cleaning inserted lies in no run.
    """

    start: int
    length: int
    page: int
    source: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a document as the reader found it: a slide, a paragraph, an equation, a cell.

    Attributes:
        runs: alignment of `text` with the raw text of its page.
        labels: what it can be found by: "equation 11.3.2", "figure 6.7", "problem 3.4".
        ocr: its text, or some of it, was read off an image and may be wrong.
        graded: this piece is graded work in a document that as a whole is not.
        words: what it is searched by beside its text, such as a formula in words; not shown.
    """

    text: str
    locator: Locator
    kind: SegmentKind = "text"
    runs: tuple[TextRun, ...] = ()
    labels: tuple[str, ...] = ()
    ocr: bool = False
    graded: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One course file.

    Attributes:
        path: POSIX path relative to the materials root: the document's name everywhere.
        title: as shown to students ("Lecture 7: Attention and transformers").
        sha256: of the file's bytes, hex.
        term: for instance "sp2026"; None when it belongs to no term (a book).
        lecture: lecture number for decks.
        assignment: key such as "homework2", "project1" or "discussion4".
        graded: it is graded work, which the policy must not solve by default.
        url: public address of the file, where it has one.
        page_count: number of PDF pages or slides; 0 where a document has none.
        warnings: what the reader noticed and a person should know.
        blank: 1-based pages on which there was nothing to read.
        ocr_pages: 1-based pages of which some text was read off an image.
    """

    path: str
    kind: SourceKind
    title: str
    sha256: str
    segments: tuple[Segment, ...] = field(repr=False)
    term: str | None = None
    lecture: int | None = None
    assignment: str | None = None
    graded: bool = False
    url: str | None = None
    licence: str | None = None
    page_count: int = 0
    warnings: tuple[str, ...] = ()
    blank: tuple[int, ...] = ()
    ocr_pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded, searched and cited.

    Attributes:
        id: opaque and stable: the same text at the same place gets the same id in every generation.
        document: `Document.path`.  title: `Document.title`.
        text: as shown to a reader.
        search_text: what is embedded and lexically indexed: heading path and text, NFKC-normalised.
        locator: of the page that is cited (the fullest page of a build-up).
        pages: all 1-based pages or slides the chunk covers, ascending; empty where there are none.
        ordinal: position among the chunks of its document, from 0: neighbours are ordinal ± 1.
        runs: alignment of `text` with the raw text of its pages, for highlighting.
        exercise: it poses a problem rather than explains.
        labels: see `Segment.labels`; lower case, of all segments in it.
        ocr: some of its text was read off an image and may be wrong.
        sha256: of the file the chunk was read from, to find that very file again.
    """

    id: str
    document: str
    title: str
    kind: SourceKind
    text: str
    search_text: str
    locator: Locator
    pages: tuple[int, ...] = ()
    ordinal: int = 0
    runs: tuple[TextRun, ...] = ()
    term: str | None = None
    lecture: int | None = None
    assignment: str | None = None
    graded: bool = False
    exercise: bool = False
    labels: tuple[str, ...] = ()
    ocr: bool = False
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Erratum:
    """A correction to one page of a book, from a document that lists such corrections.

    Attributes:
        book: `Document.path` of the book.  page: its 1-based PDF page.  page_label: as printed.
        printing: of which printing it is an error ("Fifth printing (Jan 2025)"); "" if unknown.
        text: the correction as listed.  serious: listed as an error, not as a small change.
        document: `Document.path` of the list.  chunk_id: of the entry's first chunk there.
    """

    book: str
    page: int
    page_label: str | None
    printing: str
    text: str
    serious: bool
    document: str
    chunk_id: str

    def describe(self) -> str:
        """Say the correction in a line, with the printing."""
        printing = f", {self.printing[:1].lower()}{self.printing[1:]}" if self.printing else ""
        return f"Erratum for p. {self.page_label or self.page}{printing}: {self.text}"


def chunk_id(document: str, pages: Iterable[int], text: str) -> str:
    """Return the 16-hex-digit id of a chunk: a hash of its document, pages and text."""
    key = "\0".join((document, ",".join(map(str, pages)), text))
    return hashlib.sha256(key.encode()).hexdigest()[:16]
