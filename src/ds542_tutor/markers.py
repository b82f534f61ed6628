"""Markers such as [1] in an answer: read, written, and the habits of small models put right."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ds542_tutor.inputs import legible

CODE = re.compile(r"(```.*?(?:```|\Z))", re.S)
"""Fenced code, also one whose end is missing; `split` keeps it."""

# As `app.markup` reads them: "$" hugs its formula, so that "$5 [1] and $6 [2]" are prices.
_INLINE = re.compile(
    r"`[^`\n]*`|\$\$.*?\$\$|\$(?![\s$])[^$\n]*?(?<![\s\\])\$(?!\d)|\\\(.*?\\\)|\\\[.*?\\\]", re.S
)
_LOOSE_MARKER = re.compile(
    r"[\[【(](?:sources?|passages?)\s*#?\s*(\d+(?:\s*(?:,|;|and|&)\s*\d+)*)[\]】)]"
    r"|[\[【]\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*[\]】]",
    re.I,
)
# A marker with the space before it; what is code or a formula is matched first, and holds none.
# A fence counts at the start of a line only: the header of a code block may quote one.
_MARKER = re.compile(
    r"(?P<literal>^[ \t]*(?P<ticks>`{3,})[^\n]*\n.*?(?:^[ \t]*(?P=ticks)`*[ \t]*$|\Z)"
    rf"|{_INLINE.pattern})|[ \t]*\[(?P<number>\d{{1,3}})\]",
    re.S | re.M,
)
_AFTER_STOP = re.compile(r"([.!?]['\"”)]?)[ \t]*((?:\[\d{1,3}\][ \t]*)+)(?=\s|$)")


def normalise_markers(text: str) -> str:
    """Rewrite a model's habits, [1, 2], (Source 1), a marker after the stop, to "… [1][2]."

    Code and formulas are left alone: `x[1]` is an index there. Hidden characters are dropped.
    """
    return "".join(
        part if part.startswith("```") else _normalise_prose(part)
        for part in CODE.split(legible(text))
    )


def markers_in(text: str) -> set[int]:
    """Return the numbers of the markers of `text`; code and formulas hold none."""
    return {int(match["number"]) for match in _MARKER.finditer(text) if match["number"]}


def only_known(text: str, known: Collection[int]) -> str:
    """Drop the markers of `text` that are not among `known`."""

    def kept(match: re.Match[str]) -> str:
        return match.group() if match["literal"] or int(match["number"]) in known else ""

    return _MARKER.sub(kept, text)


def without_markers(sentence: str) -> tuple[str, list[int]]:
    """Return what a sentence claims, on one line, and the numbers it cites."""
    cited: list[int] = []

    def taken(match: re.Match[str]) -> str:
        if match["literal"]:
            return match["literal"]
        cited.append(int(match["number"]))
        return " "

    claim = " ".join(_MARKER.sub(taken, sentence).split())
    return re.sub(r"\s+([.,;:!?])", r"\1", claim), cited


def with_markers(claim: str, numbers: Sequence[int]) -> str:
    """Put markers before the final stop: "It converges [1][2]." """
    if not numbers:
        return claim
    markers = "".join(f"[{n}]" for n in numbers)
    match = re.search(r"[.!:]['\"”)]?$", claim)
    return f"{claim[: match.start()]} {markers}{match.group()}" if match else f"{claim} {markers}"


def _normalise_prose(text: str) -> str:
    kept: list[str] = []  # its places are held by private-use characters, which `legible` dropped

    def hide(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{len(kept) - 1}\ue001"

    def spell(match: re.Match[str]) -> str:
        return "".join(f"[{n}]" for n in re.findall(r"\d+", match.group()))

    text = _LOOSE_MARKER.sub(spell, _INLINE.sub(hide, text))
    text = _AFTER_STOP.sub(lambda m: f" {m.group(2).replace(' ', '')}{m.group(1)}", text)
    text = re.sub(r"(?<=\S)(?<!\])(\[\d{1,3}\])", r" \1", text)
    text = re.sub(r"[ \t]+(\[\d{1,3}\])", r" \1", text)
    return re.sub(r"\ue000(\d+)\ue001", lambda m: kept[int(m.group(1))], text)
