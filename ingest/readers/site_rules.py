"""The course's rules as a home page and `late_policy.yml` word them: lateness, weights, meetings.

Sentences are kept as they stand (`Statement`), the numbers in them read out where the wording is
one of the common ones. What cannot be read out is simply absent from `Rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ds542_tutor.course import Meeting, Statement
from ingest.readers.markdown import Block

_LATE: Final = re.compile(r"\blate\b", re.I)
_REGRADE: Final = re.compile(r"\bregrad(e|ing)s?\b", re.I)
_ORAL: Final = re.compile(r"\boral exam", re.I)
_HOURS_POSTED: Final = re.compile(
    r"\boffice hours\b.*\b(?:posted|announced|listed|found|piazza)\b", re.I
)
_NO_EXAM: Final = re.compile(r"\bno (?:final |midterm )?exams?\b", re.I)
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(?:%|percent\b)")
_HOURS: Final = re.compile(r"\b(\d{1,3})\s*hours?\b", re.I)
_DAYS: Final = re.compile(r"\b(one|two|three|four|five|seven|\d)\s+days?\b", re.I)
_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7}
_WEIGHT: Final = re.compile(
    r"^[\s|•-]*([A-Z][^|:%\n]{2,60}?)\s*[:|]\s*(\d{1,3}(?:\.\d+)?)\s*%[\s|]*$"
)
_GRADING: Final = re.compile(r"\b(assessment|grading|grades?)\b", re.I)
_DAY: Final = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b", re.I)
_CLOCK: Final = r"\d{1,2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?"
_TIME: Final = re.compile(rf"({_CLOCK})\s*(?:--|[-–—]|to)\s*({_CLOCK})", re.I)
_MEETING: Final = re.compile(r"^((?:lecture|discussion|lab|section)[^:]*):\s*(.+)$", re.I)
_PLACE: Final = re.compile(r"^(?:location|room|where|place)\s*:\s*(.+)$", re.I)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


@dataclass(slots=True)
class Rules:
    """What has been read so far; see `ds542_tutor.course.Course` for the meaning of each."""

    meetings: list[Meeting] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    weights: list[tuple[str, float]] = field(default_factory=list)
    late_penalty: float | None = None
    late_hours: float | None = None
    warnings: list[str] = field(default_factory=list)
    # By the file that says so: what lateness costs, and the hours until it is too late.
    penalties: dict[str, set[float]] = field(default_factory=dict)
    limits: dict[str, set[float]] = field(default_factory=dict)

    def add_policies(self, value: Any, source: str) -> None:
        """Add the list of policies in `_data/late_policy.yml`."""
        policies = value.get("policies") if isinstance(value, Mapping) else value
        for text in policies if isinstance(policies, list) else []:
            self._add_statement(" ".join(str(text).split()), source)

    def add_page(self, blocks: Sequence[Block], source: str) -> None:
        """Add what the course's home page says."""
        self.meetings += _meetings(blocks, source)
        for meeting in self.meetings:
            if _backwards(meeting.time):
                self.warnings.append(
                    f"{source}: {meeting.name}: {meeting.time} ends before it begins; "
                    "correct the times"
                )
        for block in blocks:
            if block.kind == "text":
                for row in _rows(block.text.text):
                    self._add_statement(row.lstrip("- "), source)
        self._add_weights(blocks, source)

    def add_notes(self, text: str, source: str) -> None:
        """Add where office hours are told, which the first lecture may say and no page."""
        for row in map(str.strip, text.split("\n")):
            if _HOURS_POSTED.search(row):
                self.statements.append(Statement("office hours", row.lstrip("-* "), source))

    def _add_statement(self, text: str, source: str) -> None:
        for topic, pattern in (
            ("late", _LATE),
            ("regrade", _REGRADE),
            ("oral exam", _ORAL),
            ("office hours", _HOURS_POSTED),
            ("no exam", _NO_EXAM),
        ):
            told = [part for part in _SENTENCE.split(text) if pattern.search(part)]
            if told:
                # The whole rule, when its sentences speak of one thing.
                words = text if len(text) < 400 else " ".join(told)
                self.statements.append(Statement(topic, words, source))
                if topic == "late":
                    self._read_lateness(text, source)

    def _read_lateness(self, text: str, source: str) -> None:
        percent = _PERCENT.search(text)
        if percent:
            penalty = float(percent.group(1)) / 100
            self.late_penalty = penalty if self.late_penalty is None else self.late_penalty
            self.penalties.setdefault(source, set()).add(penalty)
        hours, days = _HOURS.search(text), _DAYS.search(text)
        if hours or days:
            word = days.group(1).lower() if days else ""
            limit = float(hours.group(1)) if hours else 24.0 * (_NUMBERS.get(word) or int(word))
            self.late_hours = limit if self.late_hours is None else self.late_hours
            self.limits.setdefault(source, set()).add(limit)

    def contradictions(self) -> Iterator[str]:
        """Pages that disagree on lateness. One page may have several rules, for several things."""
        told = (
            ("a penalty of", self.penalties, "{:.0%}"),
            ("a limit of", self.limits, "{:g} hours"),
        )
        for what, by_source, form in told:
            sources = list(by_source)
            for source in sources[1:]:
                if by_source[source].isdisjoint(by_source[sources[0]]):
                    here, there = (
                        " and ".join(form.format(value) for value in sorted(by_source[name]))
                        for name in (source, sources[0])
                    )
                    yield (
                        f"{source}: {what} {here} for late work, but {sources[0]} says {there}; "
                        "make them agree"
                    )

    def _add_weights(self, blocks: Iterable[Block], source: str) -> None:
        found: list[tuple[str, float]] = []
        for block in blocks:
            if block.section and _GRADING.search(block.section[-1]) and block.kind == "text":
                for row in block.text.text.split("\n"):
                    match = _WEIGHT.match(row.strip())
                    if match:
                        found.append((match.group(1).strip(), float(match.group(2))))
        if not found or self.weights:
            return
        self.weights = found
        text = "; ".join(f"{what}: {percent:g}%" for what, percent in found) + "."
        self.statements.append(Statement("grading", text, source))
        total = sum(percent for _, percent in found)
        if abs(total - 100) > 0.01:
            self.warnings.append(
                f"{source}: the weights of the grade add up to {total:g}%, not 100%; correct them"
            )


