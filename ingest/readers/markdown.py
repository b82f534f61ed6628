"""Markdown and plain text: blocks with the headings that they stand under.

`blocks` is shared with the notebook and course-site readers. Scripts and other plain text are
read blank line by blank line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ds542_tutor.documents import Document, Locator, Segment, SegmentKind
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common
from ingest.sources import SourceFile

MARKDOWN: Final = (".md", ".markdown")
SUFFIXES: Final = (*MARKDOWN, ".txt", ".sh", ".py", ".yml", ".yaml")
"""What `read` takes; all but Markdown is read as plain text."""

_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE: Final = re.compile(r"^ {0,3}(```+|~~~+)")
_RULE: Final = re.compile(r"^\s*([-*_=])(\s*\1){2,}\s*$")
_ITEM: Final = re.compile(r"^\s*([-*+]|\d{1,3}[.)])\s+")
# "**Readings:**" alone on a line heads what follows, whatever it stands under.
_LABEL: Final = re.compile(r"^ {0,3}(\*\*|__)[^*_\n]{1,60}(:\1|\1:)\s*$")

_TABLE_RULE: Final = re.compile(r"^\|?(\s*:?-{3,}:?\s*\|)+\s*(:?-{3,}:?)?$")
_LAST_BAR: Final = re.compile(r"\|\s*$")
_QUOTE: Final = re.compile(r"^\s*>+\s?")
_STAR_ITEM: Final = re.compile(r"^(\s*)[*+](?=\s)")
_IMAGE: Final = re.compile(r"!\[[^\]]*\]\((?:[^()]|\([^)]*\))*\)")
# The address may hold blanks and one level of parentheses: pages in the wild do.
_LINK: Final = re.compile(r"(?<![\w\]])\[([^\]\[]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_AUTOLINK: Final = re.compile(r"<(https?://[^>\s]+|[\w.]+@[\w.]+)>")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.S)
_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|code|details|div|em|figure|font|h\d|hr|i|img|kbd|li|ol|p"
    r"|pre|script|small|span|strong|style|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)\b[^>]*>",
    re.I,
)
_ATTRIBUTES: Final = re.compile(r"\{:[^}\n]*\}")
# Bounded, so that marks which are opened and never closed cost little.
_STRONG: Final = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1", re.S)
_EMPHASIS: Final = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]+?)(?<=\S)\1(?![\w*])")
_ESCAPE: Final = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>-])")
_VERBATIM: Final = re.compile(
    r"`[^`\n]+`|\\begin\{(?P<env>[a-z]{1,20}\*?)\}.{1,4000}?\\end\{(?P=env)\}"
    r"|\$\$.{1,4000}?\$\$|\$[^$\n]+\$|\\\[.{1,4000}?\\\]|\\\(.{1,500}?\\\)",
    re.S,
)
_MASK: Final = "\ue000"
_BR: Final = re.compile(r"<br\s*/?>[ \t]*(?=\n)", re.I)
_ENTITIES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"'}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table, fenced code or heading of a Markdown text."""

    kind: SegmentKind
    text: Aligned
    section: tuple[str, ...]


def read(source: SourceFile) -> Document:
    """Read a Markdown or plain text file as notes.

    Raises:
        SourceError: it is not UTF-8 text, or empty.
    """
    raw = common.read_text(source)
    whole = Aligned.of_page(raw, 0)
    if source.path.suffix.lower() in MARKDOWN:
        found = list(blocks(whole))
    else:
        found = list(_plain(whole, code=source.path.suffix.lower() in (".sh", ".py")))
    heading = next((b.text.text for b in found if b.kind == "heading"), None)
    title = heading or common.title_from_stem(source.path.stem)
    segments = [segment(block, 0, None) for block in found if block.text.text.strip()]
    return common.build(source, segments, common.document_title(source, title))


def segment(block: Block, page: int, cell: int | None) -> Segment:
    """The segment of a block whose raw text is numbered `page` in its runs."""
    start, end = block.text.span(page)
    locator = Locator(section=block.section, cell=cell, start=start, end=end)
    return Segment(block.text.text, locator, block.kind, block.text.runs())


