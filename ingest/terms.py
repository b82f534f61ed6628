"""Which term a document says it is of, held against the term that its source gives it.

A course's folder often still holds last year's syllabus or homework. What a document says of
itself counts: its file name, its title lines, the dates by which it wants work handed in. What it
says of others does not: the course that it was adapted from, a paper's year, a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ds542_tutor.course import term_name
from ds542_tutor.documents import Segment, SourceKind

_SEASONS: Final = {
    "spring": "sp", "summer": "su", "fall": "fa", "autumn": "fa", "winter": "wi",
    "sp": "sp", "su": "su", "fa": "fa", "wi": "wi",
}  # fmt: skip
# First and last day (month, day) on which something of a term can happen. Terms overlap here.
_SPANS: Final = {
    "wi": ((1, 1), (3, 31)),
    "sp": ((1, 1), (5, 31)),
    "su": ((5, 10), (9, 5)),
    "fa": ((8, 15), (12, 31)),
}
_SEASON: Final = r"(?P<season>spring|summer|fall|autumn|winter)"
_MENTION: Final = re.compile(
    rf"(?<![a-z]){_SEASON}[\s,_-]*(?:of\s+)?(?P<year>20\d\d|['’]\d\d)(?!\d)"
    rf"|(?<!\d)(?P<year2>20\d\d)[\s,_-]*(?P<season2>spring|summer|fall|autumn|winter)(?![a-z])"
    # "FA25"; "Fall 25" only where it is written as a name, since prices fall 25 % too.
    r"|(?<![a-z])(?P<season3>fa|sp|su|wi)[-_]?(?P<year3>20[1-4]\d|[1-4]\d)(?!\d)"
    r"|(?<![A-Za-z])(?P<season4>(?-i:Spring|Summer|Fall|Autumn|Winter|SPRING|SUMMER|FALL|WINTER))"
    r"\s+(?P<year4>[2-4]\d)(?![\d.]|\s*(?:%|percent|points|degrees|[a-z]))",
    re.I,
)
# Said before a term, these make it another course's: "adapted from the Fall 2024 course".
_OF_OTHERS: Final = re.compile(
    r"\b(?:adapted|adaptation|based|taken|borrowed|derived|from|courtesy|originally|original"
    r"|slides? by|previous(?:ly)?|last|earlier|prior|past|since|until|before|after|offered|taught"
    r"|first|see (?:also )?(?:the|our)|used in|version of|©|copyright|thanks)\b[^;\n]{0,60}$",
    re.I,
)
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+|\b[\w.-]{1,100}\.(?:io|edu|com|org)/\S*", re.I)
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS: Final = "mon tue wed thu fri sat sun".split()
_MONTH: Final = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE: Final = re.compile(
    r"\b(?P<weekday>mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
    rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<year>20\d\d))?",
    re.I,
)
# Without its weekday a date may be a paper's, unless something is due on it.
_DUE: Final = re.compile(
    r"\b(?:due|deadline|released|submit(?:ted)?|hand(?:ed)? in|turn(?:ed)? in)\b[^.\n\d]{0,30}?"
    rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>20\d\d)",
    re.I,
)
# A title is short and no sentence; a PDF's title lines may have run together.
_TITLE_WORDS: Final = 16
# What is said further behind in one line, of data or a lost line end, is not said of the document.
_LONGEST_LINE: Final = 2000
# The beginning of a document: its title page or first cell.
_BEGINNING: Final = 4
# This many dates that fit one other term, and none that fits its own, tell a document's term.
_ENOUGH_DATES: Final = 3
# A deck is shown again in later terms and still teaches the same; its own words keep their worth.
_REUSED: Final = ("slides", "book")
# What may hold a schedule or due dates of its own; a site's dates are its calendar's business.
_SCHEDULES: Final = ("notes", "notebook")
# Older dates are history: AlphaGo won on a Tuesday, too.
_NEAR_YEARS: Final = 2


@dataclass(frozen=True, slots=True)
class Dated:
    """A day as a text names it. `weekday`: 0 for Monday; None where it is not named."""

    text: str
    weekday: int | None
    month: int
    day: int
    year: int | None


@dataclass(slots=True)
class _Said:
    """Terms that a document names at its beginning.

    By its file `name`, in `title` lines, inside a `sentence`, and in a `link`, which may speak for
    a term but never against one.
    """

    name: set[str] = field(default_factory=set)
    title: set[str] = field(default_factory=set)
    sentence: set[str] = field(default_factory=set)
    link: set[str] = field(default_factory=set)


def judge(
    term: str | None, given: bool, stem: str, kind: SourceKind, segments: Sequence[Segment]
) -> tuple[str | None, tuple[str, ...]]:
    """Say which term a document is of, and what a person should know about it.

    Args:
        term: of its source, such as "sp2026"; None is for what belongs to no term.
        given: the sources file names the term for this file itself, which settles it.
        stem: the file's name without its suffix.

    Returns:
        The term, and at most one warning: that the document says another term than its source.
    """
    if term is None or given or window(term) is None:
        return term, ()
    said = _of_itself(stem, segments)
    clear = said.name | said.title
    if term in clear | said.sentence:
        return term, ()
    if len(clear) == 1:
        where = "its title" if said.title else "its file name"
        return _other(term, clear.pop(), f"{where} says", kind)
    if clear or (said.sentence and term not in said.link):
        names = " and ".join(term_name(other) for other in sorted(clear | said.sentence))
        return term, (
            f"mentions {names} at its beginning, but its source says {term_name(term)}; "
            f"check that it is the right file, {_settle(term)}",
        )
    return _by_dates(term, kind, segments) if kind in _SCHEDULES else (term, ())


def _other(term: str, other: str, how: str, kind: SourceKind) -> tuple[str | None, tuple[str, ...]]:
    """The verdict on a document that clearly is of another term than its source's."""
    told = f"{how} {term_name(other)}, but its source says {term_name(term)}"
    if kind in _REUSED:
        verdict = "kept as this term's, since what it teaches stands: update it"
        return term, (f"{told}; {verdict}, {_settle(term)}",)
    verdict = "kept out of this term's answers: put the current file in its place"
    return other, (f"{told}; {verdict}, {_settle(term)}",)


