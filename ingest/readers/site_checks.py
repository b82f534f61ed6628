"""What contradicts itself on a course site: dates, weekdays, numbers and links.

Each finding is one line for staff: the file, what is wrong, what to do. Nothing is corrected here,
and what a site may well mean (a free week, a second deck) is not reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from ds542_tutor.course import Assignment, Discussion, Event, Lecture, Meeting, term_name
from ingest import terms
from ingest.readers.front_matter import day, day_and_time
from ingest.sources import SourceFile

# Links to these are links to files; others may be pages, which a site makes itself.
_FILES: Final = frozenset(".pdf .ipynb .pptx .ppt .zip .py .sh .tex .txt .csv .tsv .docx".split())
_FILE_KEYS: Final = ("pdf", "latex", "jupyter", "notebook", "colab", "url")
_MARKDOWN_LINK: Final = re.compile(
    r"\[([^\]\[\n]*)\]\(<?([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)?)>?\)"
)
_HREF: Final = re.compile(
    r"<a\b[^>]{0,200}?\bhref=[\"']([^\"'\s]+)[\"'][^>]*>([^<\n]{0,200})", re.I
)
_COLAB: Final = "https://colab.research.google.com/github/"
_WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_PAST: Final = re.compile(r"\b(previous|last|earlier|past|former|archive)", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site: its front matter and its own text, Liquid run."""

    file: SourceFile
    values: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Site:
    """All that is compared. `files`: of the whole corpus, its decks among them."""

    term: str
    url: str
    pages: Sequence[Page]
    files: Sequence[SourceFile]
    lectures: Sequence[Lecture]
    assignments: Sequence[Assignment]
    discussions: Sequence[Discussion]
    events: Sequence[Event]
    meetings: Sequence[Meeting]


@dataclass(frozen=True, slots=True)
class _Dated:
    """Something that takes place: what it is called, when, and the file that says so."""

    what: str
    when: datetime
    source: str


def check(site: Site) -> Iterator[str]:
    """Everything that contradicts itself, one line each."""
    lectures = [_Dated(_name("lecture", x), x.starts, x.source) for x in site.lectures]
    discussions = [
        _Dated(_name("discussion", x), datetime(x.day.year, x.day.month, x.day.day), x.source)
        for x in site.discussions
    ]
    yield from _clashes("lectures", lectures)
    yield from _clashes("discussions", discussions)
    yield from _numbers("lecture", [(x.number, x.source) for x in site.lectures])
    yield from _numbers("discussion", [(x.number, x.source) for x in site.discussions])
    dues = [_Dated(f"{x.key} is due", x.due, x.source) for x in site.assignments if x.due]
    starts = [
        _Dated(f"{x.key} is released", x.released, x.source) for x in site.assignments if x.released
    ]
    events = [_Dated(f'"{x.name}"', x.when, x.source) for x in site.events]
    yield from _in_recess([*lectures, *discussions, *dues], site.events)
    yield from _out_of_term([*lectures, *discussions, *events, *starts, *dues], site.term)
    for work in site.assignments:
        if work.released and work.due and work.released > work.due:
            yield (
                f"{work.source}: released {day_and_time(work.released)}, after it is due "
                f"({day_and_time(work.due)}); correct one of the dates"
            )
    yield from _meeting_days(lectures, site.meetings, "lecture")
    yield from _meeting_days(discussions, site.meetings, "discussion")
    for page in site.pages:
        yield from _weekdays(page, site.term)
    yield from _links(site)
    yield from _decks(site)


def _name(kind: str, item: Lecture | Discussion) -> str:
    return f"{kind} {item.number}" if item.number is not None else f'{kind} "{item.title}"'


# --- dates ---------------------------------------------------------------------------------------


def _clashes(kind: str, meetings: Iterable[_Dated]) -> Iterator[str]:
    days: dict[object, list[_Dated]] = {}
    for meeting in meetings:
        days.setdefault(meeting.when.date(), []).append(meeting)
    for found in days.values():
        if len(found) > 1:
            others = " and ".join(PurePosixPath(item.source).name for item in found[1:])
            names = {item.what for item in found}
            numbered = f", all of them {names.pop()}" if len(names) == 1 else ""
            yield (
                f"{found[0].source} and {others}: {len(found)} {kind} on one day, "
                f"{day(found[0].when)}{numbered}; correct the dates, or keep one of the pages"
            )


