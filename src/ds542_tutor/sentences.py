"""Splits course text into blocks and sentences, with character offsets. Standard library only.

Made for what readers and language models produce: prose wrapped at a page's width, slides that are
a title and terse bullets, Markdown, formulas and code. Abbreviations, decimals, references such as
"Eq. 3", `$…$` and code are never cut. What a sentence is worth is the callers' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["prose", "item", "heading", "math", "code"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: the half-open range start..end, whose characters are `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item (without its bullet), heading, displayed formula or piece of code.

    For fenced code the range holds the code alone, without its fences.
    """

    kind: BlockKind
    start: int
    end: int
    text: str


BULLET = re.compile(
    r"[ \t]*(?:[-*+•▪◦‣○●■□–➢➔→⇒✓✔]|\(?\d{1,2}[.)](?!\d)|\(?[a-hivx]{1,4}\))[ \t]+(?=\S)"
)
_QUESTION_END = re.compile(
    r"(?<=[?!.;])\s+|,?\s+\balso\b,?\s+"
    r"|,?\s+and (?=(?:is|are|do|does|can|may|what|how|where|when|who|which)\b)",
    re.I,
)
_QUESTION_LEAD = re.compile(r"^(?:also|and)\b,?\s*", re.I)
_FENCE = re.compile(r"[ \t]*(```|~~~)")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]+")
_MATH_OPEN = re.compile(r"[ \t]*(\$\$|\\\[|\\begin\{)")
_NUMBERED_HEADING = re.compile(
    r"[ \t]*(?:\d{1,2}(?:\.\d{1,2})+\.?|(?:Chapter|Section|Lecture|Part) \d+[.:]?)"
    r" +[A-Z][^.!?]{2,70}$"
)
_ROW = re.compile(r"[ \t]*\|?[ \t]*(?=.*\S \| \S)")  # of a table, cells divided by bars
_NAME = r"[A-Za-z_][\w.]*(?:\[[^\]]*\])?"
_STATEMENT = re.compile(
    r"[ \t]*(?:import [\w., ]+|from [\w.]+ import .+|(?:def|class) \w+.*:|@\w[\w.]*(?:\(.*\))?"
    r"|(?:for \w.* in|while|if|with|elif) .*[\w)\]]:|(?:else|try|finally):"
    r"|[!%](?:pip|matplotlib|cd)\b.*"
    rf"|(?:return|yield|print|assert) ?[\w(\[].*[\w)\]]|{_NAME}(?:, ?{_NAME})* ?[-+*/]?= ?(?![= ])"
    r"(?!.*[a-z]{2,} [a-z]{2,} [a-z]{2,})(?=.*[(\[_.'\"]).*[\w)\]}'\"(\[{,]"
    r"|[a-zA-Z_]+(?:\.\w+)+\(.*\)|[a-z_]+\([^ ].*\)|>>> .*)[ \t]*(?:#.*)?$"
)
_LOWER = re.compile(r"[a-z]")

_DEBRIS = re.compile(r"(?!.*[A-Za-z]{4}).{1,16}$")  # a subscript or fraction that PDF text tore off
_MATH_LETTER = re.compile(r"[Α-ω∂∇\U0001d400-\U0001d7ff]\s*$")
_OPERATOR = re.compile(r"[-*+] ")
_SIMPLE_ASSIGNMENT = re.compile(rf"{_NAME}(?:, ?{_NAME})* [-+*/]?= [^ ].*$")
_FUNCTION_WORD = re.compile(
    r"\b(?:a|an|the|of|to|and|or|is|in|with|by|for|that|on|are|as|from)\s*$"
)

# Body text of notes and books is wrapped at more characters than a slide's bullets hold.
_BODY_WIDTH = 60

# A line narrower than this share of its paragraph's widest line was ended on purpose: body text
# that is wrapped fills at least that much of the measure.
_WRAPPED_FROM = 0.7

_PROTECTED = re.compile(
    r"`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$|\\\(.*?\\\)|\\\[.*?\\\]|https?://\S+[\w/]", re.S
)
_STOP = re.compile(
    r"(?:[.!?]+|…|。)['\"”’)\]*_]*(?:[ \t]*\[\d{1,2}\])*(?![ \t]*\[\d{1,2}\])(?=\s+\S)"
)
_NEXT_START = re.compile(r"\s+[\"'“‘(\[]*(?:[^\W_a-z]|\$|`|\\\(|\ue000)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"'])(?:e\.g|i\.e|cf|vs|viz|approx|resp|incl|et al|ca|Dr|Prof|Mr|Mrs|Ms|St"
    r"|w\.r\.t|a\.k\.a|s\.t|Jr|Sr|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mon|Tues?|Wed|Thurs?|Fri"
    r"|Sat|Sun)\.$"
)
_NUMBERED = re.compile(
    r"(?:^|[\s(\[])(?:Figs?|Eqs?|Eqns?|Secs?|Ch|Chap|Tab|Thm|Def|Refs?|Nos?|pp?|Ex|Alg|Lec|Vol)\.$",
    re.I,
)
_INITIAL = re.compile(r"(?:^|[\s(.])[A-Z]\.$")
# After "class A." these words begin a sentence; after an initial, as in "A. Turing", a name comes.
_STARTERS = re.compile(
    r"\s+(?:The|This|These|That|It|Its|In|If|We|A|An|For|Then|Thus|Hence|So|Here|However|When|What"
    r"|Note|And|But|You|Each|As|To|Both|Since|There|All|One)\b"
)

