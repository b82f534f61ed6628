"""Dates and times in a student's words, as days and moments of the course's zone.

Explicit dates are read by dateutil; relative ones ("this friday", "in two weeks") are counted from
the moment of the question, and names such as "spring break" come from the course's own calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from dateutil import parser as dateutil_parser
from dateutil import relativedelta

from ds542_tutor.calendar_answers.clock_times import TIME, time_of
from ds542_tutor.calendar_answers.weekdays import DAYS, named_day, week, weekday

Relation = Literal["", "before", "after"]

_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)(?:day|s|sday|rs|rsday|nesday|urday|r|sdays|days)?s?"
_MONTHS = "january february march april may june july august september october november december"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:r?uary|r)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "couple": 2, "fourteen": 14,
    "a couple of": 2, "a couple": 2, "half an": 0.5, "a few": 3,
}  # fmt: skip
_COUNT = r"(?:\d{1,3}|" + "|".join(sorted(_COUNTS, key=len, reverse=True)) + ")"
_UNITS = {
    "day": timedelta(1), "week": timedelta(7),
    "hour": timedelta(hours=1), "minute": timedelta(minutes=1),
}  # fmt: skip
_UNIT = r"(?:day|week|hour|minute)"

_EXPLICIT = (
    rf"{_MONTH} ?\d{{1,2}}(?:st|nd|rd|th)?(?:,? 20\d\d)?\b"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?: 20\d\d)?(?![a-z])"
    r"|20\d\d-\d{1,2}-\d{1,2}\b|(?<![\d/.])\d{1,2}/\d{1,2}(?:/(?:20)?\d\d)?(?![\d/.])"
)
_DATES = re.compile(
    r"(?<!\w)(?:"
    rf"(?P<explicit>{_EXPLICIT})"
    rf"|(?:(?P<ordinal_day>{_DAY}),? )?(?:the |on )(?P<ordinal>\d{{1,2}})(?:st|nd|rd|th)\b"
    r"(?! (?:lecture|class|hw|project|discussion|chapter|question|problem|slide))"
    r"|(?P<plain>today|tonight|this (?:evening|afternoon|morning)|tomorrow|yesterday|(?:the )?day "
    r"after tomorrow"
    r"|(?:the )?day before yesterday|right now)\b"
    rf"|(?:in|within|after) (?P<ahead>{_COUNT})(?: more)? (?P<ahead_unit>{_UNIT})s?\b(?! late)"
    rf"|(?P<ago>{_COUNT}) (?P<ago_unit>{_UNIT})s? ago\b"
    rf"|(?P<from>{_COUNT}) (?P<from_unit>day|week|hour)s? from "
    rf"(?:(?P<from_today>today|now|tomorrow)|(?:this |next |coming )?(?P<from_day>{_DAY}))\b"
    rf"|(?:in |over |within |for |during )?(?:the )?(?:next|coming|following) (?P<within>{_COUNT}) "
    r"(?P<within_unit>day|week)s?\b"
    r"|(?P<week_after>(?:the )?week after next|next next week)\b"
    r"|(?P<which>this|next|last|past|coming|current|the|over the|rest of the) "
    r"(?P<span>weekend|week|month)\b(?! (?:after|before|of|starting|beginning|following)\b)"
    rf"|(?P<day_next_week>{_DAY}) (?P<which_week>next|this|last) week\b"
    rf"|(?P<month>(?:in|during|for|of|month of|throughout|through|this|until|before|after|by|early"
    rf"|late) "
    rf"(?:{_MONTHS.replace(' ', '|')}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec))\b(?! ?\d)"
    r"|(?P<holiday>valentine\w*(?: day)?|president\w* day|patriot\w* day|(?:st|saint)\.? "
    r"patrick\w*(?: day)?|april fools?\w*(?: day)?|mlk day|marathon monday)\b"
    rf"|(?:(?P<rel>this coming|this past|this|next|last|past|coming|on|by|for|until|before|after"
    rf"|every|of|since)\s+)?(?P<day>{_DAY})\b"
    r")"
)
_NAMING = tuple(re.compile(pattern.pattern, pattern.flags | re.I) for pattern in (_DATES, TIME))
_PAST = re.compile(
    r"\b(?:was|were|did|had|missed|covered|taught|talked|happened|went|turned|handed|submitted|uploaded"
    r"|sent|didnt|overslept|forgotten|failed to"
    r"|forgot(?! (?:when|what|which|where|if|whether|how|who)))\b"
)
_BEFORE = re.compile(
    r"\b(?:before|by|until|till|til|up to|prior to|ahead of|no later than)(?: the)? ?$"
)
_AFTER = re.compile(r"\b(?:after|since|following|past|starting|beyond)(?: the)? ?$")
_FROM = re.compile(r"\b(?:between|from)(?: the)? ?$")
_TO = re.compile(r"^ ?(?:and|to|-|–|through|thru|until|till)(?: the)? ?$")
_TO_ALONE = re.compile(r"^ ?(?:to|-|–|through|thru)(?: the)? ?$")  # needs no "from"
_SAME_DAY = re.compile(r"^,? ?(?:the |on )?$")  # "monday, march 9"
_WEEK_OF = re.compile(r"\bweek (?:of|starting|beginning)(?: the)? ?(?:\w+ )?$")
_WEEK_AFTER = re.compile(r"\bweek (?:after|following)(?: the)? ?$")
_DAY_BESIDE = re.compile(r"\b(?:last |first )?day (before|after|of)(?: the)? ?$")
_WEEK_BEFORE = re.compile(r"\bweek before(?: the)? ?$")

_RELATIONS: Final[dict[str, Relation]] = {
    "before": "before", "by": "before", "until": "before", "after": "after",
}  # fmt: skip

Named = Mapping[str, tuple[date, date]]
"""Words of the course's calendar, as a pattern, with the days they mean."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days that a question speaks of, both included, and a time of day when it names one.

    Attributes:
        words: the character range in the text, so that what was understood can be set aside.
        relation: "before" or "after" when the question means the days up to these, or from them.
        loose: an exact day stands for the days around it, as in "in two weeks".
    """

    first: date
    last: date
    at: time | None = None
    words: tuple[int, int] = (0, 0)
    relation: Relation = ""
    loose: bool = False

    @property
    def single(self) -> bool:
        return self.first == self.last


def find_spans(
    text: str, now: datetime, years: tuple[int, int], named: Named | None = None
) -> list[Span]:
    """Return the days that `text` (lower case) speaks of, in order; ranges count as one.

    `years`: first and last year of the term; a date without a year falls into them. `named`: see
    `Named`.
    """
    kept: list[Span] = []
    found = (*_dated(text, now, years), *_named(text, named or {}))
    for span in sorted(found, key=lambda s: s.words):
        if not kept or span.words[0] >= kept[-1].words[1]:  # else inside the one before
            span = _beside(kept[-1], span, text) if kept else span
            joined = _joined(kept[-1], span, text) if kept else None
            if joined:
                kept[-1] = joined
            else:
                kept.append(_related(span, text[: span.words[0]]))
    kept = [span for span in kept if not _told_twice(span, kept, text)]
    at, at_words = time_of(text)
    tonight = any("tonight" in text[s.words[0] : s.words[1]] for s in kept)
    if at and at.hour < 5 and tonight and not re.search(r"\bmidnight|noon", at_words):
        # "tonight at 1 am" is after midnight: the day after.
        kept = [replace(s, first=s.first + timedelta(1), last=s.last + timedelta(1)) for s in kept]
    if at is None and tonight:
        at = time(23, 59)  # before the day is over
    return [replace(span, at=span.at or at) for span in kept]


def _told_twice(span: Span, spans: list[Span], text: str) -> bool:
    """Whether a bare weekday only belongs to a date elsewhere: "friday discussion on march 6"."""
    words = text[span.words[0] : span.words[1]]
    return re.fullmatch(_DAY, words) is not None and any(
        other.single and other is not span and other.first.weekday() == span.first.weekday()
        and re.search(r"\d", text[other.words[0] : other.words[1]])
        for other in spans
    )  # fmt: skip


def without_dates(text: str) -> str:
    """Return `text`, in any case, without the words that name days, weeks and times."""
    for pattern in _NAMING:
        text = pattern.sub(" ", text)
    return text


def _beside(one: Span, two: Span, text: str) -> Span:
    """Read "next tuesday and thursday": the second day follows the first."""
    gap = text[one.words[1] : two.words[0]]
    if gap in (" and ", " or ", " & ") and one.single and two.single:
        days = (one.first - two.first).days
        if 0 < days <= 7:
            return replace(two, first=two.first + timedelta(7), last=two.last + timedelta(7))
    return two


def _joined(one: Span, two: Span, text: str) -> Span | None:
    """Return what two neighbouring spans mean together, as "feb 3 to feb 9", else None."""
    gap = text[one.words[1] : two.words[0]]
    words = (one.words[0], two.words[1])
    if _SAME_DAY.match(gap) and one.single:
        # "monday, march 9": the date says more; "by sunday 4/26": what stands before holds.
        return replace(two, words=words, relation=one.relation or two.relation)
    if gap == " of " and one.single and (two.last - two.first).days == 6:
        day = two.first + timedelta((one.first - two.first).days % 7)  # "tuesday of next week"
        return replace(one, first=day, last=day, words=words)
    if _TO_ALONE.match(gap) or (_TO.match(gap) and _FROM.search(text[: one.words[0]])):
        return replace(one, last=max(two.last, one.first), words=words)
    return None


def _related(span: Span, before: str) -> Span:
    """Read the words before a date: "week of", "before", "after"."""
    monday = span.first - timedelta(span.first.weekday())
    if _WEEK_OF.search(before):
        return replace(span, first=monday, last=monday + timedelta(6))
    beside = _DAY_BESIDE.search(before)
    if beside and beside.group(1) != "of":
        day = span.first - timedelta(1) if beside.group(1) == "before" else span.last + timedelta(1)
        return replace(span, first=day, last=day)
    if _WEEK_AFTER.search(before):
        after = span.last - timedelta(span.last.weekday()) + timedelta(7)
        return replace(span, first=after, last=after + timedelta(6))
    if _WEEK_BEFORE.search(before):
        return replace(span, first=monday - timedelta(7), last=monday - timedelta(1))
    if _BEFORE.search(before):
        return replace(span, relation="before")
    return replace(span, relation="after") if _AFTER.search(before) else span


def _named(text: str, named: Named) -> Iterator[Span]:
    for pattern, (first, last) in named.items():
        for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text):
            yield Span(first, last, words=match.span())


def _dated(text: str, now: datetime, years: tuple[int, int]) -> Iterator[Span]:
    past = bool(_PAST.search(text))
    for match in _DATES.finditer(text):
        if match["day"] and (match["rel"] == "every" or match["day"].endswith("days")):
            continue  # "fridays", "every friday": the days of every week
        if match["day"] and re.search(r"\b(?:what|which) ?$", text[: match.start()]):
            continue  # "on which friday": asked for, not said
        group = next(name for name in _READERS if match[name])
        found = _READERS[group](match, now, years, past)
        if found is not None:
            span = replace(found, words=match.span())
            word = (match["rel"] or (match["month"] or "").split(" ")[0]) or ""
            if re.search(r"\b(?:rest|remainder) ?$", text[: match.start()]):
                span = replace(span, first=max(span.first, min(now.date(), span.last)))
            yield replace(span, relation=_RELATIONS.get(word, ""))


_Reader = Callable[[re.Match[str], datetime, tuple[int, int], bool], Span | None]


def _day(day: date | None) -> Span | None:
    return Span(day, day) if day else None


def _explicit(words: str, today: date, years: tuple[int, int]) -> date | None:
    # dateutil fills in what is missing from `default`: the year of the term nearest to today.
    year = min(max(today.year, years[0]), years[1])
    cleaned = re.sub(r"\b(?:of|the)\b", "", words)
    try:
        return dateutil_parser.parse(cleaned, default=datetime(year, 1, 1)).date()
    except (ValueError, OverflowError):
        return None


def _read_ordinal(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    """Read "the 24th": of this month, of the next when long past, or where the weekday fits."""
    today, number = now.date(), int(match["ordinal"])
    months = [today.replace(day=1) + relativedelta.relativedelta(months=i) for i in (0, 1, -1, 2)]
    days = [m.replace(day=number) for m in months if _in_month(m, number)]
    if match["ordinal_day"]:
        fits = [d for d in days if DAYS[d.weekday()].startswith(match["ordinal_day"][:3])]
        days = fits or days
    elif not past:
        days = [d for d in days if d >= today - timedelta(10)] or days
    return _day(days[0]) if days else None


def _in_month(month: date, number: int) -> bool:
    return 1 <= number <= (month + relativedelta.relativedelta(months=1) - month).days


def _read_plain(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    words = match["plain"].removeprefix("the ")
    offsets = {
        "tomorrow": 1, "yesterday": -1, "day after tomorrow": 2, "day before yesterday": -2,
    }  # fmt: skip
    span = _day(now.date() + timedelta(offsets.get(words, 0)))
    return replace(span, at=now.time()) if span and words == "right now" else span


def _read_distance(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    """Read "in two weeks", "36 hours ago", "three days from tomorrow"."""
    name = next(n for n in ("ahead", "ago", "from") if match[n])
    start = now
    if name == "from" and match["from_today"] == "tomorrow":
        start = now + timedelta(1)
    elif name == "from" and match["from_day"]:
        start = datetime.combine(weekday(match["from_day"], now.date()), now.time(), now.tzinfo)
    unit = match[f"{name}_unit"]
    step = _count(match[name]) * _UNITS[unit] * (-1 if name == "ago" else 1)
    if unit in ("day", "week"):
        day = start.date() + step
        return Span(day, day, loose=unit == "week" and name != "from")
    # Hours are counted on the real clock, also across a change of the clocks.
    moment = (start.astimezone(UTC) + step).astimezone(start.tzinfo)
    return Span(moment.date(), moment.date(), moment.time().replace(second=0, microsecond=0))


def _read_week(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    today = now.date()
    if match["week_after"]:
        monday = today - timedelta(today.weekday()) + timedelta(14)
        return Span(monday, monday + timedelta(6))
    if match["day_next_week"]:
        first, _ = week(match["which_week"], "week", today)
        monday = first - timedelta(first.weekday()) if first.weekday() < 6 else first + timedelta(1)
        index = next(i for i, day in enumerate(DAYS) if day.startswith(match["day_next_week"][:3]))
        return _day(monday + timedelta(index))
    first, last = week(match["which"], match["span"], today)
    return Span(today, last) if match["which"] == "rest of the" else Span(first, last)


def _read_month(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    name = match["month"].rpartition(" ")[2]
    number = next(i for i, m in enumerate(_MONTHS.split(), 1) if m.startswith(name[:3]))
    year = min(max(now.year, years[0]), years[1])
    first = date(year, number, 1)
    return Span(first, first + relativedelta.relativedelta(months=1) - timedelta(1))


def _read_holiday(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    """Read a day that Boston names: they are dates, whatever the course does on them."""
    year, words = min(max(now.year, years[0]), years[1]), match["holiday"]
    third_monday = relativedelta.relativedelta(weekday=relativedelta.MO(3))
    days = {
        "valentine": date(year, 2, 14), "president": date(year, 2, 1) + third_monday,
        "patriot": date(year, 4, 1) + third_monday, "marathon": date(year, 4, 1) + third_monday,
        "st": date(year, 3, 17), "saint": date(year, 3, 17), "april": date(year, 4, 1),
        "mlk": date(year, 1, 1) + third_monday,
    }  # fmt: skip
    return _day(next(day for name, day in days.items() if words.startswith(name)))


def _read_day(
    match: re.Match[str], now: datetime, years: tuple[int, int], past: bool
) -> Span | None:
    coming = weekday(match["day"], now.date())
    past = past or match["rel"] == "since"
    return _day(named_day(match["rel"] or "", coming, now.date(), past=past))


_READERS: Final[dict[str, _Reader]] = {
    "explicit": lambda match, now, years, past: _day(
        _explicit(match["explicit"], now.date(), years)
    ),
    "ordinal": _read_ordinal,
    "plain": _read_plain,
    "ahead": _read_distance,
    "ago": _read_distance,
    "from": _read_distance,
    "within": lambda match, now, years, past: Span(
        now.date(), now.date() + _count(match["within"]) * _UNITS[match["within_unit"]]
    ),
    "week_after": _read_week,
    "which": _read_week,
    "day_next_week": _read_week,
    "month": _read_month,
    "holiday": _read_holiday,
    "day": _read_day,
}


def _count(words: str) -> float:
    return int(words) if words.isdigit() else _COUNTS[words]
