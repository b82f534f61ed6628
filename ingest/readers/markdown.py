"""Markdown and plain text: blocks with the headings that they stand under.

`blocks` is shared with the notebook and course-site readers. LaTeX and shell scripts are read as
plain text, blank line by blank line.
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
SUFFIXES: Final = (*MARKDOWN, ".txt", ".tex", ".sh", ".py", ".yml", ".yaml")
"""What `read` takes; all but Markdown is read as plain text."""

_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE: Final = re.compile(r"^ {0,3}(```+|~~~+)")
_RULE: Final = re.compile(r"^\s*([-*_=])(\s*\1){2,}\s*$")
_ITEM: Final = re.compile(r"^\s*([-*+]|\d{1,3}[.)])\s+")

_IMAGE: Final = re.compile(r"!\[[^\]]*\]\((?:[^()]|\([^)]*\))*\)")
_LINK: Final = re.compile(r"\[([^\]\[]*)\]\((?:[^()\s]|\([^)]*\))*(?:\s+\"[^\"]*\")?\)")
_AUTOLINK: Final = re.compile(r"<(https?://[^>\s]+|[\w.]+@[\w.]+)>")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.S)
_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|code|details|div|em|figure|font|h\d|hr|i|img|kbd|li|ol|p"
    r"|pre|script|small|span|strong|style|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)\b[^>]*>",
    re.I,
)
_ATTRIBUTES: Final = re.compile(r"\{:[^}\n]*\}")
_STRONG: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.S)
_EMPHASIS: Final = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]+?)(?<=\S)\1(?![\w*])")
_ESCAPE: Final = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>-])")
_MATHS: Final = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|\\\[.+?\\\]|\\\(.+?\\\)", re.S)
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


def blocks(text: Aligned, section: tuple[str, ...] = ()) -> Iterator[Block]:
    """Cut Markdown into blocks and take its marks off.

    Args:
        text: the Markdown.
        section: headings that the text stands under already, one for each level.
    """
    text = text.sub(_COMMENT, "").sub(re.compile(r"\r\n?"), lambda m: "\n" * len(m.group()))
    path = list(section)
    pending: list[Aligned] = []
    fence = ""
    for line in _lines(text):
        row = line.text
        opening = _FENCE.match(row)
        if fence:
            if opening and opening.group(1).startswith(fence) and not row.strip(" `~"):
                yield Block("code", cleaning.join(pending, "\n"), tuple(path))
                pending, fence = [], ""
            else:
                pending.append(line)
            continue
        heading = _HEADING.match(row)
        if not (opening or heading or not row.strip() or _RULE.match(row)):
            pending.append(line)
            continue
        yield from _prose(pending, tuple(path))
        pending = []
        if opening:
            fence = opening.group(1)
        elif heading:
            title = inline(line[heading.start(2) : heading.end(2)]).strip()
            level = len(heading.group(1))
            path = [*path[: level - 1], title.text] if title.text else path
            if title.text:
                yield Block("heading", title, tuple(path))
    if fence:
        yield Block("code", cleaning.join(pending, "\n"), tuple(path))
    else:
        yield from _prose(pending, tuple(path))


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
        text = row.text
        own_line = bool(_ITEM.match(text)) or text.lstrip().startswith(("|", ">")) or hard
        row = row.sub(re.compile(r"^(\s*)[*+](?=\s)"), lambda m: m.group(1) + "-")
        row = row.sub(re.compile(r"^\s*>+\s?"), "")
        if own_line:
            kept.append(row[: len(row.text.rstrip())])
        else:
            kept[-1] = kept[-1] + " " + row.strip()
        hard = bool(re.search(r"<br\s*/?>\s*$| {2,}$|\\$", text, re.I)) or text.startswith("|")
    text = inline(cleaning.join(kept, "\n"))
    rows_left = [row for row in text.text.split("\n") if row.strip()]
    if rows_left:
        yield Block("text", _without_blank_rows(text), section)


def _without_blank_rows(text: Aligned) -> Aligned:
    rows = [row for row in _lines(text) if row.text.strip()]
    return cleaning.join([row[: len(row.text.rstrip())] for row in rows], "\n")


def inline(text: Aligned) -> Aligned:
    """Take off emphasis, links (their text stays), images, HTML tags and escapes; keep maths."""
    parts: list[Aligned] = []
    last = 0
    for match in _MATHS.finditer(text.text):
        parts.append(_unmarked(text[last : match.start()]))
        parts.append(text[match.start() : match.end()])
        last = match.end()
    parts.append(_unmarked(text[last:]))
    return cleaning.join(parts, "")


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


_TEX_CHAPTER: Final = re.compile(r"^\\(chapter|section|subsection)\*?\{(.*)\}\s*$")


def _plain(text: Aligned, *, code: bool) -> Iterator[Block]:
    """Blocks between blank lines; LaTeX's chapters and sections are headings, its preamble goes."""
    begin = text.text.find("\\begin{document}")
    if begin >= 0:
        text = text[begin + len("\\begin{document}") :]
    path: list[str] = []
    pending: list[Aligned] = []
    levels = {"chapter": 0, "section": 1, "subsection": 2}
    for line in (*_lines(text.sub(re.compile("\r"), "")), Aligned()):
        title = _TEX_CHAPTER.match(line.text)
        if line.text.strip() and not title:
            pending.append(line[: len(line.text.rstrip())])
            continue
        if pending:
            yield Block("code" if code else "text", cleaning.join(pending, "\n"), tuple(path))
            pending = []
        if title:
            path = [*path[: levels[title.group(1)]], title.group(2)]
