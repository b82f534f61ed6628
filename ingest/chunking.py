"""Documents into chunks: what is embedded, searched and cited.

Slides: one chunk a slide, build-up sequences folded into one. Prose, notebooks and site: by
section, packed up to a size in the embedder's tokens, cut between sentences only. Reading files
is the readers' business, embedding that of `ingest.build`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ds542_tutor.documents import Chunk, Document, Locator, Segment, TextRun, chunk_id
from ingest import cleaning

CountTokens = Callable[[str], int]

MAX_TOKENS: Final = 230
"""MiniLM sees 256 word-pieces; the rest is room for the heading path and its special tokens."""

# A page of a build-up repeats nearly all words of the page before it.
BUILD_UP_SHARE: Final = 0.85
# A slide with fewer letters than this under its title answers nothing.
NEAR_EMPTY: Final = 12
# A chunk below this share of the size takes in the next small section of the same chapter.
SMALL_SHARE: Final = 0.45
# Below this share of the size a chunk takes sentences of a paragraph that does not fit as a whole.
FILL_SHARE: Final = 0.5
# However long its headings, a chunk has room for this much text.
LEAST_TOKENS: Final = 96

_SENTENCE: Final = re.compile(r"(?<=[.!?])[\"”’)\]]*\s+(?=[\"“(]?[A-Z0-9•\d])|\n+")
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|al|Fig|Figs|Eq|Eqs|Sec|Ch|Dr|Prof|St|No|pp|resp)|\b[A-Z])\.$"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of text on its way into a chunk, with its places."""

    text: str
    runs: tuple[TextRun, ...]
    segment: Segment


def chunk_document(
    document: Document, count_tokens: CountTokens, max_tokens: int = MAX_TOKENS
) -> list[Chunk]:
    """Cut a document into chunks.

    Args:
        document: as a reader made it.
        count_tokens: the embedder's count of tokens in a text.
        max_tokens: upper limit for heading path and text together, in those tokens. Only a
            single sentence or line of code that is longer by itself exceeds it.

    Returns:
        The chunks in reading order; `ordinal` counts from 0.
    """
    if document.kind == "slides":
        groups = _slide_groups(document, count_tokens, max_tokens)
    else:
        groups = _section_groups(document, count_tokens, max_tokens)
    labels = {s.locator.page: s.locator.page_label for s in document.segments}
    chunks = [_chunk(document, parts, pages, labels) for parts, pages in groups]
    return [replace(chunk, ordinal=number) for number, chunk in enumerate(chunks)]


def heading_path(title: str, section: Sequence[str], slide_title: str | None = None) -> str:
    """'Lecture 7: Attention > Scores > Scaled dot product': what a chunk is about, in one line."""
    names = [cleaning.fold(n) for n in (title, *section, slide_title or "") if n.strip()]
    # A notebook's first heading is its title; no need to say it twice.
    different = [
        n for i, n in enumerate(names) if cleaning.key(n) not in map(cleaning.key, names[:i])
    ]
    return " > ".join(different)


# --- slides --------------------------------------------------------------------------------------


def _slide_groups(
    document: Document, count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[list[_Part], tuple[int, ...]]]:
    """The parts of each chunk of a deck, and the pages that it covers."""
    for pages, slide in _folded(document.segments):
        if not _says_something(slide):
            continue
        path = heading_path(document.title, slide.locator.section, slide.locator.slide_title)
        room = max(LEAST_TOKENS, max_tokens - count_tokens(path))
        whole = _Part(slide.text, slide.runs, slide)
        if count_tokens(slide.text) <= room:
            yield [whole], pages
            continue
        for parts in _packed(_cut(whole, r"\n"), count_tokens, room):
            yield parts, pages


def _folded(slides: Iterable[Segment]) -> Iterator[tuple[tuple[int, ...], Segment]]:
    """Fold build-ups: their pages and the fullest slide (the last one of equally full ones)."""
    pages: list[int] = []
    fullest: Segment | None = None
    for slide in slides:
        if fullest is not None and _builds_up(fullest, slide):
            pages.append(slide.locator.page or 0)
            if len(slide.text) >= len(fullest.text):
                fullest = slide
            continue
        if fullest is not None:
            yield tuple(pages), fullest
        fullest, pages = slide, [slide.locator.page or 0]
    if fullest is not None:
        yield tuple(pages), fullest


def _builds_up(before: Segment, after: Segment) -> bool:
    """Whether one of two neighbours shows (nearly) all that the other one does."""
    if before.kind != "slide" or after.kind != "slide":
        return False
    if before.locator.section != after.locator.section or not before.locator.slide_title:
        return False
    if cleaning.key(before.locator.slide_title) != cleaning.key(after.locator.slide_title or ""):
        return False
    first, second = (cleaning.fold(s.text).lower().split() for s in (before, after))
    fewer, more = sorted((first, second), key=len)
    return cleaning.similar(fewer, set(more)) >= BUILD_UP_SHARE


