"""Lecture decks as PDF: one segment a slide, with its title, its bullets and the part it is in.

Says of each slide what it is (title, agenda, questions, slide); folding build-up sequences and
leaving out what answers nothing is `ingest.chunking`'s business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from ds542_tutor.documents import Document, Locator, Segment, SegmentKind
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, pdf, slide_rules
from ingest.readers.ocr import Reader
from ingest.readers.pdf import Line, Page
from ingest.readers.slide_text import BULLET, bulleted, items, joined_formulas
from ingest.sources import SourceFile

_OUTLINE_NUMBER: Final = re.compile(r"^slide\s+\d+\s*[:.–-]?\s*", re.I)
# What accessibility tools make of a formula in a title: "cap D equals cap D sub i".
_SPOKEN: Final = re.compile(r"\bcap [A-Z]\b|\bsuperscript\b|\bsubscript\b|\bsub [a-z]\b")
_NUMERIC: Final = re.compile(r"^[\s\d.,+\-−–%×⋅eE]+$")
# A running foot stands in the lowest tenth of the slide, on a fifth of the slides or more.
FOOT_ZONE: Final = 0.1
FOOT_SHARE: Final = 0.2
# Share of words that a title in the outline and the one on the slide have in common.
ALIKE: Final = 0.6


def read(source: SourceFile, images: bool = True) -> Document:
    """Read one deck.

    Args:
        source: a PDF.
        images: read slides off their images where they have hardly any text.

    Raises:
        SourceError: the file is damaged, encrypted, not a PDF or without text.
    """
    reader = Reader("slide")
    with pdf.opened(source.path, source.name) as file:
        pages = [pdf.read_page(file, number, source.name) for number in range(1, len(file) + 1)]
        titles, parts = _outline(pdf.outline(file))
        meta = str(file.get_metadata_dict().get("Title", "")).strip()
        if images:
            pages = [reader.complete(page, file) for page in pages]
    feet = _running_feet(pages)
    words = cleaning.count_words(page.raw for page in pages)
    segments: list[Segment] = []
    section: tuple[str, ...] = ()
    split = []
    for page in pages:
        lines = [_unnumbered(li, page) for li in page.lines if not _is_foot(li, feet)]
        lines = [line for line in lines if line.text.text.strip()]
        split.append(_split_title(lines, titles.get(page.number), page))
    plans = slide_rules.recurring_lists(
        [[title.text, *(item.text.text for item in items(body))] for title, body in split]
    )
    for page, (title, body) in zip(pages, split, strict=True):
        first = body[0].text.text.strip() if body else ""
        kind = slide_rules.kind(page.number, title.text, first, page.raw)
        if kind == "slide" and page.number in plans:
            kind = "agenda"
        section = parts.get(page.number, section)
        if kind in ("agenda", "questions"):
            section = _current_part(title, body, words) or section
        segments.append(_segment(page, title, body, kind, section, words))
    named = meta if re.match(r"Lecture \d", meta) else common.title_from_stem(source.path.stem)
    return common.build(
        source,
        segments,
        common.document_title(source, named),
        page_count=len(pages),
        **reader.told(pages),
    )


def _outline(
    entries: Sequence[pdf.OutlineEntry],
) -> tuple[dict[int, str], dict[int, tuple[str, ...]]]:
    """Slide titles by page, and the parts of the deck by their first page.

    PowerPoint writes a bookmark "Slide 12: Title" for each slide, below one for each section of
    the file where it has sections. Other programs write titles only.
    """
    numbered = any(_OUTLINE_NUMBER.match(entry.title) for entry in entries)
    titles: dict[int, str] = {}
    parts: dict[int, tuple[str, ...]] = {}
    for entry in entries:
        title = cleaning.tidy(Aligned(_OUTLINE_NUMBER.sub("", entry.title))).text
        if numbered and not _OUTLINE_NUMBER.match(entry.title):
            if title != "Default Section":
                parts[entry.page] = (title,)
        elif title:
            titles.setdefault(entry.page, title)
    return titles, parts


def _foot_key(line: Line) -> str:
    return re.sub(r"\d+", "#", cleaning.tidy(line.text).text)


def _is_foot(line: Line, feet: frozenset[str]) -> bool:
    return _foot_key(line) in feet or slide_rules.is_credit(line.text.text)


def _running_feet(pages: Sequence[Page]) -> frozenset[str]:
    """Lines that recur at the foot of many slides, digits aside."""
    counts = Counter(
        key
        for page in pages
        for key in {_foot_key(li) for li in page.lines if li.top < FOOT_ZONE * page.height}
    )
    needed = max(3, FOOT_SHARE * len(pages))
    return frozenset(key for key, count in counts.items() if count >= needed)


def _unnumbered(line: Line, page: Page) -> Line:
    """The line without a slide number, which stands alone or at the right end of a foot line."""
    if line.bottom > FOOT_ZONE * page.height:
        return line
    text = line.text.text.rstrip()
    if text.strip().isdigit():
        return replace(line, text=Aligned())
    last = text.rsplit(" ", 1)[-1]
    # The printed number and the page's differ by a slide or two where slides were left out.
    if last.isdigit() and line.right > 0.85 * page.width and abs(int(last) - page.number) <= 2:
        return replace(line, text=line.text[: len(text) - len(last)])
    return line


def _split_title(
    lines: Sequence[Line], known: str | None, page: Page
) -> tuple[Aligned, list[Line]]:
    """The title and the lines that are not part of it."""
    if known:
        wanted = cleaning.key(known)
        for start in range(len(lines)):
            found = ""
            for end in range(start, min(start + 5, len(lines))):
                found += cleaning.key(lines[end].text.text)
                if wanted and found == wanted:
                    title = cleaning.join([li.text for li in lines[start : end + 1]], " ")
                    return cleaning.tidy(title), [*lines[:start], *lines[end + 1 :]]
                if not wanted.startswith(found):
                    break
        title, others = _largest(lines, page)
        if title.text and _alike(known, title.text):
            return title, others
        if not _SPOKEN.search(known):
            return Aligned(known), list(lines)
    return _largest(lines, page)


def _alike(known: str, shown: str) -> bool:
    """Whether two titles are one, of which an accessibility tool has reworded some signs."""
    words, others = (set(cleaning.fold(text).lower().split()) for text in (known, shown))
    return cleaning.similar(others, words) >= ALIKE and cleaning.similar(words, others) >= ALIKE


def _largest(lines: Sequence[Line], page: Page) -> tuple[Aligned, list[Line]]:
    """The largest lines of the upper half as title, where they stand out, and the others."""
    upper = [li for li in lines if li.bottom > 0.55 * page.height and len(li.text.text.strip()) > 2]
    if not upper:
        return Aligned(), list(lines)
    size = max(li.size for li in upper)
    # Two thirds of the lines being this large means that the slide has no line set apart.
    large = [li for li in upper if li.size > 0.95 * size]
    others = [li for li in lines if li not in large]
    if others and size < 1.15 * max(li.size for li in others):
        return Aligned(), list(lines)
    if not _one_block(large):
        return Aligned(), list(lines)
    return cleaning.tidy(cleaning.join([li.text for li in large], " ")), others


def _one_block(large: Sequence[Line]) -> bool:
    """Whether large lines are one title: three at most, one below the other, no labels."""
    if len(large) > 3 or sum(li.text.text.rstrip().endswith(":") for li in large) > 1:
        return False
    return all(
        -0.5 * li.size < above.bottom - li.top < 1.2 * li.size
        and li.left < above.right
        and above.left < li.right
        for above, li in pairwise(large)
    )


def _current_part(title: Aligned, body: Sequence[Line], words: Counter[str]) -> tuple[str, ...]:
    """The part that an agenda slide announces: named in its title, or set apart in its list."""
    named = re.match(r"agenda\s*[:–-]\s*(.+)", title.text, re.I)
    if named:
        return (named.group(1),)
    parts = [item for item in items(body) if BULLET.match(item.text.text)]
    looks = Counter(item.look for item in parts)
    if len(parts) < 3 or len(looks) != 2 or min(looks.values()) != 1:
        return ()
    rare = min(looks, key=lambda look: looks[look])
    current = next(item for item in parts if item.look == rare)
    return (BULLET.sub("", cleaning.mend_hyphens(current.text, words).text),)


def _segment(
    page: Page,
    title: Aligned,
    body: Sequence[Line],
    kind: SegmentKind,
    section: tuple[str, ...],
    words: Counter[str],
) -> Segment:
    typical = Counter(round(line.size) for line in body).most_common(1)
    # Numbers in small type are the ticks of a plot.
    kept = [
        line
        for line in body
        if not (_NUMERIC.match(line.text.text) and line.size < 0.75 * (typical[0][0] + 0.5))
    ]
    texts = [cleaning.mend_hyphens(text, words) for text in bulleted(joined_formulas(items(kept)))]
    text = cleaning.join([part for part in (title, *texts) if part.text], "\n")
    start, end = text.span(page.number)
    locator = Locator(
        page=page.number,
        page_label=page.label,
        slide_title=title.text,
        section=section,
        start=start,
        end=end,
    )
    return Segment(text.text, locator, kind, text.runs(), ocr=page.ocr)
