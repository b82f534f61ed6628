"""LaTeX sources of a book's equations: each formula with its number, under its chapter.

Counts as LaTeX does: one number a row of an equation environment, none for rows with `\\nonumber`
and for starred environments, starting anew in each chapter. Formulas come out as `$$ ... $$`, which
the chat page can set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ds542_tutor.documents import Document
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, markdown
from ingest.readers.markdown import Block
from ingest.sources import SourceFile

_PIECE: Final = re.compile(
    r"\\(?P<level>chapter|section|subsection)\*?\{(?P<title>[^{}]*)\}"
    r"|\\begin\{(?P<name>eqnarray|equation|align|gather|multline)(?P<star>\*?)\}"
    r"(?P<body>.*?)\\end\{(?P=name)(?P=star)\}",
    re.S,
)
_LEVELS: Final = {"chapter": 0, "section": 1, "subsection": 2}
_NEST: Final = re.compile(r"\\(begin|end)\{|\\\\")
_UNNUMBERED: Final = re.compile(r"\\(nonumber|notag)\b")
_NOTES: Final = re.compile(r"\\label\{[^}]*\}|\\(?:nonumber|notag)\b ?|(?<!\\)%[^\n]*|\r|^\\(?=\n)")
_RELATION: Final = re.compile(r"&\s*(=|\\approx|\\leq?|\\geq?|\\propto|\\in|<|>|\\equiv)\s*&\s*")
_COMMAND: Final = re.compile(r"^\s*\\(maketitle|end\{document\})\s*$", re.M)


def read(source: SourceFile) -> Document:
    """Read one LaTeX file.

    Raises:
        SourceError: it is not UTF-8 text, or empty.
    """
    raw = common.read_text(source)
    begin = raw.find("\\begin{document}")
    start = begin + len("\\begin{document}") if begin >= 0 else 0
    found = _blocks(Aligned.of_page(raw, 0)[start:].sub(_COMMAND, ""))
    segments = [markdown.segment(block, 0, None) for block in found if block.text.text.strip()]
    title = common.title_from_stem(source.path.stem)
    return common.build(source, segments, common.document_title(source, title))


def _blocks(text: Aligned) -> Iterator[Block]:
    path: list[str] = []
    chapter = number = last = 0
    for match in _PIECE.finditer(text.text):
        yield from _prose(text[last : match.start()], tuple(path))
        last = match.end()
        if match.group("level"):
            title = match.group("title").strip()
            if match.group("level") == "chapter":
                chapter, number = chapter + 1, 0
                title = f"{chapter} {title}"
            path = [*path[: _LEVELS[match.group("level")]], title]
            continue
        rows = [] if match.group("star") else list(_rows(match.group("name"), match.group("body")))
        numbers = [number + 1 + k for k in range(sum(rows))]
        number += len(numbers)
        body = text[match.start("body") : match.end("body")]
        yield Block("equation", _formula(_name(chapter, numbers), body), tuple(path))
    yield from _prose(text[last:], tuple(path))


def _prose(text: Aligned, section: tuple[str, ...]) -> Iterator[Block]:
    for paragraph in re.finditer(r"\S.*?(?=\n\s*\n|\Z)", text.text, re.S):
        yield Block("text", text[paragraph.start() : paragraph.end()].strip(), section)


def _rows(environment: str, body: str) -> Iterator[bool]:
    """For each row of an environment, whether it has a number."""
    depth = start = 0
    if environment in ("equation", "multline"):
        yield not _UNNUMBERED.search(body)
        return
    for match in _NEST.finditer(body):
        if match.group(1):
            depth += 1 if match.group(1) == "begin" else -1
        elif depth == 0:
            yield not _UNNUMBERED.search(body[start : match.start()])
            start = match.end()
    if body[start:].strip():
        yield not _UNNUMBERED.search(body[start:])


def _name(chapter: int, numbers: list[int]) -> str:
    """'Equation 2.5', 'Equations 4.1 to 4.3', or nothing."""
    prefix = f"{chapter}." if chapter else ""
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"Equation {prefix}{numbers[0]}:\n"
    return f"Equations {prefix}{numbers[0]} to {prefix}{numbers[-1]}:\n"


def _formula(name: str, body: Aligned) -> Aligned:
    body = body.sub(_NOTES, "")
    body = body.sub(_RELATION, lambda match: f"&{match.group(1)} ", one_for_one=False)
    body = body.sub(re.compile(r"[ \t]*\n\s*"), "\n").strip()
    lines = cleaning.join([Aligned(f"{name}$$\\begin{{aligned}}"), body], "\n")
    return lines + "\n\\end{aligned}$$"
