"""Documents into chunks: what is embedded, searched and cited.

Slides: one chunk a slide, build-up sequences folded into one. Prose, notebooks and site: by
section, packed up to a size in the embedder's tokens, cut between sentences only. Reading files
is the readers' business, embedding that of `ingest.build`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ds542_tutor.documents import Chunk, Document, Locator, Segment, TextRun, chunk_id
from ingest import cleaning
from ingest.packing import (
    LEAST_TOKENS,
    CountTokens,
    Packer,
    Part,
    cut,
    heading_path,
    joined,
    packed,
)

MAX_TOKENS: Final = 230
"""MiniLM sees 256 word-pieces; the rest is room for the heading path and its special tokens."""

# A page of a build-up repeats nearly all words of the page before it.
BUILD_UP_SHARE: Final = 0.85
_DEFINITION: Final = re.compile(r"^[ \t]*(?:async[ \t]+)?(def|class)[ \t]+(\w+)", re.M)
# A slide with fewer letters than this under its title answers nothing; the numbers of a plot
# are none.
NEAR_EMPTY: Final = 12


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


# --- slides --------------------------------------------------------------------------------------


def _slide_groups(
    document: Document, count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[list[Part], tuple[int, ...]]]:
    """The parts of each chunk of a deck, and the pages that it covers."""
    for pages, slide in _folded(document.segments):
        if not _says_something(slide):
            continue
        path = heading_path(document.title, slide.locator.section, slide.locator.slide_title)
        room = max(LEAST_TOKENS, max_tokens - count_tokens(path))
        whole = Part(slide.text, slide.runs, slide)
        if count_tokens(slide.text) <= room:
            yield [whole], pages
            continue
        for parts in packed(cut(whole, r"\n"), count_tokens, room):
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
    return sum(ch.isalpha() for ch in _body(slide)) >= NEAR_EMPTY


# --- prose, notebooks, site ----------------------------------------------------------------------


def _section_groups(
    document: Document, count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[list[Part], tuple[int, ...]]]:
    """The parts of each chunk of a document with headings, and the pages that it covers."""
    packer = Packer(document.title, count_tokens, max_tokens)
    for segment in document.segments:
        if segment.kind == "bibliography" or not segment.text.strip():
            continue
        yield from ((parts, _pages(document, parts)) for parts in packer.add(segment))
    yield from ((parts, _pages(document, parts)) for parts in packer.flush())


def _pages(document: Document, parts: Sequence[Part]) -> tuple[int, ...]:
    if not document.page_count:
        return ()
    from_runs = {run.page for part in parts for run in part.runs}
    return tuple(sorted(from_runs or {part.segment.locator.page or 1 for part in parts}))


# --- the chunk itself ----------------------------------------------------------------------------


def _chunk(
    document: Document,
    parts: Sequence[Part],
    pages: tuple[int, ...],
    labels: Mapping[int | None, str | None],
) -> Chunk:
    text, runs = joined(parts)
    lead = max(parts, key=lambda part: (part.segment.kind != "heading", len(part.text))).segment
    locator = _cited(document, parts, runs, lead, labels)
    path = heading_path(document.title, locator.section, locator.slide_title)
    body = text
    if locator.slide_title and text.startswith(locator.slide_title):
        body = text[len(locator.slide_title) :].lstrip()
    defined = [name for part in parts if part.segment.kind == "code" for name in _defined(part)]
    words = " ".join(
        dict.fromkeys([*(p.segment.words for p in parts if p.segment.words), *defined])
    )
    return Chunk(
        id=chunk_id(document.path, pages, text),
        document=document.path,
        title=document.title,
        kind=document.kind,
        text=text,
        search_text="\n".join(filter(None, (path, cleaning.fold(body), words))),
        locator=locator,
        pages=pages,
        runs=runs,
        term=document.term,
        lecture=document.lecture,
        assignment=document.assignment,
        graded=document.graded or any(part.segment.graded for part in parts),
        labels=tuple(
            dict.fromkeys(
                label.lower()
                for label in (*(x for part in parts for x in part.segment.labels), *defined)
            )
        ),
        ocr=any(part.segment.ocr for part in parts),
        exercise=all(part.segment.kind in ("exercise", "heading") for part in parts),
        sha256=document.sha256,
    )


def _defined(part: Part) -> Iterator[str]:
    """What a piece of code defines: "function train_model", "class MLP".

    Said once more beside the text, because the piece that defines a name is asked for, not those
    that use it (first hit right for 76 % instead of 56 % of the names in the course's notebooks).
    """
    for word, name in _DEFINITION.findall(part.text):
        if not name.startswith("__"):
            yield f"{'class' if word == 'class' else 'function'} {name}"


def _cited(
    document: Document,
    parts: Sequence[Part],
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
