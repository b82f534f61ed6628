"""Lines of a PDF page into paragraphs, list items, formulas, captions and listings.

Works from where lines stand (indents, gaps, type size, monospaced type), because that is all
that a typeset page tells. Sections and pages are `ingest.readers.book`'s business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ds542_tutor.labels import CAPTION, NUMBER, caption_label, label
from ingest import cleaning
from ingest.cleaning import HYPHEN_BREAK, Aligned
from ingest.readers.pdf import Line, Page

ParagraphKind = Literal["text", "item", "equation", "caption", "code"]

MARKER: Final = re.compile(
    r"^(•|–|▶|○|[1-9]\d?\.(?=\s)|\((?:[a-z]|[ivx]{1,4}|\d{1,2})\)|[a-h]\)(?=\s))\s*"
)
_EQUATION_NUMBER: Final = re.compile(rf"\(({NUMBER})[a-z]?\)$")
_PROSE_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_NUMERIC: Final = re.compile(r"^[\s\d.,+\-−–%×⋅]+$")
# Words that stand on a line of their own before what they announce.
_ALONE: Final = re.compile(r"^(answer|solution|proof)[.:]?$", re.I)
_LONE_MARKER: Final = re.compile(r"(•|–|▶|○|\(?(?:[a-z]|[ivx]{1,4}|\d{1,2})[.)])$")
PROBLEM: Final = re.compile(
    rf"^(?P<kind>problem|exercise) ((?P<number>{NUMBER})|[A-Z\d]+)\b(?!['’])", re.I
)
_BOLD_TITLE: Final = re.compile(r"[A-Z][a-z]+( [A-Za-z]+){0,6}[.:]\s")
_TABLE: Final = re.compile(rf"Table\s+({NUMBER}|\d+)[:.]")
_OUTERMOST: Final = re.compile(r"\s*(import|from|class)\b")
LABEL_WORDS: Final = 5
"""A line of small type with no more words than this is a label, unless it ends a sentence."""
_OPEN_END: Final = re.compile(r"[.!?:”\"')\]]$")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a document is set, in points.

    Type size of its running text, distance of its lines, and how far its listings are set in.
    """

    size: float
    pitch: float
    code: float | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Consecutive lines that belong together.

    `open_end`: it stops in mid-sentence. `indented`: its first line is set in, as new paragraphs
    are in LaTeX books, or it is a list item. `labels`: numbers of its formulas, or its own.
    """

    kind: ParagraphKind
    text: Aligned
    open_end: bool
    indented: bool
    labels: tuple[str, ...] = ()


def measure(pages: Iterable[Page]) -> Layout:
    """Find the running text's type size (by characters) and line distance."""
    sizes: Counter[float] = Counter()
    pitches: Counter[int] = Counter()
    code: Counter[int] = Counter()
    for page in pages:
        margin = _margin(page)
        code.update(
            round(line.left - margin)
            for line in page.lines
            if line.mono and _OUTERMOST.match(line.text.text)
        )
        for line, below in zip(page.lines, page.lines[1:], strict=False):
            sizes[round(line.size, 1)] += len(line.text)
            if len(line.text) > 40 and round(line.size, 1) == round(below.size, 1):
                pitches[round(line.bottom - below.bottom)] += 1
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    usual = [pitch for pitch, _ in pitches.most_common(8) if size <= pitch <= 2.2 * size]
    pitch = float(usual[0]) if usual else 1.25 * size
    return Layout(size, pitch, float(code.most_common(1)[0][0]) if code else None)


def paragraphs(lines: Sequence[Line], page: Page, layout: Layout) -> list[Paragraph]:
    """Group the lines of (part of) a page."""
    margin = _margin(page)
    right = max((line.right for line in page.lines if not line.mono), default=0.0)
    groups: list[tuple[ParagraphKind, list[Line]]] = []
    for line in lines:
        text = cleaning.tidy(line.text).text
        if not text:
            continue
        kind = _kind(line, text, margin)
        if groups and _is_row(groups[-1], line, text, right, layout):
            groups[-1][1].append(line)
            continue
        label = _is_label(line, text, layout)
        smaller = label and bool(groups) and groups[-1][1][-1].size > line.size + 0.5
        if groups and not smaller and _continues(groups[-1], line, kind, margin, layout):
            groups[-1][1].append(line)
        elif not label:
            groups.append((kind, [line]))
    found = []
    for kind, group in groups:
        # Only what the page turn cut off a listing may lie wholly to the right of its edge.
        cut = layout.code is not None and group[0] is page.lines[0]
        edge = margin + (layout.code or 0.0) if cut else None
        found.append(_paragraph(kind, group, margin, edge))
    return found


