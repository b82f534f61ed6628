"""Pieces of a page's text into the lines that a reader of the page sees.

A formula comes as many pieces: its indices, exponents, limits and fractions are told by where
they stand and written "_", "^" and "/". Getting the pieces out of a file is `pdf`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ingest.cleaning import HYPHEN_BREAK, Aligned, fold

# What an index or exponent can hang on.
_BASE: Final = re.compile(r"[\w)\]}|′]$")
_WORDS: Final = re.compile(r"[A-Za-z]{3}")
_ORDINAL: Final = frozenset({"st", "nd", "rd", "th"})
_SIGNS: Final = re.compile("[\U0001d400-\U0001d7ff]|^[0-9]+$").search
_OPERATOR: Final = re.compile("([∑∏∫⋃⋂\u0dcd\u0dd1\u0db1]|max|min|lim)[\\s\ufe00-\ufe0f]*$")
_SUM: Final = re.compile(r"(?<=[^\s(\[{]) ?[+−]")
_OPENERS: Final = ("=", "∝", "≈", "≤", "≥", "+", "−", "·", "log", "def")
# Indices and exponents are set at two thirds to three quarters of the size.
SCRIPT_SIZE: Final = 0.85


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader of the page sees it. Coordinates in points, from bottom left.

    `size` is the type size of its first character, `colour` that character's red, green and blue.
    """

    text: Aligned
    left: float
    bottom: float
    right: float
    top: float
    size: float
    mono: bool = False
    bold: bool = False
    colour: tuple[int, int, int] = (0, 0, 0)

    @property
    def height(self) -> float:
        """From bottom to top, at least a point."""
        return max(1.0, self.top - self.bottom)


def join_pieces(pieces: Iterator[Line]) -> list[Line]:
    """Put pieces that stand side by side on one line; see `_beside` for what that means.

    An index is written "_", an exponent "^" before it, as in 𝑤_𝑖^2.
    """
    lines: list[Line] = []
    base = anchor = None  # the last piece of full size, and the last of any size
    level = 0  # of the last piece: 1 for an exponent, -1 for an index
    for piece in pieces:
        if base is not None and anchor is not None:
            now = _level(base, anchor, level, piece)
            same = lines[-1].mono == piece.mono
            # Numbers that stand by themselves are ticks and page numbers, not fractions.
            numbers = (anchor.text.text + piece.text.text).replace(" ", "").isdigit()
            lone = numbers and lines[-1].text.text == anchor.text.text
            fraction = is_fraction(anchor, piece) and not lone
            close = now or fraction or _adjoins(anchor, piece)
            if (same and close) or _beside(lines[-1], piece):
                lines[-1] = _joined(lines[-1], anchor, piece, (level, now))
                base, anchor, level = (base if now else piece), piece, now
                continue
        lines.append(piece)
        base = anchor = piece
        level = 0
    return lines


def _adjoins(before: Line, piece: Line) -> bool:
    """Whether PDFium saw a piece and the one before as one word, and they stand close."""
    last = before.text
    if last.text[-1] == HYPHEN_BREAK or last.where[-1] + 1 != piece.text.where[0]:
        return False
    size = max(before.size, piece.size)
    apart = max(before.bottom, piece.bottom) - min(before.top, piece.top)
    text = last.text.rstrip()
    # An arrow stands above its letter; the numerator of a wide fraction begins well behind "=".
    back = 2.0 if text.endswith(("→", "←", "−")) else 0.8
    ahead = 3.0 if text.endswith(_OPENERS) else 0.8
    return -back * size < piece.left - before.right < ahead * size and apart < 0.6 * size


