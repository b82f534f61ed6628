"""The tasks of graded work, told apart: what a question about an assignment means.

Read off the chunks of graded documents: headings that number tasks, statements, functions to be
written. What a hint makes of a task is decided in `hints`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ds542_tutor.documents import Chunk
from ds542_tutor.words import content_words

SUBJECT_WORDS = 70
"""Words of a task that are searched for: its statement, before the details of its code."""
_LONG = 25  # words
_MIN_SHARED = 2  # content words that point to one task of an assignment
_LABEL = r"(?:question|problem|exercise|task|part|prob|ex|q)"
_HEADING = re.compile(
    rf"^\W*(?P<kind>{_LABEL})s?\b[ .#]*(?P<number>\d+(?:[-.]\d+)*|[a-f](?![a-z]))\b"
    r"(?P<rest>[^\n]*)",
    re.I | re.M,
)
_ASKED = re.compile(
    rf"\b{_LABEL}s?[ .#]*(?P<number>\d+(?:[-.]\d+)*|[a-f])(?![\w%])|\b(?P<bare>\d+[-.]\d+)\b", re.I
)
_POINTS = re.compile(r"\((?:\d+ points?|written|,|\s)+[^()]*\)|\(\d+(?:\s*pts?)?\)", re.I)
_NOISE = re.compile(
    r"^\W*(?:_?(?:write|type|put) your answer|your (?:answer|changes|code)|todo\b|replace this"
    r"|import |from \w+ import|assert |raise |#? ?checks? of|print\(|due |do not change|https?://)",
    re.I,
)
_DEFINITION = re.compile(
    r"^[ \t]*(?:def|class)[ \t]+(?P<name>\w+)[ \t]*(?:\((?P<given>[^)]*)\))?[^\n]*:[ \t]*\n"
    r"(?:[ \t]*(?:r|u)?\"\"\"(?P<doc>.*?)\"\"\")?",
    re.M | re.S,
)
OPEN = re.compile(
    r"TODO|__fill__|YOUR (?:CODE|CHANGES)|=\s*\.\.\.|return \.\.\.|^\s*(?:pass|\.\.\.)\s*$"
    r"|NotImplementedError",
    re.I | re.M,
)
_CODE_LINE = re.compile(
    r"^\s*(?:def |class |return\b|for |while |if |else|elif |with |try|except|@"
    r"|[\w.\[\], ]+ ?[-+*/]?= |\w+(?:\.\w+)*\(|\.\.\.|pass\b|[)\]}])"
)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of graded work.

    Attributes:
        label: "Problem 2.1", or "" where it has no number. topics: headings above it, outer first.
        text: its statement and code.
    """

    label: str
    topics: tuple[str, ...]
    text: str

    @property
    def statement(self) -> str:
        """Its prose, with comments and docstrings of its code, on one line."""
        lines = []
        for line in self.text.splitlines():
            comment = re.match(r"\s*#+ ?(.*)", line)
            words = comment[1] if comment else line
            if words.strip() and not _NOISE.match(words) and not _CODE_LINE.match(words):
                lines.append(words.strip().strip('"'))
        return _POINTS.sub("", " ".join(" ".join(lines).split())).strip()

    @property
    def function(self) -> tuple[str, tuple[str, ...], str] | None:
        """Name, parameters and purpose of the function to be written, where there is one."""
        starts = list(_DEFINITION.finditer(self.text))
        ends = [*(match.start() for match in starts), len(self.text)][1:]
        found = next(
            (m for m, e in zip(starts, ends, strict=False) if OPEN.search(self.text, m.end(), e)),
            None,
        )
        if not found:
            return None
        given = (
            []
            if found.group().lstrip().startswith("class")
            else re.findall(r"(?:^|,)\s*\*{0,2}([A-Za-z_]\w*)", found["given"] or "")
        )
        doc = (found["doc"] or "").strip().split("\n")[0]
        purpose = re.sub(r"^(?:returns?|computes?|gives?)\s+", "", doc, flags=re.I).rstrip(". ")
        return found["name"], tuple(g for g in given if g != "self"), purpose

    @property
    def subject(self) -> str:
        """What to search for: its topics and the beginning of its statement."""
        function = self.function
        name = function[0].replace("_", " ") if function else ""
        # A long statement says itself what it is about, better than the heading of its group.
        long = len(self.statement.split()) > _LONG and not function
        topics = "" if long else " ".join(self.topics)
        words = f"{topics} {name} {self.statement}".split()
        return " ".join(words[:SUBJECT_WORDS])


