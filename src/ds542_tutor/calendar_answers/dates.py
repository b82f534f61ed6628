"""Dates and times in a student's words, as days and moments of the course's zone.

Explicit dates are read by dateutil; relative ones ("this friday", "in two weeks") are counted from
the day of the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil import parser as dateutil_parser

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = r"(mon|tue|wed|thu|fri|sat|sun)(?:day|s|sday|rs|rsday|nesday|urday|r|sdays|days)?s?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "ten": 10, "couple": 2, "fourteen": 14,
}  # fmt: skip
_COUNT = r"(\d{1,3}|" + "|".join(sorted(_COUNTS, key=len, reverse=True)) + ")"
_UNITS = {"day": 1, "week": 7}

_EXPLICIT = re.compile(
    rf"\b{_MONTH} ?\d{{1,2}}(?:st|nd|rd|th)?(?:,? 20\d\d)?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?: 20\d\d)?(?![a-z])"
    r"|\b20\d\d-\d{1,2}-\d{1,2}\b|(?<![\d/.])\d{1,2}/\d{1,2}(?:/(?:20)?\d\d)?(?![\d/.])"
)
_ORDINAL = re.compile(r"\bthe (\d{1,2})(?:st|nd|rd|th)\b")
_RELATIVE = re.compile(
    r"\b(?:(?P<plain>today|tonight|tomorrow|yesterday|day after tomorrow|now)"
    rf"|in (?P<ahead>{_COUNT}) (?P<ahead_unit>day|week)s?"
    rf"|(?P<ago>{_COUNT}) (?P<ago_unit>day|week)s? ago"
    rf"|a week from (?:(?P<from_today>today|now|tomorrow)|(?P<from_day>{_DAY}))"
    r"|(?P<which>this|next|last|past|coming|current|the) (?P<span>weekend|week|month)"
    rf"|(?:(?P<rel>this|next|last|past|coming|this coming|this past|on|by|for|until|before|after"
    rf"|every|of)\s+)?(?P<day>{_DAY}))\b"
)
_TIME = re.compile(
    r"\b(?:at |by |before |until |til |till )?(?:(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?"
    r"(?P<half>am|pm|a\.m\.|p\.m\.)|(?P<h24>\d{1,2}):(?P<m24>\d\d)|(?P<word>midnight"
    r"|noon))(?![a-z])"
)
_PAST = re.compile(r"\b(?:was|were|did|had|missed|covered|taught|talked|happened|went)\b")


@dataclass(frozen=True, slots=True)
class Span:
    """Days that a question speaks of, both included, and a time of day when it names one.

    `words`: the character range in the text, so that what was understood can be set aside.
    """

    first: date
    last: date
    at: time | None = None
    words: tuple[int, int] = (0, 0)

    @property
    def single(self) -> bool:
        return self.first == self.last


def find_span(text: str, today: date, years: tuple[int, int]) -> Span | None:
    """Return the days that `text` (lower case) speaks of, or None.

    `years`: first and last year of the term; a date without a year falls into them. The first
    explicit date wins over relative words.
    """
    at = _time_of(text)
    for match in _EXPLICIT.finditer(text):
        day = _explicit(match.group(), today, years)
        if day and re.search(r"\bweek (?:of|starting)\s+(?:\w+ )?$", text[: match.start()]):
            monday = day - timedelta(day.weekday())
            return Span(monday, monday + timedelta(6), at, match.span())
        if day:
            return Span(day, day, at, match.span())
    for match in _ORDINAL.finditer(text):
        day = _explicit(f"{match.group(1)} {today:%b}", today, years)
        if day:
            return Span(day, day, at, match.span())
    for match in _RELATIVE.finditer(text):
        if match["day"] and _every_week(match["day"], match["rel"]):
            continue
        first, last = _relative(match, today, past=bool(_PAST.search(text)))
        return Span(first, last, at, match.span())
    return None


def without_dates(text: str) -> str:
    """Return `text` (lower case) without the words that name days, weeks and times."""
    for pattern in (_EXPLICIT, _ORDINAL, _RELATIVE, _TIME):
        text = pattern.sub(" ", text)
    return text


def _every_week(day: str, relation: str | None) -> bool:
    """Say whether a weekday means every week, as in "fridays" or "every friday"."""
    return relation == "every" or day.endswith("days")


def _explicit(words: str, today: date, years: tuple[int, int]) -> date | None:
    # dateutil fills in what is missing from `default`: the year of the term nearest to today.
    year = min(max(today.year, years[0]), years[1])
    cleaned = re.sub(r"\bof\b", "", words)
    try:
        return dateutil_parser.parse(cleaned, default=datetime(year, 1, 1)).date()
    except (ValueError, OverflowError):
        return None


def _relative(match: re.Match[str], today: date, *, past: bool) -> tuple[date, date]:
    if match["plain"]:
        offsets = {"tomorrow": 1, "yesterday": -1, "day after tomorrow": 2}
        day = today + timedelta(offsets.get(match["plain"], 0))
        return day, day
    for name, sign in (("ahead", 1), ("ago", -1)):
        if match[name]:
            days = _count(match[name]) * _UNITS[match[f"{name}_unit"]]
            day = today + timedelta(sign * days)
            return day, day
    if match["from_today"]:
        day = today + timedelta(8 if match["from_today"] == "tomorrow" else 7)
        return day, day
    if match["from_day"]:
        day = _weekday(match["from_day"], today) + timedelta(7)
        return day, day
    if match["span"]:
        return _week(match["which"], match["span"], today)
    day = _named_day(match["rel"] or "", _weekday(match["day"], today), today, past=past)
    return day, day


def _count(words: str) -> int:
    return int(words) if words.isdigit() else _COUNTS[words]


def _weekday(name: str, today: date) -> date:
    """Return the first day called `name` from today on, today included."""
    index = next(i for i, day in enumerate(DAYS) if day.startswith(name[:3]))
    return today + timedelta((index - today.weekday()) % 7)


def _named_day(relation: str, coming: date, today: date, *, past: bool) -> date:
    """Return the weekday meant, `coming` being the first one from today on.

    "next friday" is the one of the week after this one (Monday to Sunday); a bare weekday in a
    question in the past tense is the latest one before today.
    """
    if relation in ("last", "past", "this past"):
        return coming - timedelta(7)
    if relation == "next":
        monday = today + timedelta(7 - today.weekday())
        return coming if coming >= monday else coming + timedelta(7)
    if past and relation not in ("this", "coming", "this coming") and coming > today:
        return coming - timedelta(7)
    return coming


def _week(which: str, span: str, today: date) -> tuple[date, date]:
    if span == "month":
        month = today.replace(day=1) + timedelta(32 if which == "next" else 0)
        after = month.replace(day=1) + timedelta(32)
        return month.replace(day=1), after.replace(day=1) - timedelta(1)
    monday = today - timedelta(today.weekday())
    shift = {"next": 7, "last": -7, "past": -7}.get(which, 0)
    first = monday + timedelta(shift + (5 if span == "weekend" else 0))
    return first, monday + timedelta(shift + 6)


def _time_of(text: str) -> time | None:
    match = _TIME.search(text)
    if not match:
        # "tonight" without an hour: before the day is over.
        return time(23, 59) if "tonight" in text else None
    if match["word"]:
        # "midnight" of a day is its end: that is how deadlines are spoken of.
        return time(12) if match["word"] == "noon" else time(23, 59)
    hour = int(match["hour"] or match["h24"])
    minute = int(match["minute"] or match["m24"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].startswith("p") else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None
