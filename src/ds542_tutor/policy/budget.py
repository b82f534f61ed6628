"""How long an answer may be, by the kind of question, and how it is kept to that.

Cuts stand between sentences and list items. Code and displayed formulas are never touched, nor the
sentence that introduces them, nor one that states a formula. Counted are words of prose.
"""

from __future__ import annotations

import re

from ds542_tutor.sentences import split_sentences

HINT_WORDS = 90
"""An idea and where to look: a hint that explains more has begun to solve."""

_BUDGETS: tuple[tuple[str, int], ...] = (
    (r"\b(?:in detail|in depth|step by step|thorough\w*|everything)\b", 320),
    (r"\b(?:derive|derivation|prove|proof)\b", 320),
    (r"\b(?:compare|versus|vs|differences?|differ|pros and cons|advantages|list|all)\b", 220),
    (r"\b(?:summari[sz]e|overview|steps|which of)\b", 220),
    (r"\b(?:code|implement|pytorch|numpy|function|example|snippet)\b", 200),
    (r"\b(?:why|how|explain|walk|describe|understand|intuition)\b", 180),
    (r"\b(?:is|are|does|do|can|when|where|who|which|what'?s?)\b", 140),
)
"""Words by what is asked, the widest first: a comparison needs more than a definition. About what a
teaching assistant says before the student speaks again; read off answers, not fitted."""

_DEFAULT = 160
_WORDS_A_SENTENCE = 28
_BRIEF = re.compile(
    r"\b(?:briefly|in brief|in short|(?:keep|make) it short|short (?:answer|version|explanation)"
    r"|tl;?dr|quick (?:answer|version)|concise(?:ly)?)\b",
    re.I,
)
_BRIEF_WORDS = 80
_NUMBERS = {"one": 1, "a": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_EXACT = re.compile(
    r"\b(?:in|within|at most|max(?:imum)?|under|using) (?:only |just |about )?"
    r"(?P<n>\d{1,3}|one|a|single|two|three|four|five)(?: single| or \w+)? "
    r"(?P<unit>sentence|word)s?\b",
    re.I,
)

_DISPLAYED = re.compile(r"(\$\$.+?\$\$|\\\[.+?\\\])", re.S)
_INLINE = re.compile(r"`[^`\n]+`|\$[^$\n]+\$|\\\(.+?\\\)")
_RELATION = re.compile(r"[=<>≤≥≈∝]|\\(?:leq?|geq?|approx|propto|sim|to|leftarrow)\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # markers, numbers and symbols are no words
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")


def words_for(question: str, *, hint: bool = False) -> int:
    """Return how many words of prose an answer to `question` may have.

    What the student asks for counts first ("in two sentences"), then the kind of question.
    """
    exact = _EXACT.search(question)
    if exact:
        number = exact["n"].casefold()
        count = int(number) if number.isdigit() else _NUMBERS[number]
        wanted = count * (_WORDS_A_SENTENCE if exact["unit"].casefold() == "sentence" else 1)
    elif _BRIEF.search(question):
        wanted = _BRIEF_WORDS
    else:
        wanted = next((n for kind, n in _BUDGETS if re.search(kind, question, re.I)), _DEFAULT)
    return min(wanted, HINT_WORDS) if hint else wanted


class Budget:
    """Hands out words to the pieces of one answer, in order."""

    def __init__(self, words: int) -> None:
        self._left = words
        self._empty = True
        self._over = False

    def fit(self, prose: str, *, introduces: bool = False) -> str:
        """Return what of `prose` there is room for; `introduces`: code comes right after it."""
        parts = _DISPLAYED.split(prose)
        kept = []
        for index, part in enumerate(parts):
            if index % 2:  # a displayed formula
                kept.append(part)
                continue
            follows = index + 1 < len(parts) or introduces
            kept.append(self._fit_prose(part, introduces=follows))
        return "".join(kept)

    def _fit_prose(self, prose: str, *, introduces: bool) -> str:
        paragraphs = re.split(r"(\n\s*\n)", prose)
        last = max((i for i, p in enumerate(paragraphs) if p.strip()), default=-1)
        out: list[str] = []
        for index, paragraph in enumerate(paragraphs):
            if not paragraph.strip():
                out.append(paragraph)
                continue
            lead = paragraph[: len(paragraph) - len(paragraph.lstrip("\n"))]
            tail = paragraph[len(paragraph.rstrip("\n")) :]
            kept = self._fit_lines(paragraph, introduces=introduces and index == last)
            kept = f"{lead}{kept}{tail}" if kept.strip() else ""
            if kept.strip():
                out.append(kept)
            elif out and not out[-1].strip():
                out.pop()
        return "".join(out)

    def _fit_lines(self, paragraph: str, *, introduces: bool) -> str:
        """List items stand or fall whole, what is no list sentence by sentence."""
        pieces = _items(paragraph) if _ITEM.match(paragraph) or "\n" in paragraph else [paragraph]
        out = []
        for position, piece in enumerate(pieces):
            final = introduces and position == len(pieces) - 1
            if _ITEM.match(piece) or piece.lstrip().startswith(("#", "|", ">")):
                if self._take(piece, needed=final):
                    out.append(piece)
                continue
            spans = split_sentences(piece)
            kept = ""
            for number, span in enumerate(spans):
                needed = final and number == len(spans) - 1
                if self._take(span.text, needed=needed):
                    start = spans[number - 1].end if number else 0
                    end = len(piece) if number == len(spans) - 1 else span.end
                    kept += piece[start:end] if kept else piece[start:end].lstrip("\n ")
            if kept or not spans:
                out.append(kept if spans else piece)
        return "\n".join(out)

    def _take(self, text: str, *, needed: bool) -> bool:
        """Whether a sentence or item stays; it is charged for its words."""
        count = len(_WORD.findall(_INLINE.sub(" ", text)))
        states = any(_RELATION.search(formula) for formula in _INLINE.findall(text))
        leads = text.rstrip().endswith(":")
        fits = count <= self._left and not self._over
        if not (fits or needed or states or self._empty):
            self._over = True
            return False
        if leads and not fits and not needed and not self._empty:
            return False
        self._left -= count
        self._empty = False
        return True


def _items(paragraph: str) -> list[str]:
    """The lines of a paragraph, each item of a list with the lines that continue it."""
    pieces: list[str] = []
    for line in paragraph.strip("\n").split("\n"):
        continues = (
            pieces and not _ITEM.match(line) and not line.lstrip().startswith(("#", "|", ">"))
        )
        if continues and (_ITEM.match(pieces[-1]) is None or line[:1].isspace()):
            pieces[-1] += f"\n{line}"
        else:
            pieces.append(line)
    return pieces
