"""A course site kept as a Jekyll folder: each page and data file as the text that students see.

Front matter becomes sentences ("Due Thursday, February 5, 2026, 11:59 pm."), Liquid loops are
run, and pages that are not published keep their title and dates only. The calendar as data is
`ingest.readers.site_course`'s business, and `read_course` is its door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ds542_tutor.documents import Document, Locator, Segment
from ingest import cleaning
from ingest.cleaning import Aligned
from ingest.readers import common, front_matter, liquid, markdown
from ingest.readers.site_course import (
    ASSIGNMENT_KEY,
    ROLES,
    number_and_name,
    read_course,
)
from ingest.sources import SourceFile

__all__ = ["read", "read_course"]

# Front matter dates are wall-clock times; for sentences the zone does not matter.
_ZONE: Final = ZoneInfo("UTC")
_DATA_TITLES: Final = {"people": "Staff", "late_policy": "Late policy", "urls": "Links"}


def read(source: SourceFile) -> Document:
    """Read one file of a site.

    Raises:
        SourceError: it is not UTF-8 text, or its YAML cannot be read.
        EmptySourceError: it says nothing.
    """
    text = common.read_text(source)
    if source.path.suffix.lower() in (".yml", ".yaml"):
        return _data_file(source, text)
    values, start = front_matter.split(text, source.name)
    title, segments = _front_matter(source, values)
    if front_matter.flag(values, "published", True):
        body = Aligned.of_page(text, 0)[start:]
        shown = liquid.render(body, front_matter.context(source.site, values))
        shown = shown.sub(re.compile(r"^\s*[*-] TOC\s*$|\{:[^}\n]*\}", re.M), "")
        segments += [
            markdown.segment(block, 0, None)
            for block in markdown.blocks(shown)
            if block.text.text.strip()
        ]
    document = common.build(source, segments, title)
    number, _ = number_and_name(str(values.get("title", "")))
    key = ASSIGNMENT_KEY.search(f"{values.get('title', '')} {source.path.stem}".lower())
    kind = _type(source)
    return replace(
        document,
        lecture=number if kind == "lectures" else None,
        assignment=f"{key.group(1)}{int(key.group(2))}" if key and kind == "assignments" else None,
    )


def _type(source: SourceFile) -> str:
    """Which collection a page belongs to: 'lectures', 'assignments', ...; '' for a plain page."""
    parent = source.path.parent.name
    return parent[1:] if parent.startswith("_") else ""


def _front_matter(source: SourceFile, values: Mapping[str, Any]) -> tuple[str, list[Segment]]:
    """The page's title and, for a page of a collection, its facts as sentences."""
    title = " ".join(str(values.get("title") or values.get("name") or "").split())
    kind = _type(source)
    if not kind:
        default = "Syllabus" if source.path.stem == "index" else source.path.stem.title()
        return f"Course site: {title or default}", []
    number, name = number_and_name(title)
    if kind == "lectures":
        title = f"Lecture {number}: {name}" if number is not None else title
    sentences = [f"{title}.", *_dates(kind, values)]
    published = front_matter.flag(values, "published", True)
    if not published:
        sentences.insert(1, "Not published yet: its dates are tentative.")
    about = values.get("tldr") if published else None
    sentences += [str(value) for value in (about, values.get("description")) if _tells(value)]
    if published:
        sentences += _links(values)
    text = " ".join(" ".join(sentences).split())
    return f"Course site: {title}", [Segment(text, Locator(), "front_matter")]


def _tells(value: object) -> bool:
    return bool(value) and str(value).strip().upper() not in ("TBD", "TBA")


def _dates(kind: str, values: Mapping[str, Any]) -> Iterator[str]:
    date = front_matter.wall_clock(values.get("date"), _ZONE)
    event = values.get("due_event")
    due = front_matter.wall_clock(event.get("date"), _ZONE) if isinstance(event, Mapping) else None
    if date is not None and kind == "assignments":
        yield f"Released {front_matter.day(date.when)}."
    elif date is not None:
        yield f"{front_matter.day_and_time(date.when)}."
    if kind == "discussions" and date is not None:
        yield "Its notebook is handed in by the end of that day."
    if due is not None:
        yield f"Due {front_matter.day_and_time(due.when)}."


def _links(values: Mapping[str, Any]) -> Iterator[str]:
    links = values.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("url"):
            url = str(link["url"])
            shown = url if "://" in url else Path(url).name
            name = str(link.get("name") or "link").strip()
            yield f"{name[:1].upper()}{name[1:]}: {shown}."
    for key in ("pdf", "jupyter"):
        if values.get(key):
            yield f"File: {Path(str(values[key])).name}."


def _data_file(source: SourceFile, text: str) -> Document:
    """A data file as sentences; those that stand in the file word by word keep their places."""
    value = front_matter.load_yaml(text, source.name)
    whole = Aligned.of_page(text, 0)
    segments: list[Segment] = []
    for sentence in _sentences(source.path.stem, value):
        at = text.find(sentence)
        found = whole[at : at + len(sentence)] if at >= 0 else Aligned(sentence)
        start, end = found.span(0)
        segments.append(Segment(found.text, Locator(start=start, end=end), "text", found.runs()))
    title = _DATA_TITLES.get(source.path.stem, common.title_from_stem(source.path.stem))
    return common.build(source, segments, f"Course site: {title}")


def _sentences(stem: str, value: Any) -> Iterator[str]:
    if stem == "people" and isinstance(value, Mapping):
        for group, people in value.items():
            role = ROLES.get(str(group), str(group).replace("_", " ").rstrip("s"))
            for person in people if isinstance(people, list) else []:
                if isinstance(person, Mapping) and person.get("name"):
                    yield _person(role, person)
        return
    if isinstance(value, Mapping) and all(isinstance(item, Mapping) for item in value.values()):
        for item in value.values():
            if item.get("name") and item.get("url"):
                yield f"{item['name']}: {item['url']}"
        return
    yield from _texts(value)


def _person(role: str, person: Mapping[str, Any]) -> str:
    facts = [f"{role[:1].upper()}{role[1:]}: {person['name']}"]
    facts += [
        f"{label} {person[key]}"
        for key, label in (
            ("email", "e-mail"),
            ("office", "office"),
            ("office_hours", "office hours"),
        )
        if person.get(key)
    ]
    return ", ".join(facts) + "."


def _texts(value: Any) -> Iterator[str]:
    """Every text in a nested value, in order."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and len(cleaning.fold(value)) > 1:
        yield value
