"""Lecture decks as PDF: one segment a slide, with its title, its bullets and the part it is in.

Says of each slide what it is (title, agenda, questions, slide); folding build-up sequences and
leaving out what answers nothing is `ingest.chunking`'s business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ds542_tutor.documents import Document, Locator, Segment, SegmentKind
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, pdf
from ingest.readers.pdf import Line, Page
from ingest.sources import SourceFile

_OUTLINE_NUMBER: Final = re.compile(r"^slide\s+\d+\s*[:.–-]?\s*", re.I)
_AGENDA: Final = re.compile(
    r"^(agenda|outline|roadmap|overview|contents|topics( for today)?"
    r"|(the )?plan( for| of)( the| today).*"
    r"|(today['’]s|lecture) (plan|topics|outline|agenda|overview)"
    r"|what we('ll| will) cover.*)[:?!. ]*",
    re.I,
)
# What accessibility tools make of a formula in a title: "cap D equals cap D sub i".
_SPOKEN: Final = re.compile(r"\bcap [A-Z]\b|\bsuperscript\b|\bsubscript\b|\bsub [a-z]\b")
_DATED: Final = re.compile(r"\b(Mon|Tues?|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Aug|Sep|Oct|Nov)")
_QUESTIONS: Final = re.compile(r"^(any |more )?(questions|q\s*&\s*a)\b|^\?{2,}$", re.I)
_BULLET: Final = re.compile(
    r"^(•|[–—▶✓✗»*-](?=\s)|\(?\d{1,2}[.)](?=\s)|\(?[a-h][.)](?=\s)|o(?= [A-Z]))\s*"
)
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_RELATION: Final = re.compile(r"[=←→≈≤≥+∑∏∫]")
_NUMERIC: Final = re.compile(r"^[\s\d.,+\-−–%×⋅eE]+$")
# A running foot stands in the lowest tenth of the slide, on a fifth of the slides or more.
FOOT_ZONE: Final = 0.1
FOOT_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class _Item:
    """A bullet or paragraph of a slide: its joined text and where its first line stands."""

    text: Aligned
    left: float
    lines: tuple[Line, ...]

    @property
    def look(self) -> tuple[object, ...]:
        """What sets an item apart: colour and weight of its first line."""
        return self.lines[0].colour, self.lines[0].bold


def read(source: SourceFile) -> Document:
    """Read one deck.

    Raises:
        SourceError: the file is damaged, encrypted, not a PDF or without text.
    """
    with pdf.opened(source.path, source.name) as file:
        pages = [pdf.read_page(file, number, source.name) for number in range(1, len(file) + 1)]
        titles, parts = _outline(pdf.outline(file))
        meta = str(file.get_metadata_dict().get("Title", "")).strip()
    feet = _running_feet(pages)
    words = cleaning.count_words(page.raw for page in pages)
    segments: list[Segment] = []
    section: tuple[str, ...] = ()
    for page in pages:
        lines = [_unnumbered(li, page) for li in page.lines if _foot_key(li) not in feet]
        lines = [line for line in lines if line.text.text.strip()]
        title, body = _split_title(lines, titles.get(page.number), page)
        kind = _kind(page, title, body)
        section = parts.get(page.number, section)
        if kind in ("agenda", "questions"):
            section = _current_part(title, body, words) or section
        segments.append(_segment(page, title, body, kind, section, words))
    named = meta if re.match(r"Lecture \d", meta) else common.title_from_stem(source.path.stem)
    blank = [page.number for page in pages if not page.raw.strip()]
    warnings = (f"no text on slides {', '.join(map(str, blank))}",) if blank else ()
    return common.build(
        source,
        segments,
        common.document_title(source, named),
        page_count=len(pages),
        warnings=warnings,
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
        if not _SPOKEN.search(known):
            return Aligned(known), list(lines)
    upper = [li for li in lines if li.bottom > 0.55 * page.height and len(li.text.text.strip()) > 2]
    if not upper:
        return Aligned(), list(lines)
    size = max(li.size for li in upper)
    # Two thirds of the lines being this large means that the slide has no line set apart.
    large = [li for li in upper if li.size > 0.95 * size]
    others = [li for li in lines if li not in large]
    if others and size < 1.15 * max(li.size for li in others):
        return Aligned(), list(lines)
    return cleaning.tidy(cleaning.join([li.text for li in large[:3]], " ")), others


def _kind(page: Page, title: Aligned, body: Sequence[Line]) -> SegmentKind:
    words = title.text.strip() or (body[0].text.text.strip() if body else "")
    if _QUESTIONS.match(words):
        return "questions"
    if page.number == 1 and not _DATED.search(page.raw):
        return "title"
    return "agenda" if _AGENDA.fullmatch(words) or re.match(r"agenda\b", words, re.I) else "slide"


def _current_part(title: Aligned, body: Sequence[Line], words: Counter[str]) -> tuple[str, ...]:
    """The part that an agenda slide announces: named in its title, or set apart in its list."""
    named = re.match(r"agenda\s*[:–-]\s*(.+)", title.text, re.I)
    if named:
        return (named.group(1),)
    parts = [item for item in _items(body) if _BULLET.match(item.text.text)]
    looks = Counter(item.look for item in parts)
    if len(parts) < 3 or len(looks) != 2 or min(looks.values()) != 1:
        return ()
    rare = min(looks, key=lambda look: looks[look])
    current = next(item for item in parts if item.look == rare)
    return (_BULLET.sub("", cleaning.mend_hyphens(current.text, words).text),)


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
    texts = [
        cleaning.mend_hyphens(text, words) for text in _bulleted(_joined_formulas(_items(kept)))
    ]
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
    return Segment(text.text, locator, kind, text.runs())


def _items(lines: Sequence[Line]) -> list[_Item]:
    """Put the lines of each bullet or paragraph together."""
    items: list[_Item] = []
    for line in lines:
        if items and _continues(items[-1], line):
            last = items[-1]
            glue = "" if last.text.text.endswith(cleaning.HYPHEN_BREAK) else " "
            text = last.text + glue + cleaning.tidy(line.text)
            items[-1] = _Item(text, last.left, (*last.lines, line))
        else:
            text = cleaning.tidy(line.text)
            # Arrows and operators alone are pieces of a drawing.
            if any(ch.isalnum() for ch in text.text):
                items.append(_Item(text, line.left, (line,)))
    return items


def _continues(item: _Item, line: Line) -> bool:
    """Whether `line` is the wrapped rest of `item`."""
    last = item.lines[-1]
    if _BULLET.match(cleaning.tidy(line.text).text) or line.mono or last.mono:
        return False
    if abs(line.size - last.size) > 1.5 and not item.text.text.endswith(cleaning.HYPHEN_BREAK):
        return False
    below = last.bottom - line.top
    if not -0.5 * line.size < below < 0.75 * line.size or line.top > last.top:
        return False
    if not item.left - 3 <= line.left < last.right:
        return False
    hangs = bool(_BULLET.match(item.text.text)) and line.left > item.left + 3
    # Presentation programs leave the space at which a line was wrapped.
    wrapped = last.text.text.endswith((" ", "=", ",", cleaning.HYPHEN_BREAK))
    return hangs or wrapped or line.text.text.lstrip()[:1].islower()


def _joined_formulas(items: Sequence[_Item]) -> list[_Item]:
    """Put the pieces of a formula, or the labels of a drawing, on one line."""
    joined: list[_Item] = []
    for item in items:
        last = joined[-1] if joined else None
        if last is not None and _is_formula(last) and _is_formula(item):
            joined[-1] = replace(last, text=last.text + " " + item.text)
        else:
            joined.append(item)
    return joined


def _is_formula(item: _Item) -> bool:
    """A short piece without words; a row of numbers stays a row."""
    signs = len(item.lines[0].text.text.split())
    if len(item.lines) > 1 or signs > (8 if _RELATION.search(item.text.text) else 4):
        return False
    return not _WORD.search(item.text.text) and not _BULLET.match(item.text.text)


def _bulleted(items: Sequence[_Item]) -> list[Aligned]:
    """Indent nested bullets by two spaces a level."""
    texts: list[Aligned] = []
    levels: list[float] = []
    for item in items:
        if not _BULLET.match(item.text.text):
            texts.append(item.text)
            continue
        # A bullet far to the right of the last one stands in another column.
        if levels and item.left > levels[-1] + 90:
            levels = []
        while levels and item.left < levels[-1] - 5:
            levels.pop()
        if not levels or item.left > levels[-1] + 5:
            levels.append(item.left)
        indent = Aligned("  " * (len(levels) - 1))
        texts.append(indent + item.text.sub(re.compile(r"^•(?=\S)"), "• "))
    return texts
