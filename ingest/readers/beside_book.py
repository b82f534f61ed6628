"""What stands beside a book: lists of errata, and answers to some of its problems.

Both come from the reader of their file type as paragraphs; here these become entries, one segment
each, labelled by what they speak of. Tying them to the book's pages is `ingest.crossrefs`'s job.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from ds542_tutor.documents import Document, Segment
from ds542_tutor.labels import NUMBER, label, labels_in
from ingest import cleaning
from ingest.cleaning import Aligned

_ENTRY: Final = re.compile(r"\s*(?:•|–|-|\*|\d{1,3}[.)])\s+")
_NEXT_ITEM: Final = re.compile(r"\n(?=(?:•|–|-|\*|\d{1,3}[.)])\s)")
_PLACE: Final = re.compile(
    rf"\b(?P<kind>section|appendix|chapter|page)\s+(?P<number>{NUMBER}|[A-Z]\b|\d+)"
    r"|\bp\.? ?(?P<page>\d+)\b",
    re.I,
)
# What an entry corrects stands at its beginning; further on it may speak of other places too.
_HEAD: Final = 40
_PROBLEM: Final = re.compile(rf"\s*(Problem|Exercise) ({NUMBER})\b(?!['’])", re.I)
_ANSWER: Final = re.compile(r"^(answer|solution)s?\b[.:]?\s*", re.I | re.M)
_OF_PROBLEM: Final = re.compile(rf"\b(problem|exercise) ({NUMBER})", re.I)


def errata(document: Document, struck: Mapping[int, Sequence[tuple[int, int]]]) -> Document:
    """One segment an entry of a list of errata, with "erratum 7" and its place as labels.

    `struck`: by page, ranges of the raw text that are struck out; they are shown as deleted.
    """
    entries: list[Segment] = []
    count = 0
    items = (item for segment in document.segments for item in _items(segment))
    for segments in _entries(items):
        whole = _joined([_mark(segment, struck) for segment in segments])
        if _ENTRY.match(whole.text):
            count += 1
            labels = (label("erratum", str(count)), *_places(whole.text))
            whole = replace(whole, labels=labels, kind="text")
        entries.append(whole)
    return replace(document, segments=tuple(entries))


def answers(document: Document) -> Document:
    """One segment a problem of an answer booklet, with its answer.

    A problem without an answer is graded: students may have to hand it in.
    """
    problems: list[Segment] = []
    for segments in _problems(document.segments):
        first = _PROBLEM.match(segments[0].text)
        if first is None:
            problems.extend(segments)
            continue
        whole = replace(
            _joined(segments),
            kind="exercise",
            labels=(label(first.group(1), first.group(2)),),
            graded=not any(_ANSWER.search(segment.text) for segment in segments),
        )
        problems.append(whole)
    return replace(document, segments=tuple(problems))


def _items(segment: Segment) -> Iterator[Segment]:
    """A list that is one segment (as in Markdown) as one segment an item."""
    text = Aligned.of_runs(segment.text, segment.runs)
    starts = [match.end() for match in _NEXT_ITEM.finditer(segment.text)]
    if segment.kind != "text" or not starts:
        yield segment
        return
    for start, end in pairwise([0, *starts, len(text)]):
        item = text[start:end].strip()
        yield replace(segment, text=item.text, runs=item.runs())


def _entries(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Group segments: what follows a list item belongs to it, up to the next item or heading."""
    group: list[Segment] = []
    for segment in segments:
        inside = bool(group) and bool(_ENTRY.match(group[0].text))
        # A figure that floats between entries is one of its own.
        alone = segment.kind in ("heading", "caption", "bibliography")
        if group and (alone or _ENTRY.match(segment.text) or not inside):
            yield group
            group = []
        group.append(segment)
        if alone:
            yield group
            group = []
    if group:
        yield group


def _problems(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Group segments: a problem, what follows it, and the figures that belong to it."""
    groups: list[list[Segment]] = []
    for segment in segments:
        of = _OF_PROBLEM.search(segment.text) if segment.kind == "caption" else None
        mine = next((g for g in groups if of and _is_problem(g, of.group(2))), None)
        if mine is not None:
            mine.append(segment)
            continue
        inside = bool(groups) and bool(_PROBLEM.match(groups[-1][0].text))
        new = segment.kind in ("heading", "bibliography") or _PROBLEM.match(segment.text)
        if inside and not new:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    yield from groups


def _is_problem(group: Sequence[Segment], number: str) -> bool:
    match = _PROBLEM.match(group[0].text)
    return match is not None and match.group(2) == number


def _places(entry: str) -> tuple[str, ...]:
    """What an entry corrects: "section 15.2.2", "equation 16.22", "page 38", most exact first."""
    head = _ENTRY.sub("", entry, count=1)[:_HEAD].partition(":")[0]
    head = re.sub(r"(?<=\b[A-Z]\.) (?=\d)", "", head)  # "Equation B. 18"
    if re.match(NUMBER, head):
        head = f"Section {head}"
    found = [*labels_in(head)]
    for match in _PLACE.finditer(head):
        kind, number = match["kind"] or "page", match["number"] or match["page"]
        found.append(label(kind, number))
    found.sort(key=lambda name: name.startswith("chapter"))
    return tuple(dict.fromkeys(found))


def _mark(segment: Segment, struck: Mapping[int, Sequence[tuple[int, int]]]) -> Segment:
    """Show what is struck out in a segment as "[deleted: …]"."""
    gone = ["."] * len(segment.text)
    for run in segment.runs:
        for start, end in struck.get(run.page, ()):
            first, last = max(start, run.source), min(end, run.source + run.length)
            if first < last:
                at = run.start + first - run.source
                gone[at : at + last - first] = "x" * (last - first)
    if "x" not in gone:
        return segment
    # Spaces and line ends between two struck words are struck as well.
    marks = re.sub(r"(?<=x)\.{1,2}(?=x)", lambda match: "x" * len(match.group()), "".join(gone))
    text = Aligned.of_runs(segment.text, segment.runs)
    pieces, last = Aligned(), 0
    for match in re.finditer("x+", marks):
        start, end = match.span()
        if not segment.text[start:end].strip():
            continue
        pieces += text[last:start] + Aligned("[deleted: ") + text[start:end].strip() + "]"
        last = end
        if segment.text[end : end + 1].isalnum():
            pieces += " "
    pieces += text[last:]
    return replace(segment, text=pieces.text, runs=pieces.runs())


def _joined(segments: Sequence[Segment]) -> Segment:
    """Several segments as one, each on a line of its own."""
    if len(segments) == 1:
        return segments[0]
    text = cleaning.join([Aligned.of_runs(s.text, s.runs) for s in segments], "\n")
    return replace(segments[0], text=text.text, runs=text.runs(), labels=())