def _numbers(kind: str, numbered: Sequence[tuple[int | None, str]]) -> Iterator[str]:
    """Numbers that are left out, or run against the dates."""
    known = [(number, source) for number, source in numbered if number is not None]
    numbers = {number for number, _ in known}
    if not numbers:
        return
    gaps = sorted(set(range(min(numbers), max(numbers))) - numbers)
    # A site that shows some lectures only has many gaps and means them.
    if 0 < len(gaps) <= len(numbers) // 4:
        folder = PurePosixPath(known[0][1]).parent
        yield (
            f"{folder}: there is no {kind} {' and no '.join(map(str, gaps))} between {kind} "
            f"{min(numbers)} and {kind} {max(numbers)}; add the page or number the others anew"
        )
    for (before, _), (after, source) in pairwise(known):
        if after < before:
            yield (
                f"{source}: {kind} {after} comes after {kind} {before}; "
                "correct its date or its number"
            )


def recesses(events: Iterable[Event]) -> Iterator[tuple[datetime, datetime]]:
    """Pairs of "Start of ... recess" and the next "End of ..."."""
    began: datetime | None = None
    for event in sorted(events, key=lambda item: item.when):
        if re.match(r"(start|begin)", event.name, re.I):
            began = event.when
        elif began is not None and re.match(r"end", event.name, re.I):
            yield began, event.when
            began = None


def _in_recess(dated: Iterable[_Dated], events: Iterable[Event]) -> Iterator[str]:
    spans = [(a.date(), b.date()) for a, b in recesses(events)]
    for item in dated:
        if any(first <= item.when.date() <= last for first, last in spans):
            verb = item.what if item.what.endswith("due") else f"{item.what} takes place"
            yield (
                f"{item.source}: {verb} on {day(item.when)}, which is in the recess; "
                "correct the date, or tell students that it is meant"
            )


def _out_of_term(dated: Iterable[_Dated], term: str) -> Iterator[str]:
    span = terms.window(term)
    for item in dated:
        if span is not None and not span[0] <= item.when.date() <= span[1]:
            yield (
                f"{item.source}: {item.what} on {day(item.when)}, outside {term_name(term)}; "
                "correct the date"
            )


def _meeting_days(dated: Iterable[_Dated], meetings: Iterable[Meeting], kind: str) -> Iterator[str]:
    """Those on a weekday on which the home page says that the course does not meet."""
    days = " ".join(m.days for m in meetings if kind in m.name.lower())
    weekly = [name for name in _WEEKDAYS if re.search(rf"\b{name}", days, re.I)]
    for item in dated:
        name = _WEEKDAYS[item.when.weekday()]
        if weekly and name not in weekly:
            yield (
                f"{item.source}: {item.what} is on a {name} ({day(item.when)}), but {kind}s are "
                f"on {' and '.join(f'{d}s' for d in weekly)}; correct the date, or say that it is "
                "meant"
            )


def _weekdays(page: Page, term: str) -> Iterator[str]:
    """Dates in the words of a page whose weekday is another one."""
    year = int(term[2:]) if terms.window(term) else None
    words = "\n".join((*_texts(page.values), page.text))
    for dated in dict.fromkeys(terms.dates(words)):
        named = dated.year or year
        if dated.weekday is not None and named and terms.on(dated, named) is None:
            try:
                right = f"is a {datetime(named, dated.month, dated.day):%A}"
            except ValueError:
                right = "does not exist"
            yield (f'{page.file.name}: "{dated.text}" {right}; correct the weekday or the date')


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


# --- links ---------------------------------------------------------------------------------------


def links(page: Page) -> dict[str, str]:
    """Every address that a page links, from its front matter and its text, with its words."""
    found: dict[str, str] = {}
    listed = page.values.get("links")
    for item in (*(listed if isinstance(listed, list) else ()), page.values):
        if isinstance(item, Mapping):
            for key in _FILE_KEYS:
                if isinstance(item.get(key), str):
                    found.setdefault(item[key], str(item.get("name") or ""))
    for match in _MARKDOWN_LINK.finditer(page.text):
        found.setdefault(match.group(2), match.group(1))
    for match in _HREF.finditer(page.text):
        found.setdefault(match.group(1), match.group(2))
    return found


def _links(site: Site) -> Iterator[str]:
    """Links to files that are not there, and to another term's pages."""
    decks = {lecture.source: lecture for lecture in site.lectures}
    linked = _linked_names(site)
    elsewhere: dict[tuple[str, str], list[str]] = {}
    for page in site.pages:
        local = _to_path(site, page.file)
        for url, words in links(page).items():
            other = _other_term(url, words, site)
            if other is not None:
                elsewhere.setdefault(other, []).append(page.file.name)
                continue
            path = local(url)
            if path is None or _exists(page.file, path):
                continue
            name = PurePosixPath(path).name
            lecture = decks.get(page.file.name)
            if lecture is not None and lecture.deck == name:
                what = f"the slides of lecture {lecture.number}, {path},"
                verb = "are"
            else:
                what, verb = f"links to {path}, which", "is"
            hint = _resembling(name, site.files, linked)
            yield (
                f"{page.file.name}: {what} {verb} not among the materials; "
                f"add the file or correct the link{f' (to {hint}?)' if hint else ''}"
            )
    for (place, term), names in elsewhere.items():
        first, more = names[0], len(set(names)) - 1
        yield (
            f"{first}{f' and {more} more' if more else ''}: links to {place}, which is "
            f"{term_name(term)}'s; correct the term in the link"
        )


