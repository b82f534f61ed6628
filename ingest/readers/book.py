"""Books and other prose as PDF: paragraphs with their section path and printed page number.

Sections come from the outline (where a file has hardly any, from the type size of headings);
running heads, page numbers and the ticks of plots are dropped, words cut by line ends closed,
formulas kept on lines of their own inside their sentence. Contents, bibliography and index are
marked "bibliography", exercises "exercise". Cutting into chunks is `ingest.chunking`'s business.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ds542_tutor.documents import Document, Locator, Segment, SegmentKind
from ds542_tutor.labels import label
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, margins, pdf
from ingest.readers.ocr import Reader
from ingest.readers.paragraphs import PROBLEM, Layout, Paragraph, measure, paragraphs
from ingest.readers.pdf import Line, OutlineEntry, Page
from ingest.sources import SourceFile

_BACK_MATTER: Final = re.compile(
    r"^([\dA-Z.]+ )?(bibliography|references|index|(table of )?contents|list of (figures|tables))$",
    re.I,
)
_EXERCISES: Final = re.compile(r"^([\dA-Z.]+ )?(exercises?|problems?)$", re.I)
_NUMBER: Final = re.compile(r"^([A-Z]|\d+)(\.\d+)*\.? ")
# Of a heading as it is set: "Chapter 4" above the title, "4.1" before it.
_SET_NUMBER: Final = re.compile(
    r"^(?:(?:chapter|appendix)\s+(?P<chapter>[A-Z]|\d{1,2})\b[.:]?|(?P<number>[A-Z\d]{1,2}(?:\.\d{1,2}){0,4})\.?(?=\s))\s*",
    re.I,
)
_NUMBERED: Final = re.compile(r"^[A-Z\d]{1,2}(\.\d{1,2}){2,4} \S")
_LISTED: Final = re.compile(r"(•|–|▶|○)")
_LEADERS: Final = re.compile(r"(\. ){4,}|\.{5,}|(· ?){5,}")
# A page with this many lines of dot leaders is a table of contents.
CONTENTS_LINES: Final = 4
# An outline with fewer entries than one in four pages knows chapters only: headings in the
# text then tell the sections.
SPARSE_OUTLINE: Final = 4


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading of the book: its path, and which lines of its page are its own."""

    path: tuple[str, ...]
    page: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A segment in the making: its text still knows where it came from."""

    text: Aligned
    kind: SegmentKind
    locator: Locator
    open_end: bool = False
    indented: bool = False
    labels: tuple[str, ...] = ()


def read(source: SourceFile, images: bool = True) -> Document:
    """Read one book, syllabus or other prose.

    Args:
        source: a PDF.
        images: read pages without text off their images.

    Raises:
        SourceError: the file is damaged, encrypted, not a PDF or without text.
    """
    with pdf.opened(source.path, source.name) as file:
        entries = pdf.outline(file)
        sift = margins.note_sift(file)
        pages = [
            pdf.read_page(file, number, source.name, sift) for number in range(1, len(file) + 1)
        ]
        meta = str(file.get_metadata_dict().get("Title", "")).strip()
        reader = Reader()
        if images:
            pages = [reader.complete(page, file) for page in pages]
    recurring = _recurring(pages)
    pages = [_without_furniture(page, recurring) for page in pages]
    layout = measure(pages)
    headings = _headings(pages, entries, layout)
    words = cleaning.count_words(page.raw for page in pages)
    first_entry = min((entry.page for entry in entries), default=1)
    pieces: list[_Piece] = []
    path: tuple[str, ...] = ()
    for page in pages:
        front = page.number < first_entry or _is_contents(page)
        here = [heading for heading in headings if heading.page == page.number]
        cuts = [0, *(heading.first for heading in here), len(page.lines)]
        found: list[_Piece] = []
        for index, (start, end) in enumerate(pairwise(cuts)):
            if index:
                heading = here[index - 1]
                path = heading.path
                found += _heading_piece(heading, page)
                start += heading.count
            for paragraph in paragraphs(page.lines[start:end], page, layout):
                found.append(_piece(paragraph, page, path, front))
        _append(pieces, found)
    if source.kind == "notes":
        pieces = _whole_problems(pieces)
    seen = {page.number for page in pages if page.ocr}
    segments = [
        replace(segment, ocr=segment.locator.page in seen)
        for segment in (_segment(piece, words) for piece in pieces)
    ]
    return common.build(
        source,
        [segment for segment in segments if segment.text],
        common.document_title(source, meta or common.title_from_stem(source.path.stem)),
        page_count=len(pages),
        **reader.told(pages),
    )


def _edges(page: Page) -> list[Line]:
    """The highest and the lowest line of a page."""
    if not page.lines:
        return []
    return [max(page.lines, key=lambda li: li.top), min(page.lines, key=lambda li: li.bottom)]


def _edge_key(line: Line) -> str:
    return re.sub(r"\d+", "#", cleaning.tidy(line.text).text)


def _recurring(pages: Sequence[Page]) -> frozenset[str]:
    """Lines that stand first or last on a tenth of the pages, digits aside."""
    counts = Counter(key for page in pages for key in {_edge_key(line) for line in _edges(page)})
    return frozenset(key for key, n in counts.items() if n >= max(3, 0.1 * len(pages)))


def _without_furniture(page: Page, recurring: frozenset[str]) -> Page:
    """The page without running head, running foot and page number."""
    numbers = {str(page.number), page.label or str(page.number)}
    dropped: list[Line] = []
    # Twice: below a running head, or above a copyright line, a lone number may stand.
    for _ in range(2):
        rest = [line for line in page.lines if line not in dropped]
        for line in _edges(replace(page, lines=tuple(rest))):
            words = cleaning.tidy(line.text).text.split() or [""]
            # A head is one line's worth of a title and the number at the outer side.
            numbered = len(words) <= 16 and (words[0] in numbers or words[-1] in numbers)
            # LaTeX's wide margins put the last line of a short page this high.
            margin = (0.2 if len(words) == 1 else 0.15) * page.height
            outside = line.bottom > page.height - margin or line.top < margin
            if _edge_key(line) in recurring or (numbered and outside):
                dropped.append(line)
    return replace(page, lines=tuple(line for line in page.lines if line not in dropped))


def _is_contents(page: Page) -> bool:
    return sum(bool(_LEADERS.search(li.text.text)) for li in page.lines) >= CONTENTS_LINES


def _headings(
    pages: Sequence[Page], entries: Sequence[OutlineEntry], layout: Layout
) -> list[_Heading]:
    """All headings in reading order."""
    headings: list[_Heading] = []
    path: list[str] = []
    lowest = min((entry.level for entry in entries), default=0)
    for entry in entries:
        if entry.page > len(pages):
            continue
        lines = pages[entry.page - 1].lines
        after = headings[-1] if headings and headings[-1].page == entry.page else None
        start = after.first + after.count if after else 0
        first, count, number = _locate(lines, entry, start)
        # LaTeX's bookmarks come without numbers by default; the page has them.
        title = f"{number} {entry.title}" if number else entry.title
        path = [*path[: entry.level - lowest], title]
        headings.append(_Heading(tuple(path), entry.page, first, count))
    sparse = len(entries) * SPARSE_OUTLINE < len(pages) or not entries
    return _add_set_headings(pages, headings, layout, sparse)


def _locate(lines: Sequence[Line], entry: OutlineEntry, start: int) -> tuple[int, int, str]:
    """Which lines of the page are the heading: the first one's index, and how many (0: none).

    And the number that it has there when the bookmark has none.
    """
    title = cleaning.key(entry.title)
    unnumbered = cleaning.key(_NUMBER.sub("", entry.title))
    wanted = {title, unnumbered, f"chapter{title}", f"appendix{title}", f"part{title}"}
    bare = not _NUMBER.match(entry.title)
    for first in range(start, len(lines)):
        found = number = ""
        for end in range(first, min(first + 4, len(lines))):
            text = cleaning.tidy(lines[end].text).text
            if bare and not found and not number and (match := _SET_NUMBER.match(text)):
                number, text = match["chapter"] or match["number"], text[match.end() :]
            found += cleaning.key(text)
            if found in wanted:
                return first, end + 1 - first, number
            if not any(want.startswith(found) for want in wanted):
                break
    if entry.top is not None:
        below = [i for i in range(start, len(lines)) if lines[i].top <= entry.top + 2]
        if below:
            return below[0], 0, ""
    return start, 0, ""


def _add_set_headings(
    pages: Sequence[Page], known: Sequence[_Heading], layout: Layout, sparse: bool
) -> list[_Heading]:
    """Add headings that the outline leaves out, one level below those that it has.

    Numbered bold lines always ("5.4.2.3 Beyond"); where the outline is `sparse`, also lines in
    larger type than the text and other short bold ones.
    """
    headings: list[_Heading] = []
    chapter: tuple[str, ...] = ()
    above: list[tuple[float, str]] = []  # without an outline: headings in larger type
    for page in pages:
        here = {heading.first: heading for heading in known if heading.page == page.number}
        index = 0
        while index < len(page.lines):
            if index in here:
                headings.append(here[index])
                chapter = here[index].path
                index += max(1, here[index].count)
                continue
            count = 0
            while (
                index + count < len(page.lines)
                and index + count not in here
                and _is_set_heading(page.lines[index + count], layout, sparse)
                and count < (3 if sparse else 1)
                and abs(page.lines[index + count].size - page.lines[index].size) < 1
            ):
                count += 1
            if count:
                lines = page.lines[index : index + count]
                title = cleaning.tidy(cleaning.join([li.text for li in lines], " ")).text
                if not known:
                    size = lines[0].size
                    above = [kept for kept in above if kept[0] > size + 1]
                    chapter = tuple(name for _, name in above)
                    above.append((size, title))
                path = chapter if chapter and _same_title(chapter[-1], title) else (*chapter, title)
                headings.append(_Heading(path, page.number, index, count))
            index += max(1, count)
    return headings


def _same_title(title: str, other: str) -> bool:
    return cleaning.key(_NUMBER.sub("", title)) == cleaning.key(_NUMBER.sub("", other))


def _is_set_heading(line: Line, layout: Layout, sparse: bool) -> bool:
    words = cleaning.tidy(line.text).text
    if not sparse and not (line.bold and _NUMBERED.match(words)):
        return False
    words = _NUMBER.sub("", words)
    letters = sum(ch.isascii() and ch.isalpha() for ch in words)
    if "=" in words:
        return False
    large = line.size > 1.15 * layout.size
    bold = line.bold and line.size > 0.98 * layout.size and not words.endswith((".", ",", ":"))
    return (large or bold) and letters > 3 and letters > 0.6 * len(words) and len(words) < 90


def _heading_piece(heading: _Heading, page: Page) -> list[_Piece]:
    lines = page.lines[heading.first : heading.first + heading.count]
    text = cleaning.tidy(cleaning.join([line.text for line in lines], " "))
    if not text.text:
        return []
    return [_Piece(text, "heading", Locator(page.number, page.label, None, heading.path))]


def _piece(paragraph: Paragraph, page: Page, path: tuple[str, ...], front: bool) -> _Piece:
    kind: SegmentKind
    if front or any(_BACK_MATTER.match(title) for title in path):
        kind = "bibliography"
    elif paragraph.kind in ("code", "caption"):
        kind = "code" if paragraph.kind == "code" else "caption"
    elif PROBLEM.match(paragraph.text.text) or (path and _EXERCISES.match(path[-1])):
        kind = "exercise"
    else:
        kind = "equation" if paragraph.kind == "equation" else "text"
    locator = Locator(page.number, page.label, None, path)
    labels = paragraph.labels
    if kind == "exercise" and (match := PROBLEM.match(paragraph.text.text)) and match["number"]:
        labels = (label(match["kind"], match["number"]), *labels)
    return _Piece(paragraph.text, kind, locator, paragraph.open_end, paragraph.indented, labels)


def _append(pieces: list[_Piece], page: Sequence[_Piece]) -> None:
    """Add a page's pieces; a sentence or listing that the page turn cut is made whole."""
    last = next((i for i in range(len(pieces) - 1, -1, -1) if pieces[i].kind != "caption"), None)
    first = next((i for i, piece in enumerate(page) if piece.kind != "caption"), None)
    rest = list(page)
    if last is not None and first is not None and _goes_on(pieces[last], page[first]):
        before, after = pieces[last], rest.pop(first)
        hyphen = before.text.text.endswith(cleaning.HYPHEN_BREAK)
        glue = "\n" if before.kind == "code" else "" if hyphen else " "
        pieces[last] = _merged(before, glue, after)
    for piece in rest:
        if pieces and _same_sentence(pieces[-1], piece):
            formula = "\n" if "equation" in (pieces[-1].kind, piece.kind) else " "
            pieces[-1] = _merged(pieces[-1], formula, piece)
        else:
            pieces.append(piece)


