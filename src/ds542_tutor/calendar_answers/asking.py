"""A question made ready for the calendar: the work it names, the days it speaks of, what is left.

`residue` is what makes the calendar careful: the words of a question that belong to no calendar
question. A topic answers only when few or none are left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property

from ds542_tutor.calendar_answers.dates import Span, find_spans, without_dates
from ds542_tutor.calendar_answers.recess import named_days
from ds542_tutor.calendar_answers.wording import CONTENT, STOP
from ds542_tutor.course import Assignment, Course, Discussion, Lecture

Work = Assignment | Discussion

_NOT_A_NUMBER_OF_WORK = r"\b(?!\s*(?:am|pm|:\d|%|points?|days?|hours?|minutes?|weeks?))"
_WORK = re.compile(
    r"\b(hw|project|discussion|lecture)\s*(?:#|no\.?|number|nr\.?|num)?[\s\-]*"
    rf"(\d{{1,2}}){_NOT_A_NUMBER_OF_WORK}"
    rf"((?:\s*(?:,\s*and|,|and|&|/|or|vs\.?|to|through|thru"
    rf"|-)\s*\d{{1,2}}{_NOT_A_NUMBER_OF_WORK})*)"
)
_ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4,
    "fifth": 5, "5th": 5, "last": -1, "final": -1, "previous": 0, "most recent": 0,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"\b({'|'.join(_ORDINALS)}) (?:ever |big |graded |programming )?(hw|project|discussion"
    rf"|lecture)s?\b"
    r"(?!\s*#?\d)"
)
_KEYS = {"hw": "homework", "project": "project"}
_OF_CONTENT = (
    r"explain\w*|why|(?:point|idea|intuition|meaning|purpose|definition|formula|difference|role) "
    r"(?:of|behind|between|for)|how (?:does|do|did|come)|don'?t (?:get|understand)|confus\w*"
)
_PAST = re.compile(r"\b(?:was|were|did|had)\b")


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
        for kind, number in self._numbers:
            found += [w for w in _numbered(self.course, kind, number) if w not in found]
        return tuple(found or self._ordinals() or self._titles.values() or self._only_ones())

    @cached_property
    def unknown_work(self) -> str | None:
        """Name of work that it asks for and that the course does not have ("homework 9")."""
        for kind, number in self._numbers:
            if kind != "lecture" and not _numbered(self.course, kind, number):
                return f"{_KEYS.get(kind, kind)} {number}"
        return None

    @cached_property
    def lectures(self) -> tuple[Lecture, ...]:
        """The lectures that it names by number."""
        wanted = {number for kind, number in self._numbers if kind == "lecture"}
        lectures = self.course.lectures
        for word, kind in _ORDINAL.findall(self.text):
            if self.spans:
                continue  # "the first lecture after break"
            if kind == "lecture" and _ORDINALS[word] > 0:
                wanted.add(_ORDINALS[word])
            elif kind == "lecture" and word == "final" and lectures:
                return lectures[-1:]
        return tuple(lecture for lecture in lectures if lecture.number in wanted)

    @cached_property
    def spans(self) -> list[Span]:
        """The days that it speaks of, in order."""
        years = sorted({lecture.starts.year for lecture in self.course.lectures})
        bounds = (years[0], years[-1]) if years else (self.now.year, self.now.year)
        # "homework 2 may be" names no day in May.
        text = _WORK.sub(lambda match: " " * len(match.group()), self.text)
        return find_spans(text, self.now, bounds, named_days(self.course, self.now))

    @property
    def span(self) -> Span | None:
        """The first days that it speaks of."""
        return self.spans[0] if self.spans else None

    @property
    def day_meant(self) -> Span | None:
        """The one day among longer times ("first day after break (tues 17th)"), else `span`."""
        single = {(s.first, s.last): s for s in self.spans if s.single}
        longer = any(not s.single for s in self.spans)
        return next(iter(single.values())) if longer and len(single) == 1 else self.span

    @property
    def window(self) -> Span | None:
        """The days meant by `span`, "before" and "after" taken into account."""
        return self.window_of(self.span)

    def window_of(self, span: Span | None) -> Span | None:
        """Return the days meant by `span`, "before" and "after" taken into account."""
        if span is None:
            return None
        edges = [lecture.starts.date() for lecture in self.course.lectures]
        edges += [work.due.date() for work in self.course.assignments if work.due]
        edges += [discussion.day for discussion in self.course.discussions]
        if span.relation == "before":
            last = span.first if span.single else max(span.first, edges[0] if edges else span.first)
            return Span(min(self.now.date(), last), last, span.at, span.words)
        if span.relation == "after":
            return Span(span.last, max([*edges, span.last]), span.at, span.words)
        return span

    def after(self, pattern: str) -> Asking | None:
        """Return what follows the first word of `pattern`, as a question of its own."""
        match = re.search(rf"(?<!\w)(?:{pattern})", self.text)
        return Asking(self.course, self.text[match.end() :], self.now) if match else None

    @property
    def span_besides_work(self) -> Span | None:
        """The first days that do more than say which work is meant ("friday's discussion")."""
        return next((span for span in self.spans if not self.tells_work(span)), None)

    def tells_work(self, span: Span) -> bool:
        """Whether a day only says which work is meant: "friday's discussion"."""
        words, rest = self.text[slice(*span.words)], self.text[span.words[1] :]
        return words.replace(" ", "").isalpha() and bool(
            re.match(r" ?(?:discussion|hw|project|notebook)\b", rest)
        )

    def has(self, pattern: str) -> bool:
        """Say whether `pattern` occurs, as whole words at its ends."""
        return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", self.text) is not None

    @property
    def of_content(self) -> bool:
        """Whether it asks to have something explained that a class was about, not for the class."""
        return self.has(_OF_CONTENT)

    def residue(self, vocabulary: str = "") -> list[str]:
        """Return the words that neither the calendar nor `vocabulary` (words) accounts for."""
        text = _ORDINAL.sub(" ", _WORK.sub(" ", self.text))
        for pattern in named_days(self.course, self.now):
            text = re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", " ", text)
        text = without_dates(text)
        for title in self._titles:
            text = text.replace(title, " ")
        known = STOP | set(vocabulary.split())
        return [
            w
            for w in re.findall(r"[a-z][a-z']+", text)
            if w.replace("'", "") not in known and w not in known
        ]

    def strays(self, vocabulary: str = "") -> int:
        """Count what `residue` leaves; a word of another kind of question counts as three."""
        return sum(3 if word in CONTENT else 1 for word in self.residue(vocabulary))

    @cached_property
    def _titles(self) -> dict[str, Work]:
        """The one piece of work whose own title the question says: "math refresher hw"."""
        if not self.has(r"hw|homework|project|discussion|assignment|notebook"):
            return {}
        return self._by_title()

    @property
    def titled(self) -> tuple[Work, ...]:
        """The one piece of work whose title it says, without saying that it is work."""
        return tuple(self._by_title().values())

    def _by_title(self) -> dict[str, Work]:
        works: list[Work] = [*self.course.assignments, *self.course.discussions]
        titles = {_own_title(work): work for work in works}
        # One-word titles ("Attention") name a topic more often than the work.
        found = {t: w for t, w in titles.items() if len(t.split()) > 1 and self.has(re.escape(t))}
        return found if len(found) == 1 else {}

    @cached_property
    def _numbers(self) -> list[tuple[str, int]]:
        found = []
        for match in _WORK.finditer(self.text):
            kind, first, more = match.group(1), int(match.group(2)), match.group(3)
            numbers = [first, *(int(n) for n in re.findall(r"\d+", more))]
            if re.search(r"to|thru|through|-", more) and len(numbers) == 2:
                numbers = list(range(numbers[0], numbers[1] + 1)) or numbers
            found += [(kind, n) for n in numbers]
        return found

    def _only_ones(self) -> list[Work]:
        """Return the work named by its kind where the course has one of it: "the project"."""
        kinds = re.findall(r"\bthe (hw|project)\b(?! \d)", self.text)
        works = [work for kind in kinds[:1] for work in _of_kind(self.course, kind)]
        return works if len(works) == 1 else []

    def _ordinals(self) -> list[Work]:
        """Return the work named by its place: "the second project", "the last homework"."""
        found: list[Work] = []
        for word, kind in _ORDINAL.findall(self.text):
            works = _of_kind(self.course, kind)
            place = _ORDINALS[word]
            if place > 0:
                found += [w for w in works if _number(w) == place]
            elif place == 0 or (word == "last" and _PAST.search(self.text)):
                found += [
                    w for w in works if (due := due_moment(w, self.course)) and due < self.now
                ][-1:]
            else:
                found += works[-1:]
        return found


def due_moment(work: Work, course: Course) -> datetime | None:
    """Return when `work` is due; a discussion's notebook is due at the end of its day."""
    if isinstance(work, Assignment):
        return work.due
    zone = next((lecture.starts.tzinfo for lecture in course.lectures), None)
    return datetime.combine(work.day, time(23, 59), tzinfo=zone)


