"""The course as data, from the front matter and home page of its Jekyll site.

Everything dated is read on the course's clock (see `front_matter.wall_clock`). What contradicts
itself is kept and reported in `Course.warnings`; whoever answers decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ds542_tutor.course import (
    Assignment,
    Course,
    Discussion,
    Event,
    Lecture,
    Link,
    Person,
    term_name,
)
from ds542_tutor.errors import SettingsError, SourceError
from ingest import terms
from ingest.cleaning import Aligned
from ingest.readers import front_matter, liquid, markdown, site_checks, site_rules
from ingest.readers.front_matter import Moment
from ingest.sources import SourceFile, SourceSet

ROLES: Final = {
    "instructors": "instructor",
    "teaching_assistants": "teaching assistant",
    "course_assistants": "course assistant",
}
ASSIGNMENT_KEY: Final = re.compile(r"\b(homework|project)[\s_]*0*(\d+)")
_TITLE: Final = re.compile(r"^(?:(?:lecture|discussion)\s*)?0*(\d+)\s*(?:--|[-–—:])\s*(.*)$", re.I)


def number_and_name(title: str) -> tuple[int | None, str]:
    """'16 - Attention' or 'Discussion 5 -- Deep nets' -> its number and the rest."""
    match = _TITLE.match(" ".join(title.split()))
    return (int(match.group(1)), match.group(2)) if match else (None, title.strip())


@dataclass(slots=True)
class _Calendar:
    """What has been read so far."""

    zone: ZoneInfo
    lectures: list[Lecture] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    discussions: list[Discussion] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    odd_offsets: dict[str, list[str]] = field(default_factory=dict)
    pages: list[site_checks.Page] = field(default_factory=list)


def read_course(sources: SourceSet) -> Course:
    """Read the calendar and the rules from the site among `sources`.

    A corpus without a site gives a `Course` that knows its name and term only.

    Raises:
        SettingsError: the time zone of the sources file does not exist.
    """
    try:
        zone = ZoneInfo(sources.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"{sources.name}: unknown timezone {sources.timezone!r}; "
            'use one like "America/New_York"'
        ) from error
    calendar = _Calendar(zone)
    pages = [file for file in sources.files if file.kind == "site" and file.site is not None]
    rules = site_rules.Rules()
    for file in pages:
        try:
            text = file.path.read_text(encoding="utf-8-sig")
            _read_file(file, text, calendar, rules)
        except (OSError, UnicodeDecodeError, SourceError) as error:
            # Reading it as a document reports the failure; the calendar does without it.
            calendar.warnings.append(f"{file.name}: left out of the calendar ({error})")
    for file in sources.files:
        if file.kind == "notes" and file.term in (None, sources.term):
            with suppress(OSError, UnicodeDecodeError):  # reported when it is read as a document
                rules.add_notes(file.path.read_text(encoding="utf-8-sig"), file.name)
    for kind, names in calendar.odd_offsets.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        calendar.warnings.append(
            f"{names[0]}{more}: {kind} dates with an offset from UTC that {sources.timezone} does "
            "not have on that day, such as -5:00 in April; the wall-clock time was kept, correct "
            "the offset"
        )
    calendar.warnings += _semester(pages, sources.term)
    calendar.warnings += rules.warnings
    calendar.warnings += rules.contradictions()
    found = Course(
        name=sources.course or sources.name,
        term=sources.term,
        timezone=sources.timezone,
        site_url=sources.site_url,
        lectures=tuple(sorted(calendar.lectures, key=lambda item: item.starts)),
        assignments=tuple(sorted(calendar.assignments, key=_due_order)),
        discussions=tuple(sorted(calendar.discussions, key=lambda item: item.day)),
        events=tuple(sorted(calendar.events, key=lambda item: item.when)),
        people=tuple(calendar.people),
        links=tuple(calendar.links),
        meetings=tuple(rules.meetings),
        statements=tuple(rules.statements),
        weights=tuple(rules.weights),
        late_penalty=rules.late_penalty,
        late_hours=rules.late_hours,
    )
    compared = site_checks.Site(
        sources.term,
        sources.site_url,
        calendar.pages,
        sources.files,
        found.lectures,
        found.assignments,
        found.discussions,
        found.events,
        found.meetings,
    )
    calendar.warnings += site_checks.check(compared)
    return replace(found, warnings=tuple(dict.fromkeys(calendar.warnings)))


def _due_order(item: Assignment) -> tuple[str, str]:
    return (item.due.isoformat() if item.due else "", item.key)


def _read_file(file: SourceFile, text: str, calendar: _Calendar, rules: site_rules.Rules) -> None:
    """Add what one file of the site says."""
    if file.path.suffix.lower() in (".yml", ".yaml"):
        value = front_matter.load_yaml(text, file.name)
        if file.path.stem == "people":
            calendar.people += _people(value, file.name)
        elif file.path.stem == "urls":
            calendar.links += _named_links(value, file.name)
        elif file.path.stem == "late_policy":
            rules.add_policies(value, file.name)
        return
    values, start = front_matter.split(text, file.name)
    folder = file.path.parent.name
    body = liquid.render(Aligned(text[start:]), front_matter.context(file.site, values)).text
    calendar.pages.append(site_checks.Page(file, values, body))
    if folder == "_lectures":
        _lecture(file, values, body, calendar)
    elif folder == "_assignments":
        _assignment(file, values, body, calendar)
    elif folder == "_discussions":
        _discussion(file, values, body, calendar)
    elif folder == "_events":
        _event(file, values, calendar)
    elif file.path.stem == "index":
        rules.add_page(list(markdown.blocks(Aligned(body))), file.name)


def _semester(pages: Sequence[SourceFile], term: str) -> Iterator[str]:
    """A site whose own settings name another term is last year's as a whole."""
    for site in dict.fromkeys(file.site for file in pages if file.site is not None):
        semester = str(front_matter.load_config(site).get("course_semester", ""))
        named = {name for name, _ in terms.mentions(semester)}
        if named and term not in named:
            yield (
                f"{site.name}/_config.yml: the site is for {semester}, but the corpus for "
                f"{term_name(term)}; fetch the current site, or correct the sources file"
            )


