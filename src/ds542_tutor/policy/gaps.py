"""What pasted code leaves open: blanks to be filled, functions without a body."""

from __future__ import annotations

import re

_GAP = re.compile(
    r"__fill|=\s*(?:\.\.\.|__+|\?)|(?<!\w)_{3,}(?!\w)|#\s*todo|\byour (?:code|answer|changes) here"
    r"|raise notimplementederror|\bdef \w+\([^)]*\):\s*(?:\.\.\.|pass|#[^\n]*)?\s*$|\):\s*$"
)
_STUB = re.compile(
    r"\b(?:def|class) \w+(?:\([^)]*\))?(?: ?-> ?\w+)? ?:\s*(?:#[^\n]*+\s*+|\"{3}[^\"]*+\"{3}\s*+)*+"
    r"(?:pass\b|\.\.\.|raise notimplementederror(?:\(\))?)"
)


def leaves_a_gap(text: str) -> bool:
    """Say whether `text` shows a gap to be filled: `x = ...`, `__fill__`, a TODO, an empty body."""
    return bool(_GAP.search(text))


def without_stubs(text: str) -> str:
    """Return `text` (lower case) without functions and classes that have no body yet."""
    return _STUB.sub(" ", text)