def find_task(question: str, chunks: Sequence[Chunk]) -> Task | None:
    """Return the task of graded `chunks` that a question means, or None when it is not clear.

    By the name of its function, by its number, or by the words it shares with the question.
    """
    tasks = list(_tasks(chunks))
    names = set(re.findall(r"[A-Za-z_]\w{3,}", question.casefold()))
    for task in tasks:
        function = task.function
        if function and function[0].casefold() in names:
            return task
    number = _number(question)
    if number and (numbered := [t for t in tasks if _number(t.label) == number]):
        return max(numbered, key=lambda task: _shared(task, question))
    best = max(tasks, key=lambda task: _shared(task, question), default=None)
    return best if best and _shared(best, question) >= _MIN_SHARED else None


def _tasks(chunks: Sequence[Chunk]) -> Iterator[Task]:
    """Divide documents at the headings that number their tasks; a chunk may hold two of them."""
    label, document = "", ""
    topics: tuple[str, ...] = ()
    lines: list[str] = []
    for chunk in sorted(map(_with_labels, chunks), key=lambda c: (c.document, c.ordinal)):
        path = chunk.locator.section
        numbered = next((h for h in reversed(path) if _HEADING.match(h)), "")
        own = _clean(numbered)
        begins = bool(own) and own != label and own not in _labels(chunk.text)
        if chunk.document != document or begins:
            if lines:
                yield Task(label, topics, "\n".join(lines))
            label, topics, lines = own if begins else "", _topics(path), []
            document = chunk.document
        elif not own and _topics(path) != topics:
            if lines:
                yield Task(label, topics, "\n".join(lines))
            label, topics, lines = "", _topics(path), []
        for line in chunk.text.splitlines():
            found = _HEADING.match(line)
            if found and _clean(line) != label:
                if lines:
                    yield Task(label, topics, "\n".join(lines))
                label, topics, lines = _clean(line), _topics(path), [found["rest"].strip(" .:*-–")]
            elif not found:
                lines.append(line)
    if lines:
        yield Task(label, topics, "\n".join(lines))


def _with_labels(chunk: Chunk) -> Chunk:
    """A sheet of exercises numbers them alone: "3. (2 points) Answer …" is question 3 there."""
    if chunk.kind == "notebook":
        return chunk
    return replace(
        chunk, text=re.sub(r"^(\d{1,2})\.\s+(?=\S)", r"Question \1. ", chunk.text, flags=re.M)
    )


def _labels(text: str) -> set[str]:
    return {_clean(match.group()) for match in _HEADING.finditer(text)}


def _clean(heading: str) -> str:
    """ "Problem 2.1 (4 points)" as "Problem 2.1"."""
    found = _HEADING.match(heading)
    return f"{found['kind'].capitalize()} {found['number']}" if found else ""


def _topics(path: Sequence[str]) -> tuple[str, ...]:
    """The headings above a task, without numbers, points and the name of the assignment."""
    topics = []
    for heading in path:
        found = _HEADING.match(heading)
        words = _POINTS.sub("", found["rest"] if found else heading).strip(" .:-–*")
        if re.search(r"[a-z]{3}", words) and not re.search(
            r"\b(?:homework|ds ?542)\b", words, re.I
        ):
            topics.append(words)
    return tuple(topics)


def _number(text: str) -> str:
    found = _ASKED.search(text)
    return (found["number"] or found["bare"]).replace("-", ".").casefold() if found else ""


def _shared(task: Task, question: str) -> int:
    asked = set(content_words(question)) - set(content_words("homework project discussion write"))
    return len(asked & set(content_words(f"{' '.join(task.topics)} {task.text}")))