def _moment(value: object, kind: str, file: SourceFile, calendar: _Calendar) -> Moment | None:
    moment = front_matter.wall_clock(value, calendar.zone)
    if moment is None:
        problem = f"{value!r} is not a date" if value is not None else "it has no date"
        calendar.warnings.append(
            f"{file.name}: {problem}, so the calendar does without its {kind}; "
            "write it as 2026-02-05T15:30:00-05:00"
        )
    elif moment.offset_wrong:
        calendar.odd_offsets.setdefault(kind, []).append(file.name)
    return moment


def _lecture(file: SourceFile, values: Mapping[str, Any], body: str, calendar: _Calendar) -> None:
    moment = _moment(values.get("date"), "lecture", file, calendar)
    if moment is None:
        return
    number, name = number_and_name(str(values.get("title", file.path.stem)))
    slides = [url for label, url in _links(values) if "slides" in label.lower()]
    deck = next((url for url in slides if "://" not in url), slides[0] if slides else None)
    calendar.lectures.append(
        Lecture(
            number=number,
            title=name,
            starts=moment.when,
            source=file.name,
            tldr=_told(values.get("tldr")),
            readings=tuple(_readings(body)),
            deck=PurePosixPath(deck).name if deck else None,
            links=tuple((label, url) for label, url in _links(values)),
        )
    )


def _assignment(
    file: SourceFile, values: Mapping[str, Any], body: str, calendar: _Calendar
) -> None:
    title = " ".join(str(values.get("title", file.path.stem)).split())
    key = ASSIGNMENT_KEY.search(f"{title} {file.path.stem}".lower())
    released = _moment(values.get("date"), "assignment", file, calendar)
    event = values.get("due_event")
    due = None
    if isinstance(event, Mapping):
        due = _moment(event.get("date"), "assignment", file, calendar)
    published = front_matter.flag(values, "published", True)
    files = [str(values[name]) for name in ("pdf", "jupyter", "notebook") if values.get(name)]
    calendar.assignments.append(
        Assignment(
            key=f"{key.group(1)}{int(key.group(2))}" if key else file.path.stem,
            title=title,
            source=file.name,
            released=released.when if released else None,
            due=due.when if due else None,
            published=published,
            files=tuple(dict.fromkeys(PurePosixPath(name).name for name in files)),
            summary=_summary(body) if published else "",
        )
    )