def _merged(before: _Piece, glue: str, after: _Piece) -> _Piece:
    text, labels = before.text + glue + after.text, (*before.labels, *after.labels)
    return replace(before, text=text, open_end=after.open_end, labels=labels)


def _same_sentence(before: _Piece, after: _Piece) -> bool:
    """Whether a piece ends in mid-sentence and the next one goes on with a formula or "where"."""
    prose = ("text", "exercise", "equation")
    if before.kind not in prose or after.kind not in prose or not before.open_end:
        return False
    if before.locator.section != after.locator.section or _LISTED.match(before.text.text):
        return False
    return after.kind == "equation" or after.text.text[:1] in string.ascii_lowercase


def _whole_problems(pieces: Sequence[_Piece]) -> list[_Piece]:
    """In a list of problems, what follows "Problem 3.4" belongs to it up to the next heading."""
    inside = False
    whole: list[_Piece] = []
    for piece in pieces:
        inside = piece.kind != "heading" and (inside or piece.kind == "exercise")
        belongs = inside and piece.kind in ("text", "equation")
        whole.append(replace(piece, kind="exercise") if belongs else piece)
    return whole


def _goes_on(before: _Piece, after: _Piece) -> bool:
    if before.kind != after.kind or before.locator.section != after.locator.section:
        return False
    if before.kind == "code":
        # A new definition starts a new listing; the rest of one is indented or carries on.
        return after.text.text.startswith((" ", ")", "]", "}"))
    if before.kind not in ("text", "exercise") or not before.open_end:
        return False
    return not after.indented or after.text.text[:1].islower()


def _segment(piece: _Piece, words: Counter[str]) -> Segment:
    text = cleaning.mend_hyphens(piece.text, words)
    page = piece.locator.page or 0
    start, end = text.span(page)
    place = replace(piece.locator, start=start, end=end)
    return Segment(text.text, place, piece.kind, text.runs(), piece.labels)