def work_name(work: Work) -> str:
    """Return "Homework 2 (Shallow Networks)" for the title "Homework 2 -- Shallow Networks"."""
    head, own = _split_title(work)
    return f"{head} ({own})" if own else head


def work_words(work: Work) -> str:
    """Return `work` as students name it and `Asking` reads it: "hw 2", "discussion 3"."""
    key = work.key if isinstance(work, Assignment) else f"discussion{work.number}"
    return re.sub(r"(\d+)$", r" \1", key).replace("homework", "hw")


def _of_kind(course: Course, kind: str) -> list[Work]:
    if kind == "discussion":
        return list(course.discussions)
    prefix = _KEYS.get(kind, kind)
    return [a for a in course.assignments if a.key.startswith(prefix)]


def _number(work: Work) -> int | None:
    if isinstance(work, Discussion):
        return work.number
    digits = re.search(r"\d+$", work.key)
    return int(digits.group()) if digits else None


def _numbered(course: Course, kind: str, number: int) -> list[Work]:
    return [] if kind == "lecture" else [w for w in _of_kind(course, kind) if _number(w) == number]


def _own_title(work: Work) -> str:
    """Return "shallow networks" for the title "Homework 2 -- Shallow Networks"."""
    return _split_title(work)[1].casefold()


def _split_title(work: Work) -> tuple[str, str]:
    """Split a title into kind with number, and title proper; a discussion's may lack both."""
    head, *rest = (p.strip() for p in re.split(r"\s*(?:--|–|—|:|\s-\s)\s*", work.title, maxsplit=1))
    if isinstance(work, Discussion) and not re.search(r"\d", head):
        number = f" {work.number}" if work.number is not None else ""
        return f"Discussion{number}", work.title.strip()
    return head, rest[0] if rest else ""
