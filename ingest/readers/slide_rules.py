"""What a slide is: title, agenda, questions or content; and which of its lines are furniture.

Goes by what a slide says, so that decks of every format are judged alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ds542_tutor.documents import SegmentKind
from ingest.cleaning import fold, key, similar

_AGENDA: Final = re.compile(
    r"^(agenda|outline|roadmap|overview|contents|topics( for today)?"
    r"|(the )?plan( for| of)( the| today).*"
    r"|(today['’]s|lecture) (plan|topics|outline|agenda|overview)"
    r"|what we('ll| will) cover.*)[:?!. ]*",
    re.I,
)
_DATED: Final = re.compile(r"\b(Mon|Tues?|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Aug|Sep|Oct|Nov)")
_QUESTIONS: Final = re.compile(r"^(any |more )?(questions|q\s*&\s*a)\b|^\?{2,}$", re.I)
TOPICS: Final = 4
RETURNS: Final = 2
SAME_SHARE: Final = 0.85
# A licence line that publishers ask to keep below their figures.
_CREDIT: Final = re.compile(r"^this work is subject to a creative commons\b.{0,120}$", re.I | re.S)


def kind(number: int, title: str, first: str, text: str) -> SegmentKind:
    """Say what slide `number` (from 1) is, by its title, the first line below, and all its text."""
    words = title.strip() or first
    if _QUESTIONS.match(words):
        return "questions"
    if number == 1 and not _DATED.search(text):
        return "title"
    return "agenda" if _AGENDA.fullmatch(words) or re.match(r"agenda\b", words, re.I) else "slide"


def is_credit(line: str) -> bool:
    """Whether a line only says whose the figures are, as a publisher asks."""
    return bool(_CREDIT.match(line.strip()))


def recurring_lists(slides: Sequence[Sequence[str]]) -> frozenset[int]:
    """Numbers (from 1) of slides that show one list of topics again and again: agendas.

    `slides`: the title and the items of each. A list that returns `RETURNS` times with other
    slides in between, and is nothing but bullets, tells where the lecture is.
    """
    places: dict[str, list[int]] = {}
    for number, (_, *found) in enumerate(slides, start=1):
        if len(found) >= TOPICS and all(item.startswith("•") for item in found):
            places.setdefault(key(" ".join(slides[number - 1])), []).append(number)
    agendas = [
        numbers
        for numbers in places.values()
        if sum(after - before > 1 for before, after in pairwise(numbers)) >= RETURNS
    ]
    words = [set(fold(" ".join(slide)).lower().split()) for slide in slides]
    # One of them may be set a little differently.
    return frozenset(
        number
        for first, *_ in agendas
        for number in range(1, len(slides) + 1)
        if words[number - 1]
        and similar(words[first - 1], words[number - 1]) >= SAME_SHARE
        and similar(words[number - 1], words[first - 1]) >= SAME_SHARE
    )
