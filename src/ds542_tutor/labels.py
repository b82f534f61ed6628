"""Labels such as "equation 11.3.2" or "figure 6.7": how a book numbers what can be asked for.

Read off captions and headings at ingest and off questions at search, by the same rule. Which
piece of a document carries which label is for the readers to say.
"""

from __future__ import annotations

import re
from typing import Final

LABEL: Final = "label"
"""Name of the retriever of chunks whose number the question says."""

NUMBER: Final = r"(?:[A-Z]|[1-9]\d{0,2})(?:\.\d{1,3}){1,3}"
"""A number with its chapter: "4.7", "11.3.2", "B.4"; a lone "5" is anybody's."""

_KINDS: Final = {
    "equation": r"eq(?:uation|n)?s?",
    "figure": r"fig(?:ure)?s?",
    "table": r"tab(?:le)?s?",
    "problem": r"prob(?:lem)?s?",
    "exercise": r"exercises?",
    "algorithm": r"alg(?:orithm)?s?",
    "listing": r"listings?",
}
_NAMES: Final = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items())
_LABEL: Final = re.compile(
    rf"\b(?:{_NAMES})\b\.?\s*#?\s*(?P<numbers>\(?{NUMBER}\)?[a-z]?\b\)?"
    rf"(?:\s*(?:,|and|or|&)\s*\(?{NUMBER}\)?[a-z]?\b\)?)*)",
    re.I,
)
_ONE: Final = re.compile(NUMBER, re.I)

CAPTION: Final = re.compile(
    rf"^(?P<kind>Figure|Fig\.|Table|Listing|Algorithm)\s+(?P<number>(?>{NUMBER}|\d{{1,3}}))"
    r"[a-z]?(?:[:.|]|\s+(?=[A-Z“(]))"
)
"""The start of a caption: "Figure 6.7: …" or "Figure 6.7 Gradient …", not "Figure 6.7 shows"."""


def label(kind: str, number: str) -> str:
    """Return the label of one numbered thing: "figure 6.7"; appendices in lower case."""
    return f"{kind} {number}".lower()


def caption_label(text: str) -> tuple[str, ...]:
    """Return the label of the caption `text`, if it is one and numbered with its chapter."""
    match = CAPTION.match(text)
    return labels_in(match.group())[:1] if match else ()


def labels_in(text: str) -> tuple[str, ...]:
    """Return the labels that `text` names, in order: "Figs. 6.7 and 6.8" gives two.

    A part of a figure ("3.3j") is found under the whole.
    """
    found = (
        label(kind, number)
        for match in _LABEL.finditer(text)
        for kind in _KINDS
        if match[kind]
        for number in _ONE.findall(match["numbers"])
    )
    return tuple(dict.fromkeys(found))