_REFERENCE = re.compile(
    r"(?:This|These|Those|It|Its|They|Their|Such|That|He|She|Both|The (?:latter|former)"
    r"|(?:In|Just|Only|Note that) (?:this|that|these|those|such|it)|As such)\b"
)
_CONNECTIVE = re.compile(
    r"(?:However|Instead|Moreover|Furthermore|Thus|Therefore|Hence|Then"
    r"|Consequently|Similarly|Likewise|Also|And|But|So|Yet|Otherwise|Nonetheless|Nevertheless"
    r"|For (?:instance|example)|In (?:contrast|fact|turn|particular|other words)|On the other hand"
    r"|Again|Finally|Here|There we|Rather|Unfortunately|Accordingly|As a (?:result|consequence))\b"
)


def split_questions(message: str) -> list[str]:
    """Return what a message asks one after the other, without the "and" between.

    "is it due today and who grades it? also where" has three.
    """
    return [_QUESTION_LEAD.sub("", part) for part in _QUESTION_END.split(message)]


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of `text` in order; each span is free of surrounding white space.

    A heading, a displayed formula and a piece of code are each one span; a list item is split like
    prose and its bullet left out.
    """
    spans: list[Span] = []
    for block in split_blocks(text):
        spans.extend(block_sentences(block))
    return spans


def block_sentences(block: Block) -> list[Span]:
    """Return the sentences of one block, with offsets into the text that the block is from."""
    if block.kind in ("heading", "math", "code"):
        return [Span(block.start, block.end, block.text)]
    # Same length, so that offsets hold; \ue000 stands for any character inside maths or code.
    masked = _PROTECTED.sub(lambda m: "\ue000" * len(m.group()), block.text)
    spans, begin = [], 0
    for end in [*_ends(masked), len(masked)]:
        piece = block.text[begin:end]
        if stripped := piece.strip():
            start = block.start + begin + len(piece) - len(piece.lstrip())
            spans.append(Span(start, start + len(stripped), stripped))
        begin = end
    return spans


def _ends(text: str) -> Iterator[int]:
    for match in _STOP.finditer(text):
        end = match.end()
        if not _NEXT_START.match(text, end):
            continue
        if match.group()[0] == "." and len(match.group().split("[")[0].rstrip()) == 1:
            before = text[max(0, match.start() - 12) : match.start() + 1]
            if _ABBREVIATION.search(before):
                continue
            if _NUMBERED.search(before) and re.match(r"\s+[(\[]?(?:\d|[A-Z\ue000]\b)", text[end:]):
                continue
            if _INITIAL.search(before) and not _STARTERS.match(text, end):
                continue
        yield end


def split_blocks(text: str) -> list[Block]:
    """Return the blocks of `text` in order. Blank lines, bullets and ragged lines divide them."""
    return [
        Block(kind, *_trim(text, start, end, keep_indent=kind == "code"))
        for kind, start, end in _ranges(text)
        if text[start:end].strip()
    ]


def _trim(text: str, start: int, end: int, *, keep_indent: bool) -> tuple[int, int, str]:
    piece = text[start:end]
    end -= len(piece) - len(piece.rstrip())
    lead = len(piece) - len(piece.lstrip("\r\n" if keep_indent else None))
    return start + lead, end, text[start + lead : end]


def _ranges(text: str) -> Iterator[tuple[BlockKind, int, int]]:
    """Walk over the lines of `text`, gathering those that belong together."""
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+|(?<=\n)(?=\n)", text)]
    i = 0
    while i < len(lines):
        start, end = lines[i]
        line = text[start:end]
        if fence := _FENCE.match(line):
            j = i + 1
            while j < len(lines) and not text[slice(*lines[j])].lstrip().startswith(fence.group(1)):
                j += 1
            if j > i + 1:
                yield "code", lines[i + 1][0], lines[j - 1][1]
            i = j + 1
        elif not line.strip():
            i += 1
        elif heading := _HEADING.match(line):
            yield "heading", start + heading.end(), end
            i += 1
        elif _NUMBERED_HEADING.match(line):
            yield "heading", start, end
            i += 1
        elif opening := _MATH_OPEN.match(line):
            j = _math_end(text, lines, i, opening)
            yield "math", start, lines[j][1]
            i = j + 1
        elif row := _ROW.match(line):
            yield "item", start + row.end(), end
            i += 1
        elif _STATEMENT.match(line):
            j = i
            while j + 1 < len(lines) and _continues_code(text, lines, i, j):
                j += 1
            yield "code", start, lines[j][1]
            i = j + 1
        else:
            bullet = BULLET.match(line)
            j = i
            while j + 1 < len(lines) and _continues(text, lines, i, j):
                j += 1
            yield (
                "item" if bullet else "prose",
                start + (bullet.end() if bullet else 0),
                lines[j][1],
            )
            i = j + 1


def _math_end(text: str, lines: list[tuple[int, int]], i: int, opening: re.Match[str]) -> int:
    """Return the index of the line on which the displayed formula of line `i` is closed."""
    close = {"$$": "$$", "\\[": "\\]"}.get(opening.group(1), "\\end{")
    first = text[slice(*lines[i])]
    if close in first[opening.end() :]:
        return i
    for j in range(i + 1, len(lines)):
        if close in text[slice(*lines[j])]:
            return j
    return i


def _continues_code(text: str, lines: list[tuple[int, int]], first: int, j: int) -> bool:
    """Whether line `j` + 1 belongs to the code that began on line `first`."""
    line = text[slice(*lines[j + 1])]
    if not line.strip() or _FENCE.match(line) or BULLET.match(line):
        return False
    block = text[lines[first][0] : lines[j][1]]
    is_open = any(block.count(a) > block.count(b) for a, b in ("()", "[]", "{}"))
    return (
        is_open
        or line.startswith(("    ", "\t"))
        or bool(_STATEMENT.match(line) or _SIMPLE_ASSIGNMENT.match(line))
    )


def _runs_on(text: str, lines: list[tuple[int, int]], first: int, j: int) -> bool:
    """Whether line `j` is body text that breaks off: what follows is no list but a formula."""
    block = [text[slice(*line)] for line in lines[first : j + 1]]
    return (
        not BULLET.match(block[0])
        and max(map(len, block)) >= _BODY_WIDTH
        and not block[-1].rstrip().endswith((".", ":", "!", "?", ";"))
    )


def _continues(text: str, lines: list[tuple[int, int]], first: int, j: int) -> bool:
    """Whether line `j` + 1 is the wrapped rest of the paragraph or item that began on `first`."""
    line, following = text[slice(*lines[j])], text[slice(*lines[j + 1])]
    if not following.strip():
        return False
    if _OPERATOR.match(following) and _runs_on(text, lines, first, j):
        return True
    if any(
        pattern.match(following)
        for pattern in (BULLET, _FENCE, _HEADING, _NUMBERED_HEADING, _MATH_OPEN, _ROW, _STATEMENT)
    ):
        return False
    is_item = bool(BULLET.match(text, lines[first][0], lines[first][1]))
    if is_item and following.strip().isdigit():  # a page number below the list
        return False
    if is_item and line.rstrip().endswith((".", "!", "?")):
        return False
    if line.rstrip().endswith((",", "-", "–", "(", "=", "+", "&")) or line.count("$") % 2:
        return True
    if _LOWER.match(following.lstrip()):
        return True
    widest = max(e - s for s, e in lines[first : j + 2])
    if widest < _BODY_WIDTH:
        return bool(_FUNCTION_WORD.search(line))
    torn = _DEBRIS.match(line.strip()) or _DEBRIS.match(following.strip())
    if torn and not line.rstrip().endswith((".", "!", "?", ":")):
        return True
    if _MATH_LETTER.search(line) and not following.lstrip()[0].isupper():
        return True
    return len(line.rstrip()) >= _WRAPPED_FROM * widest


def refers(sentence: str) -> bool:
    """Whether a sentence begins with a word for what the one before speaks of: "This …"."""
    return _REFERENCE.match(sentence) is not None


def leans(sentence: str) -> bool:
    """Whether a sentence begins by going on from the one before: "This …", "However, …"."""
    return refers(sentence) or _CONNECTIVE.match(sentence) is not None


def whole_sentences(draft: str) -> str:
    """Return `draft` without a last sentence that breaks off (a length limit, a stop by the user).

    List items, formulas and code end as they like, and a draft of one sentence stays as it is.
    """
    blocks = split_blocks(draft)
    if not blocks or blocks[-1].kind != "prose":
        return draft
    spans = block_sentences(blocks[-1])
    if re.search(r"[.!?:\])”\"'$]$", spans[-1].text) or len(blocks) == len(spans) == 1:
        return draft
    return draft[: spans[-1].start].rstrip()
