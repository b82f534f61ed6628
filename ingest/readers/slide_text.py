"""The lines of a slide as its bullets, paragraphs and formulas.

Works on lines with places, whether they were text or read off an image. Titles, footers and what
kind of slide it is are the readers' business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers.lines import Line, is_fraction

BULLET: Final = re.compile(
    r"^(•|[–—▶✓✗»*-](?=\s)|\(?\d{1,2}[.)](?=\s)|\(?[a-h][.)](?=\s)|o(?= [A-Z]))\s*"
)
# A line of program text is never the rest of the line above.
_CODE: Final = re.compile(
    r"^\s*(import\b|from [\w.]+ import|(def|class) \w+.*:$|return\b|(for|while|if|with) .*:$"
    r"|else:$|@\w+$|\w+(\.\w+)*\(.*\)$|[a-z][\w.,\[\] ]* [-+*/]?= .*[\w\]]\("
    r"|[\w., ]*[a-z]_[a-z]\w* = )"
)
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_RELATION: Final = re.compile(r"[=←→≈≤≥+∑∏∫]")


@dataclass(frozen=True, slots=True)
class Item:
    """A bullet or paragraph of a slide: its joined text and where its first line stands."""

    text: Aligned
    left: float
    lines: tuple[Line, ...]

    @property
    def look(self) -> tuple[object, ...]:
        """What sets an item apart: colour and weight of its first line."""
        return self.lines[0].colour, self.lines[0].bold


def items(lines: Sequence[Line]) -> list[Item]:
    """Put the lines of each bullet or paragraph together."""
    found: list[Item] = []
    for line in lines:
        if found and _continues(found[-1], line):
            last = found[-1]
            glue = "" if last.text.text.endswith(cleaning.HYPHEN_BREAK) else " "
            text = last.text + glue + cleaning.tidy(line.text)
            found[-1] = Item(text, last.left, (*last.lines, line))
        else:
            text = cleaning.tidy(line.text)
            # Arrows and operators alone are pieces of a drawing.
            if any(ch.isalnum() for ch in text.text):
                found.append(Item(text, line.left, (line,)))
    return found


def _continues(item: Item, line: Line) -> bool:
    """Whether `line` is the wrapped rest of `item`."""
    last = item.lines[-1]
    if BULLET.match(cleaning.tidy(line.text).text) or line.mono or last.mono:
        return False
    if _CODE.match(line.text.text) or _CODE.match(last.text.text):
        return False
    if abs(line.size - last.size) > 1.5 and not item.text.text.endswith(cleaning.HYPHEN_BREAK):
        return False
    below = last.bottom - line.top
    if not -0.5 * line.size < below < 0.75 * line.size or line.top > last.top:
        return False
    if not item.left - 3 <= line.left < last.right:
        return False
    hangs = bool(BULLET.match(item.text.text)) and line.left > item.left + 3
    # Presentation programs leave the space at which a line was wrapped.
    wrapped = last.text.text.endswith((" ", "=", ",", cleaning.HYPHEN_BREAK))
    return hangs or wrapped or line.text.text.lstrip()[:1].islower()


def joined_formulas(found: Sequence[Item]) -> list[Item]:
    """Put the pieces of a formula, or the labels of a drawing, on one line."""
    joined: list[Item] = []
    for item in found:
        last = joined[-1] if joined else None
        if last is not None and _is_formula(last) and _is_formula(item):
            glue = "/" if is_fraction(last.lines[-1], item.lines[0]) else " "
            joined[-1] = replace(item, text=last.text + glue + item.text, left=last.left)
        else:
            joined.append(item)
    return joined


def _is_formula(item: Item) -> bool:
    """A short piece without words; a row of numbers stays a row."""
    signs = len(item.lines[0].text.text.split())
    if len(item.lines) > 1 or signs > (8 if _RELATION.search(item.text.text) else 4):
        return False
    return not _WORD.search(item.text.text) and not BULLET.match(item.text.text)


def bulleted(found: Sequence[Item]) -> list[Aligned]:
    """Indent nested bullets by two spaces a level."""
    texts: list[Aligned] = []
    levels: list[float] = []
    for item in found:
        if not BULLET.match(item.text.text):
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
