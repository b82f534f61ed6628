"""Requests in other languages, put into English word by word.

The glossary knows what requests are made of (write, solve, homework, ignore, without …), not what
they are about. Its English is for the rules to read and for nobody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from ds542_tutor.policy.folding import fold

MIN_KNOWN = 2
"""Words of the glossary in a message for it to be in another language: one may be a loanword."""

_LONGEST_STEM = 20
_LATIN = re.compile(r"[\w'-]+")
_SPACELESS = re.compile(r"[^\x00-ӿ]")  # neither Latin, Greek nor Cyrillic
_ASKING = ("write", "give", "show", "solve", "do", "complete", "implement", "translate", "compute",
           "derive", "prove", "ignore", "forget", "remove", "change")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Glossary:
    """`runs` by their first word, longest first; `stems` of words; `parts` for scripts that are
    written without spaces or glue words together."""

    runs: dict[str, tuple[tuple[tuple[str, ...], str], ...]]
    stems: dict[str, str]
    parts: dict[str, str]
    pattern: re.Pattern[str]

    def by_stem(self, word: str) -> str:
        """Return what the longest known beginning of `word` means; "" where none is known."""
        ends = range(min(len(word), _LONGEST_STEM), 0, -1)
        return next((self.stems[word[:end]] for end in ends if word[:end] in self.stems), "")


def glossed(text: str) -> list[str]:
    """Return the English of `text` as the glossary has it, or nothing where it is English.

    `text` as `folding.fold` gives it. A second form has what is asked for in front, since many
    languages put the verb last.
    """
    return list(_glossed(text))


@lru_cache(maxsize=64)
def _glossed(text: str) -> tuple[str, ...]:
    return tuple(_translated(text))


def _translated(text: str) -> list[str]:
    glossary = _glossary()
    known: list[str] = []

    def part(match: re.Match[str]) -> str:
        known.append(glossary.parts[match.group()])
        return f" {known[-1]} "

    if _SPACELESS.search(text):
        text = glossary.pattern.sub(part, text)
    words = _LATIN.findall(text) if not text.isascii() or _foreign(text) else []
    english = _by_words(text, glossary, known) if words else text
    if len(known) < MIN_KNOWN and not (known and not text.isascii()):
        return []
    english = " ".join(english.split())
    first = [word for word in _ASKING if word in known]
    return [english, f"{' '.join(first)} {english}"] if first else [english]


def _foreign(text: str) -> bool:
    """Say whether words of the glossary stand in `text` at all: a quick look."""
    glossary = _glossary()
    words = set(_LATIN.findall(text))
    return any(word in glossary.runs or glossary.by_stem(word) for word in words)


def _by_words(text: str, glossary: _Glossary, known: list[str]) -> str:
    """Replace words and runs of words; note what they mean in `known`."""
    spans = [(m.start(), m.end(), m.group()) for m in _LATIN.finditer(text)]
    out, last, at = [], 0, 0
    while at < len(spans):
        start, _, word = spans[at]
        length, meaning = 1, ""
        for run, gloss in glossary.runs.get(word, ()):
            if tuple(w for _, _, w in spans[at : at + len(run)]) == run:
                length, meaning = len(run), gloss
                break
        else:
            meaning = glossary.by_stem(word)
        if meaning:
            known.append(meaning)
            out += [text[last:start], meaning]
            last = spans[at + length - 1][1]
        at += length
    return "".join([*out, text[last:]])


@cache
def _glossary() -> _Glossary:
    lines = files("ds542_tutor.policy").joinpath("glossary.txt").read_text(encoding="utf-8")
    runs: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    stems: dict[str, str] = {}
    parts: dict[str, str] = {}
    for line in lines.splitlines():
        gloss, separator, words = line.partition(": ")
        if line.startswith("#") or not separator:
            continue
        for word in fold(words).split():
            if _SPACELESS.search(word):
                parts.setdefault(word.rstrip("*").replace("_", " "), gloss)
            elif word.endswith("*") and "_" not in word:
                stems.setdefault(word[:-1], gloss)
            else:
                run = tuple(word.rstrip("*").split("_"))
                runs.setdefault(run[0], []).append((run, gloss))
    longest = sorted(parts, key=len, reverse=True)
    return _Glossary(
        {first: tuple(sorted(found, key=lambda r: -len(r[0]))) for first, found in runs.items()},
        stems,
        parts,
        re.compile("|".join(map(re.escape, longest))),
    )