def _discussion(
    file: SourceFile, values: Mapping[str, Any], body: str, calendar: _Calendar
) -> None:
    moment = _moment(values.get("date"), "discussion", file, calendar)
    if moment is None:
        return
    number, name = number_and_name(str(values.get("title", file.path.stem)))
    urls = [url for _, url in _links(values)] + re.findall(r"\]\(([^)\s]+\.ipynb)\)", body)
    calendar.discussions.append(
        Discussion(
            number=number,
            title=name,
            day=moment.when.date(),
            source=file.name,
            tldr=_told(values.get("tldr")),
            readings=tuple(_readings(body)),
            files=tuple(dict.fromkeys(PurePosixPath(u).name for u in urls if u.endswith(".ipynb"))),
        )
    )


def _event(file: SourceFile, values: Mapping[str, Any], calendar: _Calendar) -> None:
    moment = _moment(values.get("date"), "event", file, calendar)
    if moment is not None:
        name = str(values.get("name") or values.get("title") or file.path.stem)
        about = _told(values.get("description"))
        calendar.events.append(Event(name, moment.when, about, file.name))


def _named_links(value: Any, source: str) -> Iterator[Link]:
    for key, entry in value.items() if isinstance(value, Mapping) else ():
        url = entry.get("url") if isinstance(entry, Mapping) else entry
        name = entry.get("name", key) if isinstance(entry, Mapping) else key
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            yield Link(str(name), url, source)


def _people(value: Any, source: str) -> Iterator[Person]:
    for group, people in value.items() if isinstance(value, Mapping) else ():
        for person in people if isinstance(people, list) else []:
            if isinstance(person, Mapping) and person.get("name"):
                facts = {
                    key: str(person.get(key) or "") for key in ("email", "office", "office_hours")
                }
                role = ROLES.get(str(group), str(group).replace("_", " ").rstrip("s"))
                yield Person(name=str(person["name"]), role=role, source=source, **facts)


def _links(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    links = values.get("links")
    return [
        (str(link.get("name", "")), str(link["url"]))
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, Mapping) and link.get("url")
    ]


def _told(value: object) -> str:
    text = " ".join(str(value or "").split())
    return "" if text.upper() in ("TBD", "TBA") else text


_READINGS: Final = re.compile(
    r"\W*(?P<which>[a-z]+\s)?readings?\b.{0,20}:?\W*$|\W*(?P<other>extra|optional):\W*$", re.I
)
# What a list of readings may be called without its items being any less to be read.
_PLAIN: Final = ("", "suggested", "required", "recommended", "assigned", "pre-class")


def _readings(body: str) -> Iterator[str]:
    """The lists under "Readings", one line each, without links; extra ones say so."""
    under, mark = False, ""
    for block in markdown.blocks(Aligned(body)):
        for row in block.text.text.split("\n"):
            label = _READINGS.match(row) if len(row) < 60 else None
            if label and not re.match(r"\s*-\s", row):
                which = (label["which"] or label["other"] or "").strip().lower()
                under, mark = True, "" if which in _PLAIN else f"{which.capitalize()}: "
            elif under and re.match(r"\s*-\s", row):
                text = " ".join(row.strip(" -").split())
                if _told(text):
                    yield text if text.lower().startswith(mark.lower()[:-2]) else mark + text
            elif row.strip() and not row.startswith(" "):
                under = False


def _summary(body: str) -> str:
    texts = [b.text.text for b in markdown.blocks(Aligned(body)) if b.kind == "text"]
    return " ".join(" ".join(texts).split())