def _to_path(site: Site, file: SourceFile) -> Callable[[str], str | None]:
    """A function from an address to the path below the site that it means, for links to files."""
    roots = [site.url] if site.url else []
    if file.url and file.site is not None:
        below = file.path.relative_to(file.site).as_posix()
        address = unquote(file.url)
        roots += [address.removesuffix(below)] if address.endswith(below) else []

    def path(url: str) -> str | None:
        url = url.replace(_COLAB, "https://github.com/").split("#")[0].split("?")[0]
        for root in roots:
            url = url.removeprefix(root)
        known = PurePosixPath(url).suffix.lower() in _FILES
        return None if ":" in url or not known else unquote(url)

    return path


def _exists(file: SourceFile, path: str) -> bool:
    if file.site is None:
        return True
    # A site that lies beside its files (the starter corpus) links to its parent's folders; a link
    # without a slash at its front starts from the page.
    below = path.lstrip("/")
    folders = (file.site, file.site.parent, file.path.parent)
    inner = below.partition("/")[2]  # "/sp2026/static_files/...": with the site's own base path
    try:
        return any((folder / below).is_file() for folder in folders) or bool(
            inner and (file.site / inner).is_file()
        )
    except OSError:  # no file can have such a name
        return False


def _other_term(url: str, words: str, site: Site) -> tuple[str, str] | None:
    """The place and the term of a link to the course's own pages of another term.

    A link that says so ("Fall 2025", "previous offerings") is meant.
    """
    own = {_owner(address) for address in (site.url, *(p.file.url or "" for p in site.pages))}
    plain = url.replace(_COLAB, "https://github.com/")
    owner = _owner(plain)
    if owner is None or owner not in own or _PAST.search(words):
        return None
    place = plain.partition("://")[2].removeprefix(owner).split("/")[0]
    named = {term for term, _ in terms.mentions(place)}
    if not named or site.term in named or named & {term for term, _ in terms.mentions(words)}:
        return None
    return owner + place, named.pop()


def _owner(url: str) -> str | None:
    """'github.com/DL4DS/' and 'dl4ds.github.io/': whose pages an address is among."""
    host, _, rest = url.partition("://")[2].partition("/")
    if not host:
        return None
    return f"{host}/{rest.split('/')[0]}/" if host == "github.com" else f"{host}/"


# --- decks ---------------------------------------------------------------------------------------


def _linked_names(site: Site) -> set[str]:
    return {unquote(PurePosixPath(url).name) for page in site.pages for url in links(page)}


def _decks(site: Site) -> Iterator[str]:
    """Decks under another number than their lecture's, and those that no page links."""
    decks = {
        PurePosixPath(f.name).name: f
        for f in site.files
        if f.kind == "slides" and f.term == site.term and f.lecture is not None
    }
    for lecture in site.lectures:
        deck = decks.get(lecture.deck or "")
        if deck is not None and lecture.number not in (None, deck.lecture):
            yield (
                f"{lecture.source}: lecture {lecture.number} links {lecture.deck}, which is "
                f"numbered {deck.lecture}; give both one number"
            )
    if not any(lecture.deck for lecture in site.lectures):
        return
    linked = _linked_names(site)
    unlinked = sorted(name for name in decks if name not in linked)
    if unlinked:
        folder = PurePosixPath(decks[unlinked[0]].name).parent
        yield (
            f"{folder}: no page links {', '.join(unlinked)}; "
            "link each from its lecture, or remove it"
        )


def _resembling(name: str, files: Iterable[SourceFile], linked: Collection[str]) -> str | None:
    """A file that no page links and whose words are those of `name`, or a few more or fewer."""
    wanted = _words(name)
    for file in files:
        other = PurePosixPath(file.name).name
        if other in linked or Path(other).suffix != Path(name).suffix:
            continue
        words = _words(other)
        if wanted and words and (wanted <= words or words <= wanted):
            return other
    return None


def _words(name: str) -> set[str]:
    return {w for w in re.split(r"[\W\d_]+", PurePosixPath(name).stem.lower()) if len(w) > 1}
