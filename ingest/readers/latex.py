"""LaTeX sources of a book's equations: each formula with its number, under its chapter.

Counts as LaTeX does: one number a row of an equation environment, an empty last one too, none for
rows with `\\nonumber` and for starred environments, starting anew in each chapter. Formulas come
out as `$$ ... $$`, which the chat page can set; what they say in words is searched too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ds542_tutor.documents import Document, Segment
from ds542_tutor.errors import SourceError
from ds542_tutor.labels import label
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, markdown
from ingest.readers.markdown import Block
from ingest.sources import SourceFile

_PIECE: Final = re.compile(
    r"\\(?P<level>chapter|section|subsection)\*?\{(?P<title>[^{}]*)\}"
    r"|\\begin\{(?P<name>eqnarray|equation|align|gather|multline)(?P<star>\*?)\}"
    # An environment that is never closed must not be looked for up to the end each time.
    r"(?P<body>(?:(?!\\begin\{(?P=name)).)*?)\\end\{(?P=name)(?P=star)\}",
    re.S,
)
MAX_CHARS: Final = 2_000_000
"""Fifteen times all the equations of a textbook; machine-made files beyond it take minutes."""
_LEVELS: Final = {"chapter": 0, "section": 1, "subsection": 2}
_NEST: Final = re.compile(r"\\(begin|end)\{|\\\\")
_UNNUMBERED: Final = re.compile(r"\\(nonumber|notag)\b")
_NOTES: Final = re.compile(r"\\label\{[^}]*\}|\\(?:nonumber|notag)\b ?|(?<!\\)%[^\n]*|\r|^\\(?=\n)")
_RELATION: Final = re.compile(r"&\s*(=|\\approx|\\leq?|\\geq?|\\propto|\\in|<|>|\\equiv)\s*&\s*")
_KEY: Final = re.compile(r"\\label\{([^}]*)\}")
_KEY_WORD: Final = re.compile(r"[A-Za-z]{3,}")
# Commands that set type or space and say nothing.
_SILENT: Final = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|[hv]space\*?\{[^}]*\}|begin\{[^}]*\}|end\{[^}]*\}|boldsymbol"
    r"|math(?:bf|bb|rm|cal|op|it)|[mh]box|text(?:bf|rm|it)?|bf|rm|q?quad|limits|displaystyle|hat"
    r"|tilde|bar|underbrace|color\{[^}]*\}|[,;:!> ])(?![A-Za-z])"
)
_FRACTION: Final = re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_LOUD: Final = re.compile(r"\\([A-Za-z]+)")
_COMMAND: Final = re.compile(r"^\s*\\(maketitle|end\{document\})\s*$", re.M)


def read(source: SourceFile) -> Document:
    """Read one LaTeX file.

    Raises:
        SourceError: it is not UTF-8 text, empty, or far too long.
    """
    raw = common.read_text(source)
    if len(raw) > MAX_CHARS:
        raise SourceError(
            f"{source.name}: has {len(raw):,} characters, {MAX_CHARS:,} are read; "
            "divide it, or list it under [[skip]]"
        )
    begin = raw.find("\\begin{document}")
    start = begin + len("\\begin{document}") if begin >= 0 else 0
    segments = list(_segments(Aligned.of_page(raw, 0)[start:].sub(_COMMAND, "")))
    title = common.title_from_stem(source.path.stem)
    return common.build(source, segments, common.document_title(source, title))


def _segments(text: Aligned) -> Iterator[Segment]:
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
        block = Block("equation", _formula(_name(chapter, numbers), body), tuple(path))
        yield replace(
            markdown.segment(block, 0, None),
            labels=tuple(label("equation", f"{chapter}.{n}") for n in numbers if chapter),
            words=in_words(match.group()),
        )
    yield from _prose(text[last:], tuple(path))


def _prose(text: Aligned, section: tuple[str, ...]) -> Iterator[Segment]:
    for paragraph in re.finditer(r"\S.*?(?=\n\s*\n|\Z)", text.text, re.S):
        piece = text[paragraph.start() : paragraph.end()].strip()
        yield markdown.segment(Block("text", piece, section), 0, None)


def in_words(formula: str) -> str:
    """A formula as one would type it into a search: "L[phi] = sum_i=1^I (f[x_i, phi] - y_i)^2".

    Before it the words of its \\label: authors name there what a formula is.
    """
    keys = [key.rpartition(":")[2].split("_")[1:] for key in _KEY.findall(formula)]
    named = " ".join(word for key in keys for part in key for word in _KEY_WORD.findall(part))
    plain = _SILENT.sub(" ", _NOTES.sub("", formula))
    while (simpler := _FRACTION.sub(r"(\1)/(\2)", plain)) != plain:
        plain = simpler
    plain = plain.replace(r"\frac", " ")
    plain = _LOUD.sub(r" \1 ", plain.replace("\\\\", " ; "))
    plain = re.sub(r"\\.", " ", plain).translate(str.maketrans("", "", "{}&$"))
    return " ".join(f"{named}: {plain}".lstrip(": ").split())


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
    # A row that a last "\\\\" opens is empty, and LaTeX numbers it all the same: authors get one
    # number for a long formula by it.
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