def _margin(page: Page) -> float:
    """The left edge of the running text."""
    longest = max((line.right - line.left for line in page.lines), default=0.0)
    lefts = Counter(
        round(line.left)
        for line in page.lines
        if line.right - line.left > 0.6 * longest and not line.mono
    )
    return float(lefts.most_common(1)[0][0]) if lefts else 0.0


def _is_label(line: Line, text: str, layout: Layout) -> bool:
    """Numbers or a few words in small type: labels of a plot, or a book's margin notes."""
    if line.mono or line.size > 0.92 * layout.size or CAPTION.match(text):
        return False
    if _NUMERIC.match(text):
        # Limits and indices are single digits too, but in type of 7 points to 10.
        return len(text) > 1 or line.size > 0.76 * layout.size
    # Limits of sums are small too: letters of the maths alphabets and signs, no words.
    few = len(text.split()) <= LABEL_WORDS and not text.endswith((".", ":", ";"))
    return few and bool(_PROSE_WORD.search(text))


def _kind(line: Line, text: str, margin: float) -> ParagraphKind:
    if line.mono:
        return "code"
    if CAPTION.match(text):
        return "caption"
    if MARKER.match(text) and len(text) > 2:
        return "item"
    if _EQUATION_NUMBER.search(text) and line.left > margin + 6:
        return "equation"
    prose = sum(map(len, _PROSE_WORD.findall(text)))
    # Prose is two thirds words of three letters or more; formulas are names and signs.
    return "equation" if line.left > margin + 12 and prose < 0.45 * len(text) else "text"


def _continues(
    group: tuple[ParagraphKind, list[Line]],
    line: Line,
    kind: ParagraphKind,
    margin: float,
    layout: Layout,
) -> bool:
    """Whether `line` belongs to the paragraph so far."""
    group_kind, lines = group
    last = lines[-1]
    last_text = last.text.text.rstrip()
    if "code" in (kind, group_kind):
        return kind == group_kind and last.bottom - line.top < 2.5 * layout.pitch
    if _starts_anew(last_text, line):
        return False
    if _LONE_MARKER.match(last_text):
        return True
    if last_text.endswith(HYPHEN_BREAK):
        return kind != "caption"
    drop = last.bottom - line.bottom
    if kind == "caption" and group_kind == "text" and 0 < drop < 1.3 * layout.pitch:
        # "… is summarised in | Fig. 7.6.1. It has": a sentence that the line end cut.
        return abs(line.size - last.size) < 0.3 and not last_text.endswith((".", ":", "!", "?"))
    if group_kind == "caption" and kind == "item":
        # "a) The first. | b) The second.": parts of a figure.
        return 0 < drop < 1.6 * layout.pitch and abs(line.size - last.size) < 0.3
    if kind == "caption" or (kind == "item" and not _accidental(lines, line, layout)):
        return False
    # Word processors leave the space at which a line was wrapped; their line distance varies.
    if last.text.text.endswith(" ") and abs(line.size - last.size) < 1.2:
        return 0 < last.bottom - line.bottom < 2.6 * layout.size
    if _ALONE.match(last_text) or _ALONE.match(line.text.text.strip()):
        return False
    last_kind = _kind(last, cleaning.tidy(last.text).text, margin)
    if kind == "equation" and group_kind != "caption":
        return abs(drop) < 4 * layout.pitch
    if last_kind == "equation" and kind == "text":
        # An unindented line after a formula goes on with its sentence.
        goes_on = line.text.text.lstrip()[:1].islower() or not last_text.endswith((".", "!", "?"))
        return goes_on and abs(drop) < 4 * layout.pitch and _hangs(lines[0], line, margin)
    if not 0 < drop < 1.6 * layout.pitch or abs(line.size - last.size) > 1.2:
        return False
    if group_kind in ("caption", "item"):
        return line.left > lines[0].left - 3 or group_kind == "caption"
    return line.left < last.left + 6


def _starts_anew(last: str, line: Line) -> bool:
    """Whether a line begins a problem, or a paragraph with a bold title inside it."""
    text = line.text.text.strip()
    return last.endswith((".", "?", "!", ")", "”")) and bool(
        PROBLEM.match(text) or (line.bold and _BOLD_TITLE.match(text))
    )


