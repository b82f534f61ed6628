"""Undo disguises of a message before the rules read it.

Look-alike letters, zero-width characters, leetspeak, spaced-out letters, misspelt key words, other
languages, base64, hexadecimal, rot13 and text written backwards are turned back into plain words.
The student's text itself is never changed: what comes from here is for inspection only.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
import unicodedata
import urllib.parse
from functools import cache, lru_cache
from importlib.resources import files

from ds542_tutor.policy.folding import fold
from ds542_tutor.policy.languages import glossed
from ds542_tutor.policy.spelling import corrected

_LEET = tuple(str.maketrans("0134578@$!|", f"o{one}eastbasil") for one in "li")  # 1 is l or i
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=])")
_HEX = re.compile(r"(?<![\w])(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,:]?){12,}(?![\w])")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .\-_*\n]){4,}\w(?!\w)")
_LONG = re.compile(r"(\S{100})\S+")  # no word is longer, and patterns are slow on what is none
_TEMPLATE = re.compile(r"\{\{[^{}]{0,200}\}\}|\$\{[^{}]{0,200}\}")  # for an engine, not a reader
_ENDS = 800
_MAX_PAYLOADS = 8  # more than any honest message has; bounds the work

_COMMON = frozenset(
    "the a an of to and in is it for i my me you that this on with how what why do can code write "
    "give are be not from as solution answer question homework please no all your".split()
)
"""English words by which a text written backwards or in rot13 is known."""

MIN_COMMON = 0.25
"""Share of such words that makes a text English; a short question has .4, other text below .1."""


def plain(text: str) -> str:
    """Return `text` in lower case with look-alikes mapped; hidden characters go."""
    folded = fold(text)
    return folded if folded.isascii() else _NOT_ASCII.sub(_mapped, folded)


_NOT_ASCII = re.compile(r"[\w$@|!]*[^\x00-\x7f][\w$@|!]*")


def _mapped(match: re.Match[str]) -> str:
    """Map the look-alikes of one word that means to be Latin.

    A word that is part Latin is meant to be Latin, and so is one that its look-alikes make wholly
    Latin; "реши" has letters that look like none and is Russian.
    """
    word = match.group()
    latin = "".join(map(_looks_like, word))
    mixed = any("a" <= c <= "z" for c in word)
    return latin if mixed or latin.isascii() else word


@cache
def confusables() -> dict[str, str]:
    """Return each character that looks like a Latin letter, with that letter.

    From the table of Unicode (https://www.unicode.org/reports/tr39/), as the package
    confusable-homoglyphs carries it.
    """
    table = json.loads(
        files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8")
    )
    found: dict[str, str] = {}
    for letter in map(chr, range(ord("a"), ord("z") + 1)):
        for entry in (*table.get(letter, ()), *table.get(letter.upper(), ())):
            for char in {entry["c"], entry["c"].casefold()}:
                if len(char) == 1 and not char.isascii():
                    found.setdefault(char, letter)
    # Letters that the table pairs with others first, or not at all, but that people do use.
    return found | dict(zip("ёікмнтьјѕβγεηικνορτυχωӏ", "eikmhtbjsbyenikvoptuxwl", strict=True))


@cache
def _looks_like(char: str) -> str:
    """Return the Latin letter that `char` looks like or, by its name, is a form of; else `char`."""
    named = _LATIN_NAME.match(unicodedata.name(char, ""))
    return named[1].lower() if named else confusables().get(char, char)


_LATIN_NAME = re.compile(
    r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .*)?$"
)


@lru_cache(maxsize=256)
def readings(text: str) -> tuple[str, ...]:
    """Return the plain text first, then what else the message may be read as.

    The others are payloads hidden in an encoding, and the text with leetspeak, spaced-out letters
    and spelling undone, or its words put into English, when that differs.
    """
    whole = _short(plain(text))
    # A paste is long, a disguise is not: it is looked for at the ends, where requests stand.
    text = text if len(text) <= 2 * _ENDS else f"{text[:_ENDS]}\n{text[-_ENDS:]}"
    found = [_short(plain(hidden)) for hidden in (text, *_payloads(text))]
    turned = next((t for t in _turned(found[0]) if _is_english(t)), None)
    if turned and not _is_english(found[0]):
        found.append(turned)
    for reading in tuple(found):
        closed = _closed(reading)
        found += [corrected(undone) for undone in (closed, *(_unleet(closed, t) for t in _LEET))]
    found += glossed(_short(fold(text)))
    if len(whole) > len(found[0]):
        found[0] = whole
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def meant(text: str) -> str:
    """Return the text whose meaning counts: what was hidden or foreign, or `text` as it is."""
    bare = _TEMPLATE.sub(" ", text)
    text = bare if len(bare.split()) > 2 else text
    found = [hidden for hidden in _payloads(text) if len(hidden.split()) > 1]
    if found:
        return " ".join([text, *found])
    undone = _unleet(_closed(plain(text)), _LEET[1])
    if not _is_english(undone) and (turned := [t for t in _turned(undone) if _is_english(t)]):
        return turned[0]
    foreign = glossed(_short(fold(text)))
    if foreign:
        return foreign[0]
    return text if undone == plain(text) and text.isascii() else undone


def _closed(text: str) -> str:
    """Join letters that stand apart ("s.o.l.v.e", or the whole message as "s o l v e   h w 2")."""
    parts = text.split()
    if len(parts) >= 8 and sum(len(p) == 1 for p in parts) >= 0.8 * len(parts):
        words = re.split(r"\s{2,}", text.strip())
        return " ".join("".join(word.split()) for word in words)
    return _SPACED.sub(lambda m: re.sub(r"[ .\-_*\n]", "", m.group()), text)


def _short(text: str) -> str:
    return _LONG.sub(r"\1", text)


def _turned(text: str) -> tuple[str, str]:
    """Return `text` read from the end, and with each letter moved by 13."""
    return text[::-1], codecs.encode(text, "rot13")


def _is_english(text: str) -> bool:
    words = re.findall(r"[a-z]+", text)
    return len(words) > 2 and sum(w in _COMMON for w in words) >= MIN_COMMON * len(words)


def _payloads(text: str) -> list[str]:
    """Return what base64, hexadecimal or percent-encoding in `text` stands for."""
    found = []
    if "%" in text and (decoded := urllib.parse.unquote(text)) != text:
        found.append(decoded)
    for match in list(_BASE64.finditer(text))[:_MAX_PAYLOADS]:
        raw = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            found.append(base64.b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-8"))
        except (binascii.Error, UnicodeDecodeError):
            continue
    for match in list(_HEX.finditer(text))[:_MAX_PAYLOADS]:
        digits = re.sub(r"0x|\\x|[ ,:]", "", match.group())
        try:
            found.append(bytes.fromhex(digits).decode("utf-8"))
        except (ValueError, UnicodeDecodeError):
            continue
    return [payload for payload in found if payload.isprintable() or "\n" in payload]


def _unleet(text: str, table: dict[int, int]) -> str:
    """Undo leetspeak in words that mix letters with digits or signs; "hw2" and "3-1" stay."""

    def word(match: re.Match[str]) -> str:
        token = match.group()
        undone = token.translate(table)
        inner = _LEET_INSIDE.search(token) or (token[0].isalpha() and undone in _COMMON)
        return undone if inner else token

    return _LEET_WORD.sub(word, text) if _LEET_INSIDE.search(text) else text


_LEET_INSIDE = re.compile(r"[a-z][013457@$!|]{1,3}[a-z]|(?<!\S)[013457@$!|]{1,3}[a-z]{2}")
_LEET_WORD = re.compile(r"(?<!\S)[a-z@$!|013457]{2,30}(?![^\s.,:;?!])")
