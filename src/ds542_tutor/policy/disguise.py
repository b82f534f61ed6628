"""Undo disguises of a message before the rules read it.

Look-alike letters, zero-width characters, leetspeak, spaced-out letters and base64 are turned back
into plain words. The student's text itself is never changed: what comes from here is for inspection
only.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import urllib.parse

_LOOKALIKES = str.maketrans(
    # Lower-case Cyrillic and Greek letters that look like Latin ones, and a few modifier letters
    # that NFKC keeps; from the Unicode confusables table (https://www.unicode.org/reports/tr39/).
    "авеёзікмнорсстухьјѕԁһӏԛԝαβγεηικνορστυχωɑɡıʟᴏꜱ’‘“”‐‑–—",
    "abee3ikmhopcctyxbjsdhlqwabyenikvoprtuxwagilos''\"\"----",
)
_LEET = tuple(str.maketrans("0134578@$!|", f"o{one}eastbasil") for one in "li")  # 1 is l or i
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=])")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .\-_*]){4,}\w(?!\w)")
_LONG = re.compile(r"(\S{100})\S+")  # no word is longer, and patterns are slow on what is none
_MAX_PAYLOADS = 8  # more than any honest message has; bounds the work


def plain(text: str) -> str:
    """Return `text` in lower case with look-alikes mapped; hidden characters go."""
    folded = unicodedata.normalize("NFKC", html.unescape(text))
    folded = unicodedata.normalize("NFKD", folded.casefold())
    # Zero-width and direction characters are Cf; combining accents are Mn.
    kept = "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Mn"))
    return kept.translate(_LOOKALIKES)


def readings(text: str) -> tuple[str, ...]:
    """Return the plain text first, then what else the message may be read as.

    The others are payloads hidden in base64 or percent-encoding, and the text with leetspeak and
    spaced-out letters undone, when that differs.
    """
    first = _LONG.sub(r"\1", plain(text))
    found = [first]
    decoded = urllib.parse.unquote(text) if "%" in text else text
    if decoded != text:
        found.append(_LONG.sub(r"\1", plain(decoded)))
    found += [_LONG.sub(r"\1", plain(payload)) for payload in _payloads(text)]
    for reading in tuple(found):
        closed = _SPACED.sub(lambda m: re.sub(r"[ .\-_*]", "", m.group()), reading)
        found += [closed, *(_unleet(closed, table) for table in _LEET)]
    return tuple(dict.fromkeys(found))


def _payloads(text: str) -> list[str]:
    found = []
    for match in list(_BASE64.finditer(text))[:_MAX_PAYLOADS]:
        raw = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            payload = base64.b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if payload.isprintable() or "\n" in payload:
            found.append(payload)
    return found


def _unleet(text: str, table: dict[int, int]) -> str:
    """Undo leetspeak in words that mix letters with digits or signs; "hw2" and "3-1" stay."""

    def word(match: re.Match[str]) -> str:
        token = match.group()
        inner = re.search(r"[a-z]+[013457@$!|]+[a-z]|^[013457@$!|]+[a-z]{2}", token)
        return token.translate(table) if inner else token

    return re.sub(r"[\w@$!|]+", word, text)
