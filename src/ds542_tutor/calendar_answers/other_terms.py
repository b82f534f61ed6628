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
    r" (?:in |the )?(?:last|previous|past) \w+"
    r"|\b(?:last|previous|past) \w+?(?:['’]?s)? (?:solutions?|answers?|submissions?|students?)\b",
    re.I,
)
"""When somebody took the course ("my friend took this last fall, may i look at her solutions"), and
whose work it is ("last year's solutions"): neither asks for that term."""


_LED = r"(?:\b(?:back )?(?:in|of|for|from|during) )?(?:\b(?:the|our|that) )?"
"""What leads to the name of a term: "in the fall 2025 offering"."""
_PAST = re.compile(r"\b(?:was|were|did|had|taught|met|used to|been)\b", re.I)
_PRESENT = re.compile(r"\b(?:do|does|is|are|will|still|our)\b", re.I)
_BESIDE_RUNNING = re.compile(
    r"\b(?:this (?:semester|term|year)|now(?:adays)?|current(?:ly)?|compared?|than|same|differ\w*"
    r"|changed?)\b",
    re.I,
)


def without_term(question: str) -> str:
    """Return `question` without the words for a term, to be asked of the course in that term."""
    for pattern in (_NAMED, _RELATIVE):
        question = re.sub(_LED + pattern.pattern, " ", question, flags=re.I)
    return " ".join(question.split())


def names_running_term(question: str) -> bool:
    """Whether a question on another term asks for the running one as well: "do we meet like …"."""
    now = _PRESENT.search(question) and not _PAST.search(question)
    return bool(now or _BESIDE_RUNNING.search(question))


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
