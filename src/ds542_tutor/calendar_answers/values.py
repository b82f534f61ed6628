"""What a computed answer is, how it is put together, and how its dates are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class CourseFact:
    """One fact with the file it comes from. `document`: path; `statement`: the fact in words."""

    document: str
    statement: str


@dataclass(frozen=True, slots=True)
class CourseAnswer:
    """A computed answer.

    Attributes:
        text: sentences with markers [1], [2], which refer to `sources` in order.
        tentative: it rests on something that is not published yet.
        topic: what kind of question it answers ("due", "late", "lecture", ...).
        exact: the rules read it off the words; else its kind was told by meaning.
    """

    text: str
    sources: tuple[CourseFact, ...]
    tentative: bool
    topic: str
    exact: bool = True


@dataclass(slots=True)
class Draft:
    """An answer being written: sentences in, numbered sources out."""

    topic: str
    lines: list[str] = field(default_factory=list)
    facts: list[CourseFact] = field(default_factory=list)
    tentative: bool = False

    def say(self, sentence: str, *facts: CourseFact) -> None:
        """Add a sentence with the facts it rests on; its full stop comes after the markers."""
        numbers = sorted({self.number(fact) for fact in facts})
        markers = "".join(f"[{n}]" for n in numbers)
        self.lines.append(f"{sentence.rstrip('.')} {markers}." if markers else sentence)

    def number(self, fact: CourseFact) -> int:
        """Return the number of the fact's document, which is one source however often cited."""
        for index, known in enumerate(self.facts):
            if known.document == fact.document:
                if fact.statement not in known.statement:
                    joined = f"{known.statement} {fact.statement}"
                    self.facts[index] = CourseFact(known.document, joined)
                return index + 1
        self.facts.append(fact)
        return len(self.facts)

    def finish(self) -> CourseAnswer | None:
        """Return the answer, or None when nothing was found to say."""
        if not self.lines or not self.facts:
            return None
        listed = sum(line.startswith("- ") for line in self.lines)
        text = ("\n" if listed else " ").join(self.lines)
        return CourseAnswer(text, tuple(self.facts), self.tentative, self.topic)


def clock(moment: datetime) -> str:
    """Return the time of day as "11:59 pm"."""
    return f"{moment.hour % 12 or 12}:{moment:%M} {'am' if moment.hour < 12 else 'pm'}"


def day_name(day: date) -> str:
    """Return "Thu Feb 5, 2026"."""
    return f"{day:%a %b} {day.day}, {day.year}"


def moment_name(moment: datetime) -> str:
    """Return "Thu Feb 5, 2026, 11:59 pm"."""
    return f"{day_name(moment)}, {clock(moment)}"


def join_words(words: Iterable[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
