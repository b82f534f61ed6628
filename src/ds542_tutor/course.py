"""The course as data: lectures, assignments, discussions, events, people, rules of lateness.

Built by `ingest` from the course site's front matter, kept as JSON inside a generation of the
index. `calendar` computes answers from it; this module holds values and their JSON form only.
Every value knows the file it comes from (`source`, relative to the materials root), because an
answer cites it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")

_SEASONS = {"sp": "Spring", "su": "Summer", "fa": "Fall", "wi": "Winter"}
_BEFORE_TERM = 30  # days before the first lecture on which work may be given out


@dataclass(frozen=True, slots=True)
class Lecture:
    """One lecture. `number` is what its title says; `starts` is aware, in the course's zone.

    `readings` are the readings as one-line texts; `deck` is the file name of its slides; `links`
    are its page's (name, address), slides and recording among them.
    """

    number: int | None
    title: str
    starts: datetime
    source: str
    tldr: str = ""
    readings: tuple[str, ...] = ()
    deck: str | None = None
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Homework or project. `key`: "homework2", "project1". Unpublished ones are tentative.

    `files`: names of the files that pose it (notebook, PDF), without folders.
    """

    key: str
    title: str
    source: str
    released: datetime | None = None
    due: datetime | None = None
    published: bool = True
    files: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Discussion:
    """One discussion section meeting; its work is due at the end of its day."""

    number: int | None
    title: str
    day: date
    source: str
    tldr: str = ""
    readings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something else on the calendar, such as the start of spring recess."""

    name: str
    when: datetime
    description: str
    source: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff. `role`: "instructor", "teaching assistant", "course assistant"."""

    name: str
    role: str
    source: str
    email: str = ""
    office: str = ""
    office_hours: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A weekly meeting, times as the site has them. `name`: "Lectures (A1)", for instance."""

    name: str
    days: str
    time: str
    location: str
    source: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page elsewhere that the course uses, by its name: "Piazza", "Gradescope"."""

    name: str
    url: str
    source: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the rules (late policy, grading weights, regrades), as the site words it."""

    topic: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Course:
    """All that is known of the course's calendar and rules.

    Attributes:
        name, term: "DS542", "sp2026". timezone: IANA name.
        late_penalty: fraction lost by a late submission. late_hours: how long one is accepted.
        weights: (what, percent) of the grade, with their source in `statements` (topic "grading").
        warnings: inconsistencies found while reading, for staff.
    """

    name: str
    term: str
    timezone: str = "America/New_York"
    site_url: str = ""
    lectures: tuple[Lecture, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    discussions: tuple[Discussion, ...] = ()
    events: tuple[Event, ...] = ()
    people: tuple[Person, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    links: tuple[Link, ...] = ()
    statements: tuple[Statement, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    late_penalty: float | None = None
    late_hours: float | None = None
    warnings: tuple[str, ...] = ()

    def withholds(self, assignment: str | None, file: str, out: Collection[str] = ()) -> bool:
        """Whether the work with this key, or posed by the file of this name, is not published yet.

        The policy must know such work; no answer may show it, unless its key is in `out`, see
        `out_by_date`. The pages of the site that announce it are not meant: they tell dates only.
        """
        return any(
            not work.published
            and work.key not in out
            and (work.key == assignment or file in work.files)
            for work in self.assignments
        )

    def unpublished(self, keys: Sequence[str | None]) -> Assignment | None:
        """Return the first assignment with one of these keys that is not published yet."""
        found = (work for work in self.assignments if work.key in keys and not work.published)
        return next(found, None)

    def out_by_date(self, now: datetime) -> tuple[str, ...]:
        """Return the keys of work whose planned release has come although its page is not out.

        `now` is taken to be in the course's zone when naive. A date from before the term is a
        leftover of another one.
        """
        begins = min((lecture.starts for lecture in self.lectures), default=None)
        earliest = begins - timedelta(_BEFORE_TERM) if begins else None
        moment = now if now.tzinfo else now.replace(tzinfo=ZoneInfo(self.timezone))
        return tuple(
            work.key
            for work in self.assignments
            if not work.published
            and work.released
            and work.released <= moment
            and (earliest is None or work.released >= earliest)
        )


def term_name(term: str) -> str:
    """Return "Fall 2025" for "fa2025"; other spellings stay as they are."""
    season, year = term[:2].lower(), term[2:]
    return f"{_SEASONS[season]} {year}" if season in _SEASONS and year.isdigit() else term


def to_json(value: Any) -> Any:
    """Turn dataclasses, tuples, dates and their nestings into JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


def from_json(kind: type[T], data: Any) -> T:
    """Rebuild a dataclass of `kind` from `to_json`'s output, following its type hints."""
    return typing.cast(T, _build(kind, data))


def _build(kind: Any, data: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in arguments if a is not type(None)]
        return None if data is None else _build(inner[0], data)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_build(arguments[0], item) for item in data)
        return tuple(_build(a, item) for a, item in zip(arguments, data, strict=True))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = {f.name for f in dataclasses.fields(kind)}
        return kind(**{k: _build(hints[k], v) for k, v in data.items() if k in names})  # type: ignore[operator]
    if kind is datetime:
        return datetime.fromisoformat(data)
    if kind is date:
        return date.fromisoformat(data)
    return data
