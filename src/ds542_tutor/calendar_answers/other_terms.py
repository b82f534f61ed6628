"""Which term a question is about, when it is not the running one."""

from __future__ import annotations

import re

_SEASONS = {"spring": "sp", "summer": "su", "fall": "fa", "autumn": "fa", "winter": "wi"}
_ORDER = ("wi", "sp", "su", "fa")
_NAMED = re.compile(
    r"\b(spring|summer|fall|autumn|winter|sp|su|fa)(?: semester| term)?(?: of)?[ '’]*"
    r"(?:20)?(\d\d)\b(?!:|\s*(?:am|pm|%))",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(last|previous|prior|past|next|coming) "
    r"(semester|term|year|spring|summer|fall|autumn|winter)(?! (?:break|recess))\b",
    re.I,
)

_TOOK_IT = re.compile(
    r"\b(?:took|taken|takes?|did|had|attended)"
    r" (?:this|it|(?:the|this) (?:class|course)|(?:ds ?)?542)(?: class| course)?"
    r" (?:in |the )?(?:last|previous|past) \w+",
    re.I,
)
"""When somebody took the course: "my friend took this last fall, may i look at her solutions"."""


def term_asked(question: str, running: str) -> str | None:
    """Return the term that `question` names when it is not `running`, as "fa2025", else None.

    "last semester" and "last year" mean the main term before the running one.
    """
    season, year = running[:2], running[2:]
    if season not in _ORDER or not year.isdigit():
        return None
    for match in _NAMED.finditer(question):
        named = match.group(1).casefold()
        code = _SEASONS.get(named, named)
        if f"{code}20{match.group(2)}" != running:
            return f"{code}20{match.group(2)}"
    relative = _RELATIVE.search(_TOOK_IT.sub(" ", question))
    if relative is None:
        return None
    back = relative.group(1).casefold() not in ("next", "coming")
    word = relative.group(2).casefold()
    # Spring and fall are the terms with courses of this kind; a year back is one of them too.
    wanted = _SEASONS.get(word) or ("fa" if season == "sp" else "sp")
    before = _ORDER.index(wanted) < _ORDER.index(season)
    same_year = before if back else not before and wanted != season
    return f"{wanted}{int(year) + (0 if same_year else -1 if back else 1)}"
