"""Packing of text into chunks: parts with their places, filled up to a size, cut between sentences.

Knows segments and counts tokens; which segments make a chunk's document, and what a chunk is, is
`ingest.chunking`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ds542_tutor.documents import Segment, TextRun
from ds542_tutor.labels import NUMBER
from ingest import cleaning

CountTokens = Callable[[str], int]

# A chunk below this share of the size takes in the next small section of the same chapter.
SMALL_SHARE: Final = 0.45
# Below this share of the size a chunk takes sentences of a paragraph that does not fit as a whole.
FILL_SHARE: Final = 0.5
# However long its headings, a chunk has room for this much text.
LEAST_TOKENS: Final = 96
# Lines this short are items of some list (a slide's bullets, a staff list), not paragraphs.
SHORT_LINE: Final = 80
_CARRIES_ON: Final = re.compile(r"\s*([)\]}]|(elif|else|except|finally)\b)")
# A listing, or a table with its caption, up to this many tokens is one chunk: half of one helps
# nobody. MiniLM sees its first half (what it is called, what it is for); the lexical index has
# every name.
WHOLE_LISTING: Final = 512
# Code nested deeper than this is cut after lines: data, or no code at all.
MAX_NESTING: Final = 6
ALONE: Final = ("problem ", "exercise ", "erratum ")
_LIST_ITEM: Final = re.compile(r"\s*(•|[-–*]\s|\d{1,2}[.)]\s|\([a-z0-9]{1,3}\))")

# After a sentence; before a list item or a row of a table. A formula has a line to itself inside
# its sentence, so other line ends are none; nor does its number begin a sentence.
_SENTENCE: Final = re.compile(
    rf"(?<=[.!?])[\"”’)\]]*\s+(?!\({NUMBER}[a-z]?\)\s*(?:\n|$))(?=[\"“(]?[A-Z0-9•])"
    r"|\n+(?=\s*(?:•|[-–*]\s|\d{1,2}[.)]\s|\([a-z]\))|[^\n]*(?: \| |\t))"
)
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|al|Fig|Figs|Eq|Eqs|Sec|Ch|Dr|Prof|St|No|pp|resp)|\b[A-Z])\.$"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text on its way into a chunk, with its places."""

    text: str
    runs: tuple[TextRun, ...]
    segment: Segment


def heading_path(title: str, section: Sequence[str], slide_title: str | None = None) -> str:
    """'Lecture 7: Attention > Scores > Scaled dot product': what a chunk is about, in one line."""
    names = [cleaning.fold(n) for n in (title, *section, slide_title or "") if n.strip()]
    # A notebook's first heading is its title; no need to say it twice.
    different = [
        n for i, n in enumerate(names) if cleaning.key(n) not in map(cleaning.key, names[:i])
    ]
    return " > ".join(different)


class Packer:
    """Fills chunks with segments in reading order and hands out those that are full."""

    def __init__(self, title: str, count_tokens: CountTokens, max_tokens: int) -> None:
        self._title = title
        self._count = count_tokens
        self._max = max_tokens
        self._parts: list[Part] = []
        self._tokens = 0
        self._heading: Part | None = None

    def add(self, segment: Segment) -> Iterator[list[Part]]:
        """Take a segment; yields the chunks that it completes."""
        part = Part(segment.text, segment.runs, segment)
        if segment.kind == "heading":
            # Kept for the case that its section joins a chunk that has begun above it.
            self._heading = part
            return
        if self._parts and not self._joins(segment):
            yield from self.flush()
        room = self._room(segment)
        size = self._count(part.text)
        heading, self._heading = self._heading, None
        title = self._count(heading.text) if heading is not None and self._parts else 0
        if size <= room:
            if self._tokens + title + size > room and not self._fills(part, title, room):
                yield from self._flush_full(heading)
        elif segment.kind in ("code", "output") or not self._fills(part, title, room):
            yield from self._flush_full(heading)
        if heading is not None and self._parts:
            self._take(heading, title)
        listing = segment.kind in ("code", "caption") and segment.locator.page is not None
        if self._tokens + size <= room or (listing and size <= WHOLE_LISTING):
            self._take(part, size)
            return
        for piece in self._pieces(part, room):
            size = self._count(piece.text)
            if self._parts and self._tokens + size > room:
                yield from self.flush()
            self._take(piece, size)

    def _flush_full(self, heading: Part | None) -> Iterator[list[Part]]:
        """Hand out a full chunk, but for a last line that only leads to what comes next."""
        leads = heading is None and len(self._parts) > 1 and _leads_in(self._parts[-1])
        lead = self._parts[-1:] if leads else []
        self._parts = self._parts[: len(self._parts) - len(lead)]
        yield from self.flush()
        for part in lead:
            self._take(part)

    def _fills(self, part: Part, title: int, room: int) -> bool:
        """Whether a paragraph is better divided than to leave the chunk so far this short."""
        if part.segment.kind not in ("text", "exercise") or self._tokens > FILL_SHARE * room:
            return False
        first = next(cut(part))
        return self._tokens + title + self._count(first.text) <= room

    def _pieces(self, part: Part, room: int) -> Iterator[Part]:
        """Cut prose after sentences; code after blank lines, then before statements."""
        if part.segment.kind not in ("code", "output"):
            yield from cut(part)
            return
        for block in cut(part, r"\n[ \t]*\n+"):
            if self._count(block.text) <= room:
                yield block
            else:
                yield from self._statements(block, room)

    def _statements(self, block: Part, room: int, depth: int = 0) -> Iterator[Part]:
        """Cut code before its outermost statements; those too long before the ones inside."""
        for piece in _cut_at(block, _statement_starts(block.text)):
            head, newline, body = piece.text.partition("\n")
            if self._count(piece.text) <= room or not body.strip():
                yield piece
            elif depth == MAX_NESTING:
                yield from cut(piece, r"\n")
            else:
                first = len(head) + len(newline)
                yield _slice(piece, 0, first)
                inside = _slice(piece, first, len(piece.text))
                yield from self._statements(inside, room, depth + 1)

    def flush(self) -> Iterator[list[Part]]:
        """Hand out what is there, unless it is only headings."""
        if any(part.segment.kind != "heading" for part in self._parts):
            yield self._parts
        self._parts, self._tokens = [], 0

    def _take(self, part: Part, size: int | None = None) -> None:
        self._parts.append(part)
        self._tokens += self._count(part.text) if size is None else size

    def _room(self, segment: Segment) -> int:
        path = heading_path(self._title, segment.locator.section)
        return max(LEAST_TOKENS, self._max - self._count(path))

    def _joins(self, segment: Segment) -> bool:
        """Whether a segment may stand in one chunk with the parts so far."""
        last = self._parts[-1].segment
        if _problem(segment) and _problem(segment) != _problem(last):
            return False
        if (last.kind == "exercise") != (segment.kind == "exercise"):
            return False
        before, after = last.locator.section, segment.locator.section
        if before == after:
            return True
        related = before[:-1] == after[:-1] or before == after[:-1] or before[:-1] == after
        return related and bool(after[:-1]) and self._tokens < SMALL_SHARE * self._max