def _body(slide: Segment) -> str:
    """A slide's text without its title line."""
    title = slide.locator.slide_title or ""
    return slide.text[len(title) :].lstrip("\n") if slide.text.startswith(title) else slide.text


def _says_something(slide: Segment) -> bool:
    if slide.kind != "slide":
        return False
    return sum(ch.isalnum() for ch in _body(slide)) >= NEAR_EMPTY


# --- prose, notebooks, site ----------------------------------------------------------------------


def _section_groups(
    document: Document, count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[list[_Part], tuple[int, ...]]]:
    """The parts of each chunk of a document with headings, and the pages that it covers."""
    packer = _Packer(document.title, count_tokens, max_tokens)
    for segment in document.segments:
        if segment.kind == "bibliography" or not segment.text.strip():
            continue
        yield from ((parts, _pages(document, parts)) for parts in packer.add(segment))
    yield from ((parts, _pages(document, parts)) for parts in packer.flush())


def _pages(document: Document, parts: Sequence[_Part]) -> tuple[int, ...]:
    if not document.page_count:
        return ()
    from_runs = {run.page for part in parts for run in part.runs}
    return tuple(sorted(from_runs or {part.segment.locator.page or 1 for part in parts}))


class _Packer:
    """Fills chunks with segments in reading order and hands out those that are full."""

    def __init__(self, title: str, count_tokens: CountTokens, max_tokens: int) -> None:
        self._title = title
        self._count = count_tokens
        self._max = max_tokens
        self._parts: list[_Part] = []
        self._tokens = 0
        self._heading: _Part | None = None

    def add(self, segment: Segment) -> Iterator[list[_Part]]:
        """Take a segment; yields the chunks that it completes."""
        part = _Part(segment.text, segment.runs, segment)
        if segment.kind == "heading":
            # Kept for the case that its section joins a chunk that has begun above it.
            self._heading = part
            return
        if self._parts and not self._joins(segment):
            yield from self.flush()
        room = self._room(segment)
        size = self._count(part.text)
        heading, self._heading = self._heading, None
        title = self._count(heading.text) if heading is not None and self._parts else 0
        if size <= room:
            if self._tokens + title + size > room and not self._fills(part, title, room):
                yield from self._flush_full()
        elif segment.kind in ("code", "output") or not self._fills(part, title, room):
            yield from self._flush_full()
        if heading is not None and self._parts:
            self._take(heading, title)
        if self._tokens + size <= room:
            self._take(part, size)
            return
        for piece in self._pieces(part, room):
            size = self._count(piece.text)
            if self._parts and self._tokens + size > room:
                yield from self.flush()
            self._take(piece, size)

    def _flush_full(self) -> Iterator[list[_Part]]:
        """Hand out a full chunk, but for a last line that only leads to what comes next."""
        lead = self._parts[-1:] if len(self._parts) > 1 and _leads_in(self._parts[-1]) else []
        self._parts = self._parts[: len(self._parts) - len(lead)]
        yield from self.flush()
        for part in lead:
            self._take(part)

    def _fills(self, part: _Part, title: int, room: int) -> bool:
        """Whether a paragraph is better divided than to leave the chunk so far this short."""
        if part.segment.kind not in ("text", "exercise") or self._tokens > FILL_SHARE * room:
            return False
        first = next(_cut(part))
        return self._tokens + title + self._count(first.text) <= room

    def _pieces(self, part: _Part, room: int) -> Iterator[_Part]:
        """Cut prose after sentences; code after blank lines, and blocks too long after lines."""
        if part.segment.kind not in ("code", "output"):
            yield from _cut(part)
            return
        for block in _cut(part, r"\n[ \t]*\n+"):
            if self._count(block.text) <= room:
                yield block
            else:
                yield from _cut(block, r"\n")

    def flush(self) -> Iterator[list[_Part]]:
        """Hand out what is there, unless it is only headings."""
        if any(part.segment.kind != "heading" for part in self._parts):
            yield self._parts
        self._parts, self._tokens = [], 0

    def _take(self, part: _Part, size: int | None = None) -> None:
        self._parts.append(part)
        self._tokens += self._count(part.text) if size is None else size

    def _room(self, segment: Segment) -> int:
        path = heading_path(self._title, segment.locator.section)
        return max(LEAST_TOKENS, self._max - self._count(path))

    def _joins(self, segment: Segment) -> bool:
        """Whether a segment may stand in one chunk with the parts so far."""
        last = self._parts[-1].segment
        if (last.kind == "exercise") != (segment.kind == "exercise"):
            return False
        before, after = last.locator.section, segment.locator.section
        if before == after:
            return True
        related = before[:-1] == after[:-1] or before == after[:-1] or before[:-1] == after
        return related and bool(after[:-1]) and self._tokens < SMALL_SHARE * self._max


def _leads_in(part: _Part) -> bool:
    """A heading, or a short line such as "Example images after the transform:"."""
    text = part.text.strip()
    short = part.segment.kind == "text" and len(text) < SHORT_LINE
    return (
        part.segment.kind == "heading"
        or (
            part.segment.kind == "text" and text.endswith((":", ",")) and len(text) < 2 * SHORT_LINE
        )
        or (short and not text.endswith((".", "!", "?", ")")))
    )


