"""Which piece of a passage's code `quotes` shows: the one that has the names the question is about.

Names of programs are the words here: `StepLR` or `load_state_dict` in a question says more than
any sentence around it, and says it also in parts ("load", "state").
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ds542_tutor.models.excerpts import Excerpt

_ASKS_CODE = re.compile(
    r"\b(?:code|snippet|syntax|command|import|function|method|script|args?|notebook|pytorch|numpy"
    r"|in python|torch\.|nn\.)|\bdisc(?:ussion)?\s*#?\d|\w+_\w+|\w\(\)|`"
    r"|(?-i:\b[A-Za-z]*[a-z][A-Z])",
    re.I,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_COMPOUND = re.compile(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])|[a-z][A-Z]")
_IMPORTS = re.compile(r"^[ \t]*(?:import |from \S+ import |[!%]).*$", re.M)
_COMMON = frozenset(
    """the and for with what does how why from import return self def class not are this that you
    can get use code python pytorch notebook book deck lecture discussion""".split()
)
_LEAST_PART = 3  # letters of a part of a name; shorter ones are anybody's

# Found on the code questions of docs/experiments.md ("Code that answers").
_QUOTED = 0.25  # its passage is quoted as well
_RANK = 0.5  # of the best passage, falling with the rank
_FLOOR = 0.9
_FLAW = 0.5  # of a sentence that leads to the code
_LINES = 24  # of pieces that follow each other, shown as one


def asks_code(question: str) -> bool:
    """Whether a question is about code, or has names of programs in it."""
    return _ASKS_CODE.search(question) is not None


def code_for(
    question: str, excerpts: Sequence[Excerpt], chosen: Sequence[Excerpt]
) -> list[Excerpt]:
    """Return the piece of code that answers `question`, or none where it asks for none.

    Code of graded work and of exercises is never shown.

    Args:
        excerpts: of all passages, in their order. chosen: what will be quoted.
    """
    free = _joined(e for e in excerpts if e.kind == "code" and _free(e))
    pieces = [piece for piece in free if _IMPORTS.sub("", piece.text).strip()]
    if not pieces or not asks_code(question):
        return []
    asked = _names(question)
    having = [_had(asked, piece.text) for piece in pieces]
    frequency = Counter(name for names in having for name in names)
    weight = {
        name: asked[name] * math.log(1 + len(pieces) / (1 + count))
        for name, count in frequency.items()
    }
    total = sum(weight.values()) or 1.0
    quoted = {e.passage.number for e in chosen}

    def score(index: int) -> float:
        number = pieces[index].passage.number
        shared = sum(weight[name] for name in having[index]) / total
        return shared + _QUOTED * (number in quoted) + _RANK / (1 + 0.25 * (number - 1))

    best = max(range(len(pieces)), key=score)
    return [pieces[best]] if score(best) >= _FLOOR and having[best] else []


def lead_of(code: Excerpt, prose: Sequence[Excerpt]) -> Excerpt | None:
    """Return what says where a piece of code is from: the sentence before it, else its heading.

    None where its passage has neither; such code cannot be cited.
    """
    ahead = [
        e for e in prose
        if e.passage is code.passage and e.end <= code.start and not e.task and e.flaw <= _FLAW
    ]  # fmt: skip
    if ahead:
        return max(ahead, key=lambda e: (e.end, e.start))
    words = r"\s+".join(re.escape(word) for word in code.context.split())
    found = re.search(words, code.passage.text) if words else None
    if found is None:
        return None
    text = code.context.rstrip(".:?")
    return Excerpt(code.passage, *found.span(), text, "sentence", code.context)


def _free(excerpt: Excerpt) -> bool:
    chunk = excerpt.passage.chunk
    return not (chunk.graded or chunk.exercise)


def _joined(pieces: Iterable[Excerpt]) -> list[Excerpt]:
    """Join pieces between which nothing stands: blank lines divide steps of one thought."""
    joined: list[Excerpt] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before is not None and before.passage is piece.passage:
            text = piece.passage.text
            whole = text[before.start : piece.end]
            if not text[before.end : piece.start].strip() and whole.count("\n") < _LINES:
                joined[-1] = replace(before, end=piece.end, text=whole)
                continue
        joined.append(piece)
    return joined


def _had(asked: Mapping[str, float], code: str) -> set[str]:
    """Return those of the names that a piece of code has; "state_dict" is in "load_state_dict"."""
    names, low = _names(_IMPORTS.sub("", code)), code.lower()
    return {name for name in asked if name in names or ("_" in name and name in low)}


def _names(text: str) -> dict[str, float]:
    """Return the names of a text and their parts, lower case, with their weights."""
    found: dict[str, float] = {}
    for name in _NAME.findall(text):
        low = name.lower()
        if len(low) > 1 and low not in _COMMON:
            weight = 2.0 if _COMPOUND.search(name) else 1.0
            found[low] = max(found.get(low, 0.0), weight)
        for part in _PART.findall(name):
            if len(part) >= _LEAST_PART and part.lower() not in _COMMON:
                found.setdefault(part.lower(), 1.0)
    return found