def _problem(segment: Segment) -> str:
    """The label of what has a chunk of its own: a problem, an entry of a list, a formula as LaTeX.

    The formulas of a book on pages stand inside its text and stay there.
    """
    alone = segment.kind == "equation" and segment.locator.page is None
    return next((name for name in segment.labels if alone or name.startswith(ALONE)), "")


def _statement_starts(code: str) -> list[int]:
    """Where the outermost statements of `code` begin, the first one aside."""
    starts: list[int] = []
    place = depth = 0
    margin = min((len(r) - len(r.lstrip()) for r in code.split("\n") if r.strip()), default=0)
    above = ""
    for row in code.split("\n"):
        indent = len(row) - len(row.lstrip())
        # A decorator and what it adorns are one; so are "if" and "else".
        parted = not _CARRIES_ON.match(row) and not above.lstrip().startswith("@")
        if row.strip() and depth <= 0 and indent == margin and place and parted:
            starts.append(place)
        depth += sum(row.count(ch) for ch in "([{") - sum(row.count(ch) for ch in ")]}")
        above = row if row.strip() else above
        place += len(row) + 1
    return starts


def _cut_at(part: Part, places: Sequence[int]) -> Iterator[Part]:
    for start, end in pairwise([0, *places, len(part.text)]):
        if part.text[start:end].strip():
            yield _slice(part, start, end)


def _leads_in(part: Part) -> bool:
    """A heading, or a short line such as "Example images after the transform:"."""
    text = part.text.strip()
    short = part.segment.kind == "text" and len(text) < SHORT_LINE
    return (
        part.segment.kind == "heading"
        or (
            part.segment.kind == "text" and text.endswith((":", ",")) and len(text) < 2 * SHORT_LINE
        )
        or (short and not text.endswith((".", "!", "?", ")")))
    )


def packed(parts: Iterable[Part], count_tokens: CountTokens, room: int) -> Iterator[list[Part]]:
    """Fill groups of parts up to `room` tokens."""
    group: list[Part] = []
    tokens = 0
    for part in parts:
        size = count_tokens(part.text)
        if group and tokens + size > room:
            yield group
            group, tokens = [], 0
        group.append(part)
        tokens += size
    if group:
        yield group


def cut(part: Part, separator: str | None = None) -> Iterator[Part]:
    """Cut a part after sentences, or after each match of `separator`."""
    start = 0
    pattern = re.compile(separator) if separator else _SENTENCE
    for match in pattern.finditer(part.text):
        if separator is None and _ABBREVIATION.search(part.text[start : match.start()]):
            continue
        yield _slice(part, start, match.end())
        start = match.end()
    if part.text[start:].strip():
        yield _slice(part, start, len(part.text))


def _slice(part: Part, start: int, end: int) -> Part:
    runs: list[TextRun] = []
    for run in part.runs:
        first, last = max(run.start, start), min(run.start + run.length, end)
        if first < last:
            source = run.source + first - run.start
            runs.append(TextRun(first - start, last - first, run.page, source))
    return Part(part.text[start:end], tuple(runs), part.segment)


def joined(parts: Sequence[Part]) -> tuple[str, tuple[TextRun, ...]]:
    """The parts as one text, with blank lines between paragraphs."""
    text = ""
    runs: list[TextRun] = []
    previous: Part | None = None
    for part in parts:
        if previous is not None and previous.segment is not part.segment:
            text = text.rstrip()
            text += "\n" if _close(text, previous.segment, part) else "\n\n"
        runs += [replace(run, start=run.start + len(text)) for run in part.runs]
        text += part.text
        previous = part
    text = text.rstrip()
    clipped = (replace(run, length=min(run.length, len(text) - run.start)) for run in runs)
    return text, tuple(run for run in clipped if run.length > 0)


def _close(text: str, before: Segment, part: Part) -> bool:
    """Whether a part goes on the next line: below a heading, list items, short lines together."""
    if before.kind == "heading" or _LIST_ITEM.match(part.text):
        return True
    if "code" in (before.kind, part.segment.kind) or part.segment.kind in ("output", "heading"):
        return False
    if part.text.lstrip().startswith("Problem"):
        return False
    above = text.rsplit("\n", 1)[-1]
    if _LIST_ITEM.match(above):
        return False
    return len(above) < SHORT_LINE and len(part.text) < SHORT_LINE and above[-1:] != ":"
