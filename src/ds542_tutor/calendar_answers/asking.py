"""A question made ready for the calendar: plain words, the work it names, the days it speaks of.

`residue` is what makes the calendar careful: the words of a question that belong to no calendar
question. A topic answers only when few or none are left.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ds542_tutor.calendar_answers.dates import Span, find_span, without_dates
from ds542_tutor.course import Assignment, Course, Discussion, Lecture

Work = Assignment | Discussion

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen".split()
_REWRITES = (
    (r"\b(?:tmrw|tmr|tmw|tmrrw|2moro|2morrow|tomorow|tommorow|tommorrow)\b", "tomorrow"),
    (r"\btonite\b", "tonight"),
    (r"\b(?:lec|lect|lecure|lectrue)\b(?=\s*#?\d|\s)", "lecture"),
    (r"\b(?:home ?works?|hmwk|hmwrk|h\.w\.|hws|homwork|homewrok)\b(?=[\s#]|\d|$|[?,.!])", "hw"),
    (r"\bhome ?works?(?=\d)", "hw"),
    (r"\b(?:psets?|problem sets?)\b", "hw"),
    (r"\bassignments?(?=\s*(?:#|no\.?|number)?\s*\d)", "hw"),
    (r"\b(?:projs?|prj|projects)\b", "project"),
    (r"\bproj(?=\d)", "project"),
    (r"\b(?:disc|discussions|dis)\b", "discussion"),
    (r"\bdisc(?=\d)", "discussion"),
    (r"\bdead ?lines?\b", "deadline"),
    (r"\b((?:mon|tues|wednes|thurs|fri)day)s (?=lecture|class|discussion|reading|topic)", r"\1 "),
    (r"\b(?:profs?|professors)\b\.?", "professor"),
    (r"\b(?:wut|wat|wht)\b", "what"),
    (r"\b(?:wen|whn)\b", "when"),
    (r"\bwhens\b", "when is"),
    (r"\bwheres\b", "where is"),
    (r"\bwhos\b", "who is"),
    (r"\bwhats\b", "what is"),
    (r"\b(?:u)\b", "you"),
    (r"\b(?:r)\b", "are"),
)
_WORK = re.compile(
    r"\b(hw|project|discussion|lecture)\s*(?:#|no\.?|number|nr\.?|num)?[\s\-]*"
    r"(\d{1,2})\b(?!\s*(?:am|pm|:\d|%|points?|days?|hours?))"
    r"((?:\s*(?:,|and|&|/|or|,\s*and)\s*\d{1,2}\b(?!\s*(?:am|pm|:\d|%|points?|days?|hours?)))*)"
)
_KEYS = {"hw": "homework", "project": "project"}

STOP = frozenset(
    """
    a an the is are was were be been am i im ive id you your we our us my me it its this that there
    these those of on in at to for from by with and or if so do does did doing done have has had can
    could will would should shall may might must not no yes what when where who which how why any
    anything some all just also again please pls plz thanks thank hi hey hello ok okay um uh like as
    but than then about up out into get got go going know tell need want wanna gotta gonna lets let
    still yet already now really actually exactly even ever quick question q quickly sorry one day
    days date dates time times hour hours week weeks weekend today tonight tomorrow yesterday month
    next last this coming upcoming past current first previous before after until till til since
    during between soon later early earlier end start left much many long far class classes course
    ds542 ds 542 bu semester term spring 2026 remind dumb forgot idk lol btw guys someone anyone
    everyone folks them they their he she his her him mean means hers wait cant dont doesnt isnt
    theres thats whats lets hear heard per each every exact am pm midnight noon it'll make sure
    something thing things stuff bro dude kinda only over yo sup hmm umm ugh omg man dear tutor bot
    morning afternoon evening month
    """.split()
)
"""Words that carry no topic of their own."""


@dataclass(frozen=True, slots=False)
class Asking:
    """A question with what the calendar understands of it. `now` is aware, in the course's zone."""

    course: Course
    text: str
    now: datetime

    @cached_property
    def works(self) -> tuple[Work, ...]:
        """The assignments and discussions that it names by number or title, in order, once each."""
        found: list[Work] = []
        for kind, number in self._numbers():
            found += [w for w in _numbered(self.course, kind, number) if w not in found]
        return tuple(found or self._titles().values())

    @cached_property
    def unknown_work(self) -> str | None:
        """Name of work that it asks for and that the course does not have ("homework 9")."""
        for kind, number in self._numbers():
            if kind != "lecture" and not _numbered(self.course, kind, number):
                return f"{_KEYS.get(kind, kind)} {number}"
        return None

    @cached_property
    def lectures(self) -> tuple[Lecture, ...]:
        """The lectures that it names by number."""
        wanted = {number for kind, number in self._numbers() if kind == "lecture"}
        return tuple(lecture for lecture in self.course.lectures if lecture.number in wanted)

    @cached_property
    def span(self) -> Span | None:
        """The days that it speaks of."""
        years = sorted({lecture.starts.year for lecture in self.course.lectures})
        bounds = (years[0], years[-1]) if years else (self.now.year, self.now.year)
        return find_span(self.text, self.now.date(), bounds)

    def span_after(self, pattern: str) -> Span | None:
        """Return the days that it speaks of after the first word of `pattern`."""
        match = re.search(rf"(?<!\w)(?:{pattern})", self.text)
        return Asking(self.course, self.text[match.end() :], self.now).span if match else None

    def has(self, pattern: str) -> bool:
        """Say whether `pattern` occurs, as whole words at its ends."""
        return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", self.text) is not None

    def residue(self, vocabulary: str = "") -> list[str]:
        """Return the words that neither the calendar nor `vocabulary` (words) accounts for."""
        text = without_dates(_WORK.sub(" ", self.text))
        for title in self._titles():
            text = text.replace(title, " ")
        known = STOP | set(vocabulary.split())
        return [
            w
            for w in re.findall(r"[a-z][a-z']+", text)
            if w.replace("'", "") not in known and w not in known
        ]

    def _titles(self) -> dict[str, Work]:
        """Return the one piece of work whose own title the question says, as "math refresher "
        "hw"."""
        if not self.has(r"hw|homework|project|discussion|assignment|notebook"):
            return {}
        works: list[Work] = [*self.course.assignments, *self.course.discussions]
        titles = {_own_title(work): work for work in works}
        # One-word titles ("Attention") name a topic more often than the work.
        found = {t: w for t, w in titles.items() if len(t.split()) > 1 and self.has(re.escape(t))}
        return found if len(found) == 1 else {}

    def _numbers(self) -> list[tuple[str, int]]:
        found = []
        for match in _WORK.finditer(self.text):
            numbers = [match.group(2), *re.findall(r"\d+", match.group(3))]
            found += [(match.group(1), int(n)) for n in numbers]
        return found


