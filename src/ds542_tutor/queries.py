"""Makes a question ready for search: follow-ups become standalone, filters are read off the words.

No language model is involved. What the words of a question prefer (a lecture, a slide, a book
section) is a preference for `retrieval`, never a wall: a student may misremember a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ds542_tutor.dialogue import Query, Turn
from ds542_tutor.labels import labels_in

_LECTURE = re.compile(r"\b(?:lecture|lec|deck|class)\.?\s*#?\s*(\d{1,2})\b", re.I)
_SLIDE = re.compile(r"\b(?:slide|page|p\.)\s*#?\s*(\d{1,3})\b", re.I)
_SECTION = re.compile(
    r"\b(?:section|sec\.?|chapter|ch\.?|udl|eq(?:uation)?\.?|figure|fig\.?|table|problem|notebook)"
    r"\s*#?\s*\(?(\d{1,2}(?:\.\d{1,2}){0,2})\b",
    re.I,
)
_ASSIGNMENTS = (
    (re.compile(r"\b(?:homework|home work|hw|assignment)\s*#?\s*(\d)\b", re.I), "homework"),
    (re.compile(r"\b(?:project|proj)\s*#?\s*(\d)\b", re.I), "project"),
    (re.compile(r"\b(?:discussion|disc)\s*#?\s*(\d{1,2})\b", re.I), "discussion"),
)
_KINDS = (
    (
        re.compile(
            r"\b(?:slides?|deck|lecture)\b|\bin class\b"
            r"|\b(?:he|she|prof\w*) (?:ever |also )?(?:show|sa[iy]|mention|cover|go over|draw)",
            re.I,
        ),
        "slides",
    ),
    (re.compile(r"\b(?:book|textbook|chapter|udl|course notes)\b", re.I), "book"),
    (re.compile(r"\bnotebook\b", re.I), "notebook"),
    (re.compile(r"\b(?:syllabus|course site|website)\b", re.I), "site"),
)

# "Which slide shows …?", "where is … in the book?", and at the end: "…, where?"
_LOCATE = re.compile(
    r"\b(?:which|what) (?:slides?|pages?|lectures?|decks?|chapters?|sections?|notebooks?|files?)\b"
    r"(?! (?:is|are) (?:due|next|today))"
    r"|\bwhere (?:can|could|do|did|does|is|are|was|were|in|on|would)\b"
    r"|^\s*(?:the )?slides? (?:that|with|where|which|comparing|showing|on|about)\b"
    r"|\bon (?:what|which) (?:page|slide)\b|\b(?:point|direct|link) me to\b"
    r"|\bis there a (?:slide|deck|powerpoint|notebook|pdf|figure|page)\b"
    r"|[?.,;]\s*where(?: exactly)?\s*\??\s*$",
    re.I,
)
# Where something comes from or goes is a matter of content: "where does the variance go?"
_NOT_LOCATE = re.compile(
    r"\bwhere (?:do|does|did|is|are) .{0,60}\b(?:come from|go|sit|fit|matter|differ)\b"
    r"|\bwhere do i start\b",
    re.I,
)

# Words that ask for a place, or name the kind of source, and say nothing of what stands there.
_SOURCES = r"(?:slides?|pages?|decks?|lectures?|chapters?|sections?|notebooks?|figures?)"
_FRAME = re.compile(
    rf"\b(?:(?:on|in|from) )?(?:which|what) (?:the )?{_SOURCES}(?: (?:nr|no|number))?"
    r"(?: (?:was|is|has|had|shows?|did|does|are|were))?(?: the one)?(?: with)?"
    r"|\b(?:slide|page) (?:nr|no|number)\b|\b(?:pls|please)\b"
    r"|\b(?:in|from|on) (?:the|some|any|one) (?:d2l |udl |text)?(?:book|slides?|lectures?|notes)\b"
    r"|\bwhere (?:is|are|was|were|do|does|did|can|could)\b|\bis there (?:an?|one|some)\b"
    r"|\b(?:d2l|udl)(?: book)?\b",
    re.I,
)

# A question that leans on the turn before it: it opens with a connective, or points back.
_CONNECTIVE = re.compile(
    r"^\s*(?:and|but|so|then|also|or|ok(?:ay)?|why|how come|what about|how about|what if|which)\b",
    re.I,
)
_POINTER = re.compile(
    r"\b(?:it|its|that|this|these|those|they|them|their|he|one|ones|same|other|former|latter)\b",
    re.I,
)
# With this many words of its own a question says what it is about, pointer or not.
_SELF_SUFFICIENT_WORDS = 16
_SHORT_WORDS = 4


def standalone(question: str, turns: Sequence[Turn]) -> Query:
    """Return the query for `question` after `turns`, oldest first.

    A follow-up takes the last question of the student along ("and why?" is searched as
    "What is dropout? and why?"); filters are read off the question first, then off that context.
    """
    question = " ".join(question.split())
    context = _context(question, turns)
    text = f"{context} {question}" if context else question
    return Query(
        text=text,
        original=question,
        lecture=_number(_LECTURE, question, context),
        page=_number(_SLIDE, question, ""),
        assignment=_assignment(question) or _assignment(context),
        kind=next((kind for pattern, kind in _KINDS if pattern.search(question)), None),
        section=_first(_SECTION, question),
        labels=labels_in(question) or (labels_in(context) if _POINTER.search(question) else ()),
        locate=bool(_LOCATE.search(question)) and not _NOT_LOCATE.search(question),
    )


def subject(query: Query) -> str:
    """Return the text of a query without the words that ask where it stands, or in which source."""
    if not query.locate and query.kind is None:
        return query.text
    bare = " ".join(_FRAME.sub(" ", query.text).split())
    return bare if len(bare.split()) > 1 else query.text


def _context(question: str, turns: Sequence[Turn]) -> str:
    """Return the earlier question this one leans on, or ""."""
    asked = [turn.text for turn in turns if turn.role == "user"]
    words = question.split()
    if not asked or len(words) >= _SELF_SUFFICIENT_WORDS:
        return ""
    leans = _CONNECTIVE.match(question) or _POINTER.search(question)
    if not leans and len(words) > _SHORT_WORDS:
        return ""
    previous = " ".join(asked[-1].split())
    # The question before may itself be a follow-up; then the one before it names the subject.
    if len(asked) > 1 and len(previous.split()) <= _SHORT_WORDS:
        previous = f"{' '.join(asked[-2].split())} {previous}"
    return previous[:600]


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None


def _number(pattern: re.Pattern[str], question: str, context: str) -> int | None:
    found = _first(pattern, question) or _first(pattern, context)
    return int(found) if found else None


def _assignment(text: str) -> str | None:
    for pattern, name in _ASSIGNMENTS:
        if match := pattern.search(text):
            return f"{name}{int(match.group(1))}"
    return None
