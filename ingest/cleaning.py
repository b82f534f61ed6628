"""Text that is cleaned without losing where each character came from.

`Aligned` carries, beside its text, the place of every character in the raw text of a page, so
that a citation can highlight exactly what was quoted. The functions below mend what PDF
extraction breaks. What to clean, and when, is decided by the readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from ds542_tutor.documents import TextRun

INSERTED: Final = -1
# One int holds page and offset: pages far above any book, offsets below 2**32.
_SHIFT: Final = 32
_OFFSET_MASK: Final = (1 << _SHIFT) - 1

HYPHEN_BREAK: Final = "￾"
"""What PDFium puts where a line ended in a hyphen."""

LIGATURES: Final = re.compile("[\ufb00-\ufb06]")
WORD: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
# Line ends, tabs and other control characters, and the spaces of other widths.
_SPACE: Final = re.compile(r"[\x00-\x1f\x7f\u00a0\u2000-\u200a\u202f\u205f\u3000]")
# Zero-width characters, variation selectors (they follow big operators in maths fonts), soft
# hyphens, byte order marks, lone surrogates: they show nothing. U+01B8 is what PowerPoint's
# export makes of the hat over a letter.
_INVISIBLE: Final = re.compile(
    "[\u01b8\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff\ud800-\udfff]"
)
# Bullets of presentation programs; private-use ones are Wingdings and Symbol.
_BULLET: Final = re.compile("[●○▪■◆❖➢➤‣⁃\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf0df\uf0e0]")
# PowerPoint's PDF export names the tall glyphs of its maths font after letters of other scripts.
_MISNAMED: Final = {
    "\u0dcd": "∑", "\u0dd1": "∏", "\u0db1": "∫", "\u0d24": "\u0305", "\u0d57": "/", "\u124a": "{",
    "\u0ddc": "\u0302", "\u0de0": "\u0302", "\u0de3": "\u0302",
}  # fmt: skip
_MISNAMED_SET: Final = re.compile(f"[{''.join(_MISNAMED)}]")
_LOOSE_PRIME: Final = re.compile(r"(?<=[^\W\d_]) (?=′)")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_SPACES: Final = re.compile("  +")
# Most lines have nothing to mend, and are asked several times: told at one look.
_UNTIDY: Final = re.compile(
    "|".join(
        pattern.pattern
        for pattern in (
            LIGATURES, _MISNAMED_SET, _INVISIBLE, _BULLET, _PRIVATE, _SPACE, _SPACES, _LOOSE_PRIME,
        )
    )
)  # fmt: skip


class Aligned:
    """A text and the raw place of each of its characters. Values never change once built."""

    __slots__ = ("text", "where")

    def __init__(self, text: str = "", where: tuple[int, ...] | None = None) -> None:
        """`where` has one entry a character: page and offset in one int, or `INSERTED`."""
        self.text: str = text
        self.where: tuple[int, ...] = (INSERTED,) * len(text) if where is None else where

    @classmethod
    def of_page(cls, text: str, page: int, start: int = 0) -> Aligned:
        """The raw text that stands at `start` in the raw text of `page`."""
        first = (page << _SHIFT) + start
        return cls(text, tuple(range(first, first + len(text))))

    @classmethod
    def of_runs(cls, text: str, runs: Iterable[TextRun]) -> Aligned:
        """A text of which these runs tell where it came from."""
        where = [INSERTED] * len(text)
        for run in runs:
            first = (run.page << _SHIFT) + run.source
            where[run.start : run.start + run.length] = range(first, first + run.length)
        return cls(text, tuple(where))

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, part: slice) -> Aligned:
        return Aligned(self.text[part], self.where[part])

    def __add__(self, other: Aligned | str) -> Aligned:
        if isinstance(other, str):
            other = Aligned(other)
        return Aligned(self.text + other.text, self.where + other.where)

    def sub(
        self,
        pattern: re.Pattern[str],
        new: str | Callable[[re.Match[str]], str],
        *,
        one_for_one: bool = True,
    ) -> Aligned:
        """Replace every match.

        One replaced by as many characters keeps their places, unless `one_for_one` is False: the
        new characters then do not stand for the old ones one by one.
        """
        text: list[str] = []
        where: list[int] = []
        last = 0
        for match in pattern.finditer(self.text):
            text.append(self.text[last : match.start()])
            where.extend(self.where[last : match.start()])
            replacement = new if isinstance(new, str) else new(match)
            text.append(replacement)
            if one_for_one and len(replacement) == match.end() - match.start():
                where.extend(self.where[match.start() : match.end()])
            else:
                where.extend([INSERTED] * len(replacement))
            last = match.end()
        if not text:
            return self
        text.append(self.text[last:])
        where.extend(self.where[last:])
        return Aligned("".join(text), tuple(where))

    def strip(self) -> Aligned:
        """Without white space at either end."""
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def runs(self) -> tuple[TextRun, ...]:
        """The longest stretches that stand one to one in a page's raw text."""
        runs: list[TextRun] = []
        start = 0
        for index in range(1, len(self.where) + 1):
            ended = index == len(self.where) or self.where[index] != self.where[index - 1] + 1
            if ended or self.where[start] == INSERTED:
                if self.where[start] != INSERTED:
                    page, offset = self.where[start] >> _SHIFT, self.where[start] & _OFFSET_MASK
                    runs.append(TextRun(start, index - start, page, offset))
                start = index
        return tuple(runs)

    def span(self, page: int) -> tuple[int, int]:
        """The half-open range of raw offsets that the text covers on `page`; (0, 0) if none."""
        offsets = [w & _OFFSET_MASK for w in self.where if w != INSERTED and w >> _SHIFT == page]
        return (min(offsets), max(offsets) + 1) if offsets else (0, 0)

    def span_start(self) -> int:
        """Raw offset of the first character that has one; 0 if none."""
        return next((w & _OFFSET_MASK for w in self.where if w != INSERTED), 0)

    def pages(self) -> tuple[int, ...]:
        """The pages that the text comes from, ascending."""
        return tuple(sorted({w >> _SHIFT for w in self.where if w != INSERTED}))