def _level(base: Line, anchor: Line, level: int, piece: Line) -> int:
    """Whether a piece is an exponent (1) or an index (-1) of what is before it, or neither (0)."""
    if piece.size >= SCRIPT_SIZE * base.size or len(piece.text.text.strip()) > 8:
        return 0
    if _is_limit(base, piece):
        return 1 if piece.bottom + piece.top > base.bottom + base.top else -1
    if min(base.top, piece.top) - max(base.bottom, piece.bottom) < -0.3 * base.size:
        return 0
    before = anchor.text.text
    ordinal = fold(piece.text.text) in _ORDINAL
    if not level and not _BASE.search(before.rstrip() if ordinal else before):
        return 0
    near = 0.4 * base.size
    # An exponent may stand above an index, and so begin where that does.
    if min(abs(piece.left - anchor.right), abs(piece.left - base.right) if level else near) >= near:
        return 0
    return 1 if piece.bottom + piece.top > base.bottom + base.top else -1


def _is_limit(base: Line, piece: Line) -> bool:
    """Whether a piece stands above or below the operator that `base` ends with."""
    operator = _OPERATOR.search(base.text.text)
    if operator is None:
        return False
    # Operators are about as wide as their type is large; "max" is twice that.
    wide = base.size * (2.2 if operator.group(1).isalpha() else 1.4)
    apart = max(piece.bottom - base.top, base.bottom - piece.top)
    return (
        base.right - wide < piece.right
        and piece.left < base.right + 0.5 * base.size
        and apart < 0.7 * base.size
    )


def is_fraction(above: Line, below: Line) -> bool:
    """Whether two pieces of a formula are numerator and denominator."""
    both = (above.text.text, below.text.text)
    if any(_WORDS.search(text) or "=" in text for text in both) or not all(map(_SIGNS, both)):
        return False
    middles = above.left + above.right - below.left - below.right
    gap = above.bottom - below.top
    like = SCRIPT_SIZE * above.size <= below.size <= above.size / SCRIPT_SIZE
    # Labels of a drawing, one below the other, stand further apart.
    return like and abs(middles) < 0.6 * below.size and -0.2 * below.size < gap < 0.7 * below.size


def _grouped(text: Aligned, part: Aligned) -> Aligned:
    """`text` with its end, `part`, in parentheses where that is a sum."""
    start = len(text) - len(part)
    if not _SUM.search(part.text) or text.text[start:] != part.text:
        return text
    return text[:start] + "(" + text[start:] + ")"


def _beside(line: Line, piece: Line) -> bool:
    """Whether `piece` continues `line`: it overlaps its height and stands close at its right.

    Lines of running text do not overlap in height; parts of a formula do. The limits (a third of
    the lower one's height, two and a half ems) were set by looking at formulas in decks and book.
    """
    if line.text.text.endswith(HYPHEN_BREAK) or line.mono != piece.mono:
        return False
    overlap = min(line.top, piece.top) - max(line.bottom, piece.bottom)
    if overlap < 0.33 * min(line.height, piece.height):
        return False
    gap = piece.left - line.right
    # Stacked parts of a fraction or a sum's limits lie within the line's width, near its end.
    return -3.0 * line.size <= gap <= 2.5 * line.size and piece.left >= line.left


def _joined(line: Line, anchor: Line, piece: Line, levels: tuple[int, int]) -> Line:
    """Put `piece` at the end of `line`; `levels` are those of the pieces before and of this one."""
    before, level = levels
    text = line.text.strip()
    new = piece.text
    gap = piece.left - anchor.right
    if level:
        ordinal = level > 0 and fold(new.text) in _ORDINAL
        text = text + ("" if level == before or ordinal else "^" if level > 0 else "_")
    elif is_fraction(anchor, piece):
        text, new = _grouped(text, anchor.text.strip()) + "/", _grouped(new.strip(), new.strip())
    elif _adjoins(line, piece) and not (gap > 0.15 * line.size and _WORDS.match(new.text)):
        text = line.text
    elif gap > 0.1 * line.size or gap < -0.5 * line.size or len(line.text) > len(text):
        text = text + " "
    return replace(
        line,
        text=text + new,
        left=min(line.left, piece.left),
        bottom=min(line.bottom, piece.bottom),
        right=max(line.right, piece.right),
        top=max(line.top, piece.top),
        size=max(line.size, piece.size),
    )