def blocks(text: Aligned, above: list[tuple[int, str]] | None = None) -> Iterator[Block]:
    """Cut Markdown into blocks and take its marks off.

    Args:
        text: the Markdown.
        above: headings (level, title) that the text stands under already; kept up to date, so
            that the cells of a notebook can share one list.
    """
    headings = [] if above is None else above
    text = text.sub(_COMMENT, "").sub(re.compile(r"\r(?=\n)"), "").sub(re.compile("\r"), "\n")
    pending: list[Aligned] = []
    fence = ""
    for line in _lines(text):
        path = tuple(title for _, title in headings)
        row = line.text
        opening = _FENCE.match(row)
        if fence:
            if opening and opening.group(1).startswith(fence) and not row.strip(" `~"):
                yield Block("code", cleaning.join(pending, "\n"), path)
                pending, fence = [], ""
            else:
                pending.append(line)
            continue
        heading = _HEADING.match(row)
        if not (opening or heading or not row.strip() or _RULE.match(row)):
            pending.append(line)
            continue
        yield from _prose(pending, path)
        pending = []
        if opening:
            fence = opening.group(1)
        elif heading:
            title = inline(line[heading.start(2) : heading.end(2)]).strip()
            level = len(heading.group(1))
            if title.text:
                while headings and headings[-1][0] >= level:
                    headings.pop()
                headings.append((level, title.text))
                yield Block("heading", title, tuple(name for _, name in headings))
    path = tuple(title for _, title in headings)
    if fence:
        yield Block("code", cleaning.join(pending, "\n"), path)
    else:
        yield from _prose(pending, path)


def _lines(text: Aligned) -> Iterator[Aligned]:
    start = 0
    for row in text.text.split("\n"):
        yield text[start : start + len(row)]
        start += len(row) + 1


def _prose(rows: list[Aligned], section: tuple[str, ...]) -> Iterator[Block]:
    """One paragraph or list: wrapped lines joined, list items and table rows kept apart."""
    if not rows:
        return
    kept: list[Aligned] = []
    hard = True
    for row in rows:
        row = row.sub(_QUOTE, "").sub(_STAR_ITEM, lambda match: match.group(1) + "-")
        text = row.text
        # A tab is a cell of a table that lost its frame.
        own_line = (
            hard
            or bool(_ITEM.match(text) or _LABEL.match(text))
            or text.lstrip().startswith("|")
            or "\t" in text
        )
        if own_line:
            kept.append(row[: len(row.text.rstrip())])
        else:
            kept[-1] = kept[-1] + " " + row.strip()
        hard = bool(
            _LABEL.match(text)
            or re.search(r"<br\s*/?>\s*$|\\$", text, re.I)
            or text.startswith("|")
            or text.endswith("  ")
        )
    shown = inline(
        cleaning.join([_row(row) for row in kept if not _TABLE_RULE.match(row.text.strip())], "\n")
    )
    left = [row[: len(row.text.rstrip())] for row in _lines(shown) if row.text.strip()]
    if left:
        yield Block("text", cleaning.join([_flush_left(left[0]), *left[1:]], "\n"), section)


def _row(row: Aligned) -> Aligned:
    """A table's row without its outer bars: 'A2 | 10:10 am | IEC B10'."""
    return row.strip()[1:].sub(_LAST_BAR, "").strip() if row.text.lstrip()[:1] == "|" else row


def _flush_left(row: Aligned) -> Aligned:
    return row if _ITEM.match(row.text) else row.strip()


def inline(text: Aligned) -> Aligned:
    """Take off emphasis, links (their text stays), images, HTML tags and escapes; keep maths."""
    # Formulas and code spans are masked, so that no mark is seen in them, while a mark around
    # them is: the text is cleaned as places, and the characters are put back afterwards.
    masked = _VERBATIM.sub(lambda match: _MASK * len(match.group()), text.text)
    places = _unmarked(Aligned(masked, tuple(range(len(masked)))))
    shown = "".join(
        new if at == cleaning.INSERTED or new != _MASK else text.text[at]
        for new, at in zip(places.text, places.where, strict=True)
    )
    where = (
        cleaning.INSERTED if at == cleaning.INSERTED else text.where[at] for at in places.where
    )
    return Aligned(shown, tuple(where))


def _unmarked(text: Aligned) -> Aligned:
    text = text.sub(_IMAGE, "")
    text = _keep_group(text, _LINK, 1)
    text = _keep_group(text, _AUTOLINK, 1)
    text = text.sub(_BR, "").sub(_TAG, "").sub(_ATTRIBUTES, "")
    text = _keep_group(text, _STRONG, 2)
    text = _keep_group(text, _EMPHASIS, 2)
    text = _keep_group(text, _ESCAPE, 1)
    return text.sub(re.compile("|".join(_ENTITIES)), lambda match: _ENTITIES[match.group()])


def _keep_group(text: Aligned, pattern: re.Pattern[str], group: int) -> Aligned:
    """Replace each match by one of its groups, whose characters keep their places."""
    parts: list[Aligned] = []
    last = 0
    for match in pattern.finditer(text.text):
        parts += [text[last : match.start()], text[match.start(group) : match.end(group)]]
        last = match.end()
    if not parts:
        return text
    return cleaning.join([*parts, text[last:]], "")


def _plain(text: Aligned, *, code: bool) -> Iterator[Block]:
    """Blocks between blank lines."""
    pending: list[Aligned] = []
    for line in (*_lines(text.sub(re.compile("\r"), "")), Aligned()):
        if line.text.strip():
            pending.append(line[: len(line.text.rstrip())])
        elif pending:
            yield Block("code" if code else "text", cleaning.join(pending, "\n"), ())
            pending = []
