"""Documents into chunks: what is embedded, searched and cited.

Slides: one chunk a slide with its speaker notes, build-up sequences folded into one. Prose,
notebooks and site: by section, packed up to a size in the embedder's tokens, cut between sentences
only. Reading files is the readers' business, embedding that of `ingest.build`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
# Nor does "Rule 1: Rule 2: Rule 3:" without a title; letters of a formula count as words.
FEW_WORDS: Final = 4
UNTITLED_WORDS: Final = 8
# Slides that agree in fewer letters may look alike and show different pictures.
SAME_LETTERS: Final = 60
_WORD: Final = re.compile(r"\w+")


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


@dataclass(slots=True)
class _Slide:
    """A slide, or the pages of a build-up with the fullest of them, and its speaker notes."""

    fullest: Segment
    pages: list[int]
    notes: list[Segment]


def _slide_groups(
    document: Document, count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[list[Part], tuple[int, ...]]]:
    """The parts of each chunk of a deck, and the pages that it covers.

    Speaker notes explain their slide, so they stand below it where both fit; long ones follow as
    chunks of their own, which the heading path ties to the slide.
    """
    slides = _distinct(_folded(document.segments))
    content = [slide for slide in slides if slide.fullest.kind == "slide"]
    speaking = [s for s in content if _says_something(s.fullest) and not s.fullest.ocr]
    # A deck of pictures is found by what its title slide says, if by anything.
    pictures = 2 * len(speaking) < len(content)
    for slide in slides:
        path = heading_path(
            document.title, slide.fullest.locator.section, slide.fullest.locator.slide_title
        )
        room = max(LEAST_TOKENS, max_tokens - count_tokens(path))
        pages = tuple(slide.pages)
        kept = slide.fullest.kind == "title" and pictures and bool(slide.fullest.text)
        parts = [Part(s.text, s.runs, s) for s in slide.notes]
        if _says_something(slide.fullest) or kept:
            whole = Part(slide.fullest.text, slide.fullest.runs, slide.fullest)
            if sum(count_tokens(part.text) for part in (whole, *parts)) <= room:
                yield [whole, *parts], pages
                continue
            for group in packed(_fitting(whole, room, count_tokens, r"\n"), count_tokens, room):
                yield group, pages
        fitting = [p for part in parts for p in _fitting(part, room, count_tokens)]
        for group in packed(fitting, count_tokens, room):
            yield group, pages


def _fitting(
    part: Part, room: int, count_tokens: CountTokens, separator: str | None = None
) -> list[Part]:
    """A part whole, or cut where it does not fit."""
    return [part] if count_tokens(part.text) <= room else list(cut(part, separator))


def _folded(segments: Iterable[Segment]) -> Iterator[_Slide]:
    """Fold build-ups; the fullest slide is the last one of equally full ones."""
    last: _Slide | None = None
    for segment in segments:
        if last is not None and segment.kind == "notes":
            if all(segment.text != known.text for known in last.notes):
                last.notes.append(segment)
        elif last is not None and _builds_up(last.fullest, segment):
            last.pages.append(segment.locator.page or 0)
            if len(segment.text) >= len(last.fullest.text):
                last.fullest = segment
        else:
            if last is not None:
                yield last
            last = _Slide(segment, [segment.locator.page or 0], [])
    if last is not None:
        yield last


def _distinct(slides: Iterable[_Slide]) -> list[_Slide]:
    """Show a slide that returns word for word once, as all of its pages."""
    kept: list[_Slide] = []
    seen: dict[str, _Slide] = {}
    for slide in slides:
        known = cleaning.key(slide.fullest.text)
        if slide.fullest.kind != "slide" or len(known) < SAME_LETTERS or known not in seen:
            kept.append(slide)
            seen[known] = slide
            continue
        first = seen[known]
        first.pages += slide.pages
        texts = {note.text for note in first.notes}
        first.notes += [note for note in slide.notes if note.text not in texts]
    return kept


def _builds_up(before: Segment, after: Segment) -> bool:
    """Whether one of two neighbours shows (nearly) all that the other one does."""
    if before.kind != "slide" or after.kind != "slide":
        return False
    if before.locator.section != after.locator.section:
        return False
    titles = [cleaning.key(s.locator.slide_title or "") for s in (before, after)]
    first, second = (cleaning.fold(s.text).lower().split() for s in (before, after))
    fewer, more = sorted((first, second), key=len)
    # Without a title to tell them by, they have to agree in a good deal of text.
    if titles[0] != titles[1] or (not titles[0] and len(set(fewer)) < UNTITLED_WORDS):
        return False
    return cleaning.similar(fewer, set(more)) >= BUILD_UP_SHARE


def _body(slide: Segment) -> str:
    """A slide's text without its title line."""
    title = slide.locator.slide_title or ""
    return slide.text[len(title) :].lstrip("\n") if slide.text.startswith(title) else slide.text


def _says_something(slide: Segment) -> bool:
    """Whether a slide has text under its title, more than the labels of a drawing."""
    if slide.kind != "slide":
        return False
    body = _body(slide)
    if sum(ch.isalpha() for ch in body) < NEAR_EMPTY:
        return False
    words = {word for word in _WORD.findall(cleaning.fold(body).lower()) if not word.isdigit()}
    return bool(slide.locator.slide_title) or len(words) >= FEW_WORDS


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
    lead = max(parts, key=_leads).segment
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
                for label in (*(x for part in parts for x in _own_labels(part)), *defined)
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


def _leads(part: Part) -> tuple[bool, int]:
    """How well a part stands for its chunk; the place of the best one is cited."""
    return part.segment.kind not in ("heading", "notes"), len(part.text)


def _own_labels(part: Part) -> list[str]:
    """The labels of a part of a segment: a formula's number goes where the formula stands."""
    segment = part.segment
    if segment.locator.page is None or len(part.text) == len(segment.text):
        return list(segment.labels)
    text = part.text.lower()
    return [
        name
        for name in segment.labels
        if not name.startswith("equation ") or f"({name.removeprefix('equation ')})" in text
    ]


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