def _rows(text: str) -> Iterator[str]:
    """List items with the lines that continue them."""
    for row in re.split(r"\n(?=\s*(?:-|\d+\.)\s)", text):
        if row.strip():
            yield " ".join(row.split())


def _meetings(blocks: Sequence[Block], source: str) -> Iterator[Meeting]:
    """Lines "Lectures (A1): Tuesdays, 3:30pm - 4:45pm" with "Location: ..." below, and tables."""
    days = ""
    for block in blocks:
        if block.kind != "text":
            continue
        rows = [" ".join(row.split()) for row in block.text.text.split("\n")]
        for row, below in zip(rows, [*rows[1:], ""], strict=True):
            meeting, place = _MEETING.match(row), _PLACE.match(below)
            time = _TIME.search(row)
            if meeting and time:
                yield Meeting(
                    meeting.group(1).strip(),
                    meeting.group(2)[: meeting.group(2).find(time.group())].strip(" ,"),
                    time.group(),
                    place.group(1).strip() if place else "",
                    source,
                )
            cells = [cell.strip() for cell in row.split("|")]
            if len(cells) == 3 and _TIME.search(cells[1]) and days:
                yield Meeting(f"Discussion section {cells[0]}", days, cells[1], cells[2], source)
        named = _DAY.findall(block.text.text)
        if named and "|" not in block.text.text:
            days = " and ".join(dict.fromkeys(named))


def _backwards(time: str) -> bool:
    """Whether "10:10pm -- 11:00am" ends before it begins."""
    match = _TIME.search(time)
    if match is None:
        return False
    halves = [re.search(r"([ap])\.?m", half, re.I) for half in match.groups()]
    return all(halves) and [h.group(1).lower() for h in halves if h] == ["p", "a"]
