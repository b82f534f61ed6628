"""Text in lower case without accents and hidden characters, before anything else reads it."""

from __future__ import annotations

import html
import unicodedata

_LETTERS = {
    # Letters in circles, squares and flags, which no normal form of Unicode turns into letters.
    **{chr(start + i): chr(97 + i) for start in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
       for i in range(26)},
    "’": "'", "‘": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-",
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe",
}  # fmt: skip


def fold(text: str) -> str:
    """Return `text` in lower case without accents and hidden characters, its script kept."""
    if text.isascii():
        return html.unescape(text).casefold() if "&" in text else text.casefold()
    folded = unicodedata.normalize("NFKC", html.unescape(text))
    folded = unicodedata.normalize("NFKD", folded.casefold())
    # Zero-width and direction characters are Cf; combining accents are Mn.
    return "".join(
        c if c.isascii() else _LETTERS.get(c, c)
        for c in folded
        if c.isascii() or unicodedata.category(c) not in ("Cf", "Mn")
    )