def join(parts: Iterable[Aligned], separator: str) -> Aligned:
    """Join texts with an inserted separator."""
    text: list[str] = []
    where: list[int] = []
    for number, part in enumerate(parts):
        if number:
            text.append(separator)
            where.extend([INSERTED] * len(separator))
        text.append(part.text)
        where.extend(part.where)
    return Aligned("".join(text), tuple(where))


def tidy(text: Aligned) -> Aligned:
    """Mend single characters: ligatures, bullets, odd spaces, invisible and private-use ones."""
    if not _UNTIDY.search(text.text):
        return text.strip()
    text = text.sub(LIGATURES, lambda match: unicodedata.normalize("NFKC", match.group()))
    text = text.sub(_MISNAMED_SET, lambda match: _MISNAMED[match.group()])
    text = text.sub(_INVISIBLE, "").sub(_BULLET, "•").sub(_PRIVATE, "").sub(_SPACE, " ")
    return text.sub(_SPACES, " ").sub(_LOOSE_PRIME, "").strip()


def tidy_code(text: Aligned) -> Aligned:
    """As `tidy`, for a line of code: its spaces stay as they are."""
    return text.sub(LIGATURES, lambda m: unicodedata.normalize("NFKC", m.group())).sub(
        _INVISIBLE, ""
    )


def mend_hyphens(text: Aligned, vocabulary: Mapping[str, int]) -> Aligned:
    """Close words that a line end has cut; keep the hyphen of those that really have one.

    `vocabulary` counts the document's words (see `count_words`): "high-dimensional" keeps its
    hyphen when the document writes it so elsewhere, or when both halves are words in their own
    right and the closed form occurs nowhere.
    """

    def mend(match: re.Match[str]) -> str:
        before, after = match.group(1), match.group(2)
        closed, hyphened = (before + after).lower(), f"{before}-{after}".lower()
        if vocabulary.get(closed, 0) or vocabulary.get(hyphened, 0):
            keep = vocabulary.get(hyphened, 0) > vocabulary.get(closed, 0)
        else:
            keep = min(vocabulary.get(before.lower(), 0), vocabulary.get(after.lower(), 0)) >= 2
        return "-" if keep else ""

    # An address is cut at a hyphen of its own.
    if HYPHEN_BREAK not in text.text:
        return text
    address = re.compile(rf"(?<=[/.=_&?])(\S{{0,100}}?){HYPHEN_BREAK}")
    text = text.sub(address, lambda match: f"{match.group(1)}-")
    pattern = re.compile(rf"(?<![A-Za-z])([A-Za-z]+){HYPHEN_BREAK}\s*(?=([A-Za-z]+))")
    # Only the break itself is replaced, so the words around it keep their places.
    marks = [(m.start(1) + len(m.group(1)), m.end(), mend(m)) for m in pattern.finditer(text.text)]
    for start, end, new in reversed(marks):
        text = text[:start] + (_kept(text, start) if new else Aligned()) + text[end:]
    return text.sub(re.compile(HYPHEN_BREAK), "-")


def _kept(text: Aligned, at: int) -> Aligned:
    return Aligned("-", text.where[at : at + 1])


def count_words(pages: Iterable[str]) -> Counter[str]:
    """Count the words of a document, lower-case, hyphenated ones as one and by their parts."""
    counts: Counter[str] = Counter()
    for page in pages:
        for word in WORD.findall(page.replace(HYPHEN_BREAK, " ")):
            counts[word.lower()] += 1
            if "-" in word:
                counts.update(word.lower().split("-"))
    return counts


def fold(text: str) -> str:
    """Normalise for search: NFKC, which also turns letters of the maths alphabets plain."""
    folded = unicodedata.normalize("NFKC", text.replace(HYPHEN_BREAK, "-"))
    return re.sub(r"[^\S\n]+", " ", folded).strip()


def key(text: str) -> str:
    """Letters and digits only, folded and lower-case: for comparing titles and lines."""
    return "".join(ch for ch in fold(text).lower() if ch.isalnum())


def similar(words: Collection[str], others: Collection[str]) -> float:
    """The share of `words` that are among `others`; 1.0 for no words at all."""
    return sum(word in others for word in words) / len(words) if words else 1.0