def clauses(question: str) -> list[str]:
    """Return the whole question in plain words, then its sentences, last first.

    Markup, template and path-like tokens are dropped: no calendar question has them.
    """
    text = unicodedata.normalize("NFKC", question).casefold().replace("’", "'").replace("‘", "'")
    text = re.sub(r"<[^>]{0,200}>", " ", text)
    text = " ".join(t for t in text.split() if not re.search(r"[{}<>$\\=]|://|\*\w|\w\*|'\;", t))
    parts = [p for p in re.split(r"[;!?\n]+|\.(?=\s|$)|:\s|\s--+\s", text) if p.strip()]
    whole = _rewrite(" ".join(text.split()))
    return [whole, *(_rewrite(p) for p in reversed(parts) if len(parts) > 1)]


def _rewrite(text: str) -> str:
    text = re.sub(r"\b(what|when|where|who|how|it|that|there|let)'s\b", r"\1s", text.strip())
    text = re.sub(r"(\w)'s?(?!\w)", r"\1", text)  # possessives
    text = re.sub(r"(\w)'(re|m|ll|d|ve|t)\b", r"\1\2", text)
    for index, word in enumerate(_NUMBERS):
        text = re.sub(rf"\b(hw|home ?work|proj(?:ect)?|disc(?:ussion)?|lec(?:ture)?) {word}\b",
                      rf"\1 {index}", text)  # fmt: skip
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text)
    return " ".join(text.split())


def _numbered(course: Course, kind: str, number: int) -> list[Work]:
    if kind == "discussion":
        return [d for d in course.discussions if d.number == number]
    key = f"{_KEYS.get(kind, '')}{number}"
    return [a for a in course.assignments if a.key == key]


def _own_title(work: Work) -> str:
    """Return "shallow networks" for the title "Homework 2 -- Shallow Networks"."""
    return _split_title(work)[1].casefold()


def work_name(work: Work) -> str:
    """Return "Homework 2 (Shallow Networks)" for the title "Homework 2 -- Shallow Networks"."""
    head, own = _split_title(work)
    return f"{head} ({own})" if own else head


def _split_title(work: Work) -> tuple[str, str]:
    """Split a title into its kind with number, and the title proper; a discussion's may lack "
    "both."""
    head, *rest = (p.strip() for p in re.split(r"\s*(?:--|–|—|:|\s-\s)\s*", work.title, maxsplit=1))
    if isinstance(work, Discussion) and not re.search(r"\d", head):
        number = f" {work.number}" if work.number is not None else ""
        return f"Discussion{number}", work.title.strip()
    return head, rest[0] if rest else ""