def _is_row(
    group: tuple[ParagraphKind, list[Line]], line: Line, text: str, right: float, layout: Layout
) -> bool:
    """Whether a line is a row of the table whose caption stands above it.

    Prose below a table reaches the right edge of the text, or stands further off.
    """
    kind, lines = group
    if kind != "caption" or not _TABLE.match(lines[0].text.text.lstrip()) or line.mono:
        return False
    drop = lines[-1].bottom - line.bottom
    first = len(lines) == 1
    prose = line.right > right - 3 and sum(map(len, _PROSE_WORD.findall(text))) > 0.6 * len(text)
    sentence = first and not lines[0].text.text.rstrip().endswith((".", ":"))
    tight = sentence and drop < 1.3 * layout.pitch  # the caption itself goes on
    # A cell of two lines may be drawn before the cells beside its first one.
    low, high = (0.0, 3.2) if first else (-1.6, 1.9)
    return not prose and not tight and low * layout.pitch < drop < high * layout.pitch


def _accidental(lines: Sequence[Line], line: Line, layout: Layout) -> bool:
    """Whether "1. A small rate" only looks like an item: a sentence that the line end cut."""
    last = lines[-1]
    if MARKER.match(cleaning.tidy(lines[0].text).text) and line.left < lines[0].left + 3:
        return False
    tight = 0 < last.bottom - line.bottom < 1.6 * layout.pitch and abs(line.left - last.left) < 3
    return tight and not last.text.text.rstrip().endswith((".", ":", ";", "!", "?"))


def _hangs(first: Line, line: Line, margin: float) -> bool:
    return line.left < max(margin, first.left) + 6 or bool(
        MARKER.match(cleaning.tidy(first.text).text)
    )


def _paragraph(
    kind: ParagraphKind, lines: Sequence[Line], margin: float, edge: float | None
) -> Paragraph:
    text = _listing(lines, edge) if kind == "code" else _running(lines, margin)
    indented = kind == "item" or lines[0].left > margin + 6
    labels = caption_label(text.text) if kind == "caption" else _numbers(lines, margin)
    return Paragraph(kind, text, not _OPEN_END.search(text.text), indented, labels)


def _numbers(lines: Sequence[Line], margin: float) -> tuple[str, ...]:
    """Labels of the numbered formulas among these lines."""
    texts = [cleaning.tidy(line.text).text for line in lines]
    kinds = [_kind(line, text, margin) for line, text in zip(lines, texts, strict=True)]
    found = [
        _EQUATION_NUMBER.search(text)
        for text, kind in zip(texts, kinds, strict=True)
        if kind == "equation"
    ]
    return tuple(dict.fromkeys(label("equation", match.group(1)) for match in found if match))


def _running(lines: Sequence[Line], margin: float) -> Aligned:
    """Join lines by spaces; formulas keep a line to themselves."""
    text = Aligned()
    previous: ParagraphKind | None = None
    table = bool(_TABLE.match(cleaning.tidy(lines[0].text).text)) and not lines[0].mono
    for line in lines:
        piece = cleaning.tidy(line.text)
        kind = _kind(line, piece.text, margin)
        if previous is None or text.text.endswith(HYPHEN_BREAK):
            glue = ""
        elif table:
            # What is left of a cell that was too narrow: "ns".
            rest = line.left > margin + 20 and len(piece.text.split()) <= 2
            glue = " " if rest else "\n"
        else:
            glue = "\n" if (kind == "equation") != (previous == "equation") else " "
        text = text + glue + piece
        previous = kind
    return text


def _listing(lines: Sequence[Line], edge: float | None) -> Aligned:
    """Join lines of code, with the indent that their place on the page shows.

    `edge`: where listings begin on this page, for the rest of one that the page turn cut.
    """
    left = min(line.left for line in lines)
    if edge is not None and edge - 1 <= left < edge + 120:
        left = edge
    width = max(
        ((li.right - li.left) / max(1, len(li.text.text.strip())) for li in lines), default=5.0
    )
    rows: list[Aligned] = []
    for line in lines:
        indent = round((line.left - left) / max(1.0, width))
        rows.append(Aligned(" " * indent) + cleaning.tidy_code(line.text).strip())
    return cleaning.join(rows, "\n")
