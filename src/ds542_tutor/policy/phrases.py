"""A small notation for ways of saying something, compiled to one regular expression.

A phrase is tokens separated by spaces; they must follow one another within one sentence:

    write|draft        one of these words          leave_out    two words, a space between
    remov*             a word that begins so       (the|my)     may be left out
    ..4                up to four other words      {trace}      one of a named group's entries

Groups are written in the same notation, one alternative a token. Text is expected as
`disguise.plain` gives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BETWEEN = r"[^\w.!?]+"  # a space, comma, quote or dash, but not the end of a sentence
_ANY_WORD = rf"(?:\S*\w{_BETWEEN})"


def compile_phrases(*phrases: str, groups: Mapping[str, str] | None = None) -> re.Pattern[str]:
    """Return a pattern whose `search` finds any of the phrases."""
    return re.compile("|".join(_phrase(phrase, groups or {}) for phrase in phrases))


def _phrase(phrase: str, groups: Mapping[str, str]) -> str:
    parts: list[str] = []
    tokens = phrase.split()
    for index, token in enumerate(tokens):
        gap = _BETWEEN if index < len(tokens) - 1 else ""
        if token.startswith(".."):
            parts.append(f"{_ANY_WORD}{{0,{token[2:]}}}?")
        elif token.startswith("(") and token.endswith(")"):
            parts.append(f"(?:{_words(token[1:-1], groups)}{gap})?")
        else:
            parts.append(f"{_words(token, groups)}{gap}")
    return rf"(?<!\w){''.join(parts)}(?!\w)"


def _words(token: str, groups: Mapping[str, str]) -> str:
    """Compile one token: alternatives of words and groups."""
    found: list[str] = []
    for word in token.split("|"):
        if word.startswith("{"):
            found.append(_words("|".join(groups[word[1:-1]].split()), groups))
        else:
            joined = _BETWEEN.join(re.escape(part) for part in word.split("_"))
            found.append(joined.replace(r"\*", r"\w*"))
    return f"(?:{'|'.join(found)})"
