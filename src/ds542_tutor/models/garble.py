"""How much of a text is formulas that text extraction tore apart."""

from __future__ import annotations

import re
import unicodedata

FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|\\\(.*?\\\)|\\\[.*?\\\]|`[^`\n]+`", re.S)
"""Formulas and code as they are set on purpose."""


def garble(text: str) -> float:
    """Return the share of `text` that looks like formulas torn apart by text extraction.

    Counts characters of tokens that are a lone symbol, letter or digit, and characters of the
    mathematical alphabets; text inside `$…$` or backticks is fine.
    """
    plain = FORMULA.sub(" ", text)
    total = len("".join(plain.split()))
    if not total:
        return 0.0
    torn = 0
    for token in plain.split():
        core = token.strip(".,;:!?()[]\"'“”’")
        if any(_is_alien(c) for c in token):
            torn += 2 * len(token)
        elif (
            len(core) <= 1
            and core not in ("a", "A", "I", "–", "-", "—", "&", "=", "")
            and not core.isdigit()
        ):
            torn += len(token)
        else:
            torn += sum("\U0001d400" <= c <= "\U0001d7ff" for c in token)
    return min(torn / total, 1.0)


def _is_alien(character: str) -> bool:
    """Whether a character stands for one that the PDF's font hides: a large sum, a root, a box."""
    category = unicodedata.category(character)
    # Sum signs of slides come out as letters of South Asian scripts, which no course text uses.
    return category in ("Co", "Cn", "Mn", "Cc") or "\u0900" <= character <= "\u1cff"