def _packed(parts: Iterable[_Part], count_tokens: CountTokens, room: int) -> Iterator[list[_Part]]:
    """Fill groups of parts up to `room` tokens."""
    group: list[_Part] = []
    tokens = 0
    for part in parts:
        size = count_tokens(part.text)
        if group and tokens + size > room:
            yield group
            group, tokens = [], 0
        group.append(part)
        tokens += size
    if group:
        yield group


def _cut(part: _Part, separator: str | None = None) -> Iterator[_Part]:
    """Cut a part after sentences, or after each match of `separator`."""
    start = 0
    pattern = re.compile(separator) if separator else _SENTENCE
    for match in pattern.finditer(part.text):
        if separator is None and _ABBREVIATION.search(part.text[start : match.start()]):
            continue
        yield _slice(part, start, match.end())
        start = match.end()
    if part.text[start:].strip():
        yield _slice(part, start, len(part.text))


def _slice(part: _Part, start: int, end: int) -> _Part:
    runs: list[TextRun] = []
    for run in part.runs:
        first, last = max(run.start, start), min(run.start + run.length, end)
        if first < last:
            source = run.source + first - run.start
            runs.append(TextRun(first - start, last - first, run.page, source))
    return _Part(part.text[start:end], tuple(runs), part.segment)


# --- the chunk itself ----------------------------------------------------------------------------

# Lines this short are items of some list (a slide's bullets, a staff list), not paragraphs.
SHORT_LINE: Final = 80
_LIST_ITEM: Final = re.compile(r"\s*(•|[-–*]\s|\d{1,2}[.)]\s|\([a-z0-9]{1,3}\)|\|)")


def _chunk(
    document: Document,
    parts: Sequence[_Part],
    pages: tuple[int, ...],
    labels: Mapping[int | None, str | None],
) -> Chunk:
    text, runs = _joined(parts)
    lead = max(parts, key=lambda part: (part.segment.kind != "heading", len(part.text))).segment
    locator = _cited(document, parts, runs, lead, labels)
    path = heading_path(document.title, locator.section, locator.slide_title)
    body = text
    if locator.slide_title and text.startswith(locator.slide_title):
        body = text[len(locator.slide_title) :].lstrip()
    return Chunk(
        id=chunk_id(document.path, pages, text),
        document=document.path,
        title=document.title,
        kind=document.kind,
        text=text,
        search_text=f"{path}\n{cleaning.fold(body)}",
        locator=locator,
        pages=pages,
        runs=runs,
        term=document.term,
        lecture=document.lecture,
        assignment=document.assignment,
        graded=document.graded,
        exercise=all(part.segment.kind in ("exercise", "heading") for part in parts),
        sha256=document.sha256,
    )


def _joined(parts: Sequence[_Part]) -> tuple[str, tuple[TextRun, ...]]:
    """The parts as one text, with blank lines between paragraphs."""
    text = ""
    runs: list[TextRun] = []
    previous: _Part | None = None
    for part in parts:
        if previous is not None and previous.segment is not part.segment:
            text = text.rstrip()
            text += "\n" if _close(text, previous.segment, part) else "\n\n"
        runs += [replace(run, start=run.start + len(text)) for run in part.runs]
        text += part.text
        previous = part
    text = text.rstrip()
    clipped = (replace(run, length=min(run.length, len(text) - run.start)) for run in runs)
    return text, tuple(run for run in clipped if run.length > 0)


def _close(text: str, before: Segment, part: _Part) -> bool:
    """Whether a part goes on the next line: below a heading, list items, short lines together."""
    if before.kind == "heading" or _LIST_ITEM.match(part.text):
        return True
    if part.segment.kind in ("code", "output", "heading") or part.text.lstrip().startswith(
        "Problem"
    ):
        return False
    above = text.rsplit("\n", 1)[-1]
    return len(above) < SHORT_LINE and len(part.text) < SHORT_LINE and above[-1:] != ":"


def _cited(
    document: Document,
    parts: Sequence[_Part],
    runs: Sequence[TextRun],
    lead: Segment,
    labels: Mapping[int | None, str | None],
) -> Locator:
    """The place that a citation of the chunk names: the page that holds most of it."""
    locator = lead.locator
    if locator.page is not None and document.kind != "slides":
        sizes: dict[int, int] = {}
        for run in runs:
            if run.page in labels:
                sizes[run.page] = sizes.get(run.page, 0) + run.length
        page = max(sizes, key=lambda number: sizes[number]) if sizes else locator.page
        locator = replace(locator, page=page, page_label=labels.get(page))
    elif locator.cell is not None:
        # A chunk of several cells is cited by its first one.
        locator = replace(locator, cell=parts[0].segment.locator.cell)
    place = locator.page if locator.page is not None else (locator.cell or 0)
    here = [run for run in runs if run.page == place]
    start = min((run.source for run in here), default=0)
    end = max((run.source + run.length for run in here), default=0)
    return replace(locator, start=start, end=end)