def _settle(term: str) -> str:
    return f'or give it an entry with term = "{term}" in the sources file if it is meant'


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """The terms that `text` names and where: 'Fall 2025', '2025 Fall', "Fall '25", 'FA25'."""
    for match in _MENTION.finditer(text):
        parts = match.groupdict()
        season = next(parts[k] for k in ("season", "season2", "season3", "season4") if parts[k])
        year = next(parts[k] for k in ("year", "year2", "year3", "year4") if parts[k])
        yield f"{_SEASONS[season.lower()]}20{year[-2:]}", match.start()


def _of_itself(stem: str, segments: Sequence[Segment]) -> _Said:
    """What a document says of itself; the terms of others that it names are left out."""
    said = _Said(name={term for term, _ in mentions(stem)})
    for line in "\n".join(segment.text for segment in segments[:_BEGINNING]).split("\n"):
        line = line[:_LONGEST_LINE]
        for link in _LINK.findall(line):
            said.link |= {term for term, _ in mentions(link)}
        bare = _LINK.sub(" ", line)
        short = len(bare.split()) <= _TITLE_WORDS and not bare.rstrip().endswith((".", "?"))
        for term, at in mentions(bare):
            if not _OF_OTHERS.search(bare[:at]):
                (said.title if short else said.sentence).add(term)
    return said


def window(term: str) -> tuple[date, date] | None:
    """First and last day on which something of a term can happen; None for an unknown spelling."""
    match = re.fullmatch(r"(sp|su|fa|wi)(20\d\d)", term)
    if match is None:
        return None
    year, (first, last) = int(match.group(2)), _SPANS[match.group(1)]
    return date(year, *first), date(year, *last)


def term_of(day: date) -> str:
    """The term that a day most likely belongs to."""
    season = "sp" if day.month < 6 else "su" if (day.month, day.day) < (8, 20) else "fa"
    return f"{season}{day.year}"


def dates(text: str) -> Iterator[Dated]:
    """Days named with their weekday, or as due: 'Thursday, February 5, 2026', 'Wed Sep 3'."""
    for pattern in (_DATE, _DUE):
        for match in pattern.finditer(text):
            parts = match.groupdict()
            name = parts.get("weekday")
            yield Dated(
                " ".join(match.group().split()),
                _DAYS.index(name[:3].lower()) if name else None,
                _MONTHS.index(match["month"][:3].lower()) + 1,
                int(match["day"]),
                int(match["year"]) if match["year"] else None,
            )


def on(dated: Dated, year: int) -> date | None:
    """The day in a year; None where there is none, or it is another weekday."""
    try:
        day = date(year, dated.month, dated.day)
    except ValueError:
        return None
    return day if dated.weekday in (None, day.weekday()) else None


def _by_dates(
    term: str, kind: SourceKind, segments: Sequence[Segment]
) -> tuple[str | None, tuple[str, ...]]:
    """Judge by the days of a schedule or of due dates, when none of them is in the term."""
    year = int(term[2:])
    others: dict[str, dict[date, str]] = {}
    for dated in (d for segment in segments for d in dates(segment.text)):
        years = [dated.year] if dated.year else [year, year - 1, year + 1]
        days = [day for candidate in years if (day := on(dated, candidate)) is not None]
        if any(_within(day, term) for day in days):
            return term, ()
        if days and abs(days[0].year - year) <= _NEAR_YEARS:
            others.setdefault(term_of(days[0]), {})[days[0]] = dated.text
    if not others:
        return term, ()
    found = {day: text for days in others.values() for day, text in days.items()}
    if len(others) == 1 and len(found) >= _ENOUGH_DATES:
        return _other(term, next(iter(others)), f"its {len(found)} dates are of", kind)
    example = next(iter(found.values()))
    return term, (
        f'names a day outside {term_name(term)} ("{example}"); '
        f"check that it is the right file, {_settle(term)}",
    )


def _within(day: date, term: str) -> bool:
    span = window(term)
    return span is not None and span[0] <= day <= span[1]
