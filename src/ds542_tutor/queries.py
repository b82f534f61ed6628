"""Makes a question ready for search: follow-ups become standalone, filters are read off the words.

No language model is involved. What the words of a question prefer (a lecture, a slide, a book
section) is a preference for `retrieval`, never a wall: a student may misremember a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ds542_tutor.comparisons import compared
from ds542_tutor.dialogue import Query, Turn
from ds542_tutor.inputs import legible
from ds542_tutor.labels import labels_in
from ds542_tutor.markers import CODE
from ds542_tutor.words import STOP_WORDS, content_words

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
    r"|\bwhere (?:can|could|is|are|was|were|in|on|would)\b|\bwhere['’]?s (?:the|that|an?)\b(?! \d)"
    r"|\bwhere (?:do|does|did) (?:he|she|they|we|you|d2l|udl|it say|i (?:find|read|look|see)"
    r"|the (?:(?:text)?book|slides?|decks?|prof\w*|lectures?|notes))\b"
    r"|^\s*(?:the |that )?(?:slides?|page|section) (?:that|with|w/?|where|which|comparing|showing"
    r"|on|about|for|of|nr|no|number)(?!\w)"
    r"|\bon (?:what|which) (?:page|slide)\b|\b(?:point|direct|link) me to\b"
    r"|\b(?:any|some)thing (?:on|about) .{1,40}\b(?:in|on) the (?:slides?|decks?|book|notes)\b"
    r"|\blooking for .{0,30}\b(?:slide|page|section|printout|figure|picture|example)\b"
    r"|\bwhat part of the (?:book|slides|lectures?|notes)\b|\bcan['’]?t find (?:it|that)\b"
    r"|\bwhich (?:discussion|exercise|problem) (?:was|has|had|covers?|shows?|asks?|did|uses?)\b"
    r"|\bis there (?:an?|one|some)(?: \w+){0,2}"
    r" (?:slides?|decks?|powerpoint|notebook|pdf|figures?|page|pic(?:ture)?s?|video)\b"
    r"|\b(?:slide|page|section)(?: (?:nr|no|number))?\.?(?: (?:pls|please|plz))\b"
    r"|[?.,;!)]\s*(?:where(?: exactly)?|(?:which |what )?(?:slide|page|section|deck)"
    r"(?: (?:nr|no|number))?)\s*\??\s*$",
    re.I,
)
# Where something comes from or goes is a matter of content: "where does the variance go?"
_NOT_LOCATE = re.compile(
    r"\bwhere (?:do|does|did|is|are) .{0,60}\b(?:come from|go|end up|sit|fit|matter|differ)\b"
    r"|\bwhere do i start\b|\bwhere (?:is|are) .{0,40}\bhappening\b",
    re.I,
)

# Words that ask for a place, or name the kind of source, and say nothing of what stands there.
_SOURCES = r"(?:slides?|pages?|decks?|lectures?|chapters?|sections?|notebooks?|figures?)"
_FRAME = re.compile(
    rf"\b(?:(?:on|in|from) )?(?:which|what) (?:the )?{_SOURCES}(?: (?:nr|no|number))?"
    r"(?: (?:was|is|has|had|shows?|did|does|are|were))?(?: the one)?(?: with)?"
    r"|\b(?:slide|page) (?:nr|no|number)\b|\b(?:pls|please)\b"
    r"|\b(?:in|from|on|of) (?:the|some|any|one) (?:d2l |udl |text)?"
    r"(?:book|slides?|lectures?|notes)\b"
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
_CONTEXT_CHARS = 600
_SAID_WORDS = 60
# What announces that the question has nothing to do with what was said before.
_OTHER_TOPIC = re.compile(
    r"\b(?:different|new|another|separate|unrelated|other) (?:q|question|topic|thing|subject)\b"
    r"|\bswitch(?:ing)? (?:topics?|gears|subjects?)\b|\bsomething else\b|\boff[- ]topic\b"
    r"|\bchang(?:e|ing) (?:of )?(?:the )?(?:topic|subject)\b|\bunrelated\b|\bmoving on\b"
    r"|^\s*(?:k |ok |okay )?(?:btw|by the way)\b|\bnext (?:question|topic)\b",
    re.I,
)

# What a question carries along that is no part of its words: where links and images lead, numbers
# of sources of some other answer ("[3] says …"; `x[3]` is code).
_LINK = re.compile(r"!?\[([^\]\n]*)\]\((?=[^)\s]*[:/.])(?:[^()\n]|\([^()\n]*\))*\)")
_MARKERS = re.compile(r"(?<![\w\])])\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]|【\d{1,3}】")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LONG = re.compile(r"(\S{100})\S+")  # no word is longer, and patterns are slow on what is none

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z](?:[\w'-]*[A-Za-z0-9])?", re.A)
_GREEK_WORD = 3  # letters; fewer are the symbols of a formula
_TERM_WORDS = 8  # more Latin words beside another script are code, not a term
_LEAST_FOREIGN = 2  # words of another language; one may be a name or a loan
# Frequent in Spanish, Portuguese, French, German or Italian, and not words of English.
_FOREIGN = frozenset(
    """qué que cómo cuál cuáles cuándo dónde para por con una las los del el hace sirve funciona
    entre porque não são qual quando da le la les des une est quoi pourquoi avec pour dans sur
    quel quelle fonctionne der das und ist wie mit den dem ein eine warum wann nicht macht wirkt auf
    für von bei wird che cosa perché della delle gli il sono""".split()
)
NO_ANSWER = "The course materials I have don't answer this, so I won't guess."
IN_ENGLISH = (
    "I look things up in English, the language of the course materials, and found no answer this "
    "way. Please ask again in English, or give the topic its English name."
)
NO_TOPIC = (
    "I see no topic in this that I could look up. Please ask in words and name the topic, for "
    "instance “What does dropout do?”"
)


def standalone(question: str, turns: Sequence[Turn]) -> Query:
    """Return the query for `question` after `turns`, oldest first.

    In a conversation the last question of the student comes along ("and why?" is searched as "What
    is dropout? and why?"), unless it says that it is about something else; whether the two have to
    do with each other is for `continuity`. Filters are read off the question first, then
    off what it plainly leans on.
    """
    question = _words(question)
    earlier = "" if _OTHER_TOPIC.search(question) else _context(turns)
    context = earlier if leans(question) else ""
    text = f"{earlier} {question}" if earlier else question
    return Query(
        text=looked_up(text) or text,
        original=question,
        lectures=_numbers(_LECTURE, question, context),
        page=_number(_SLIDE, question, ""),
        assignment=_assignment(question) or _assignment(context),
        kind=next((kind for pattern, kind in _KINDS if pattern.search(question)), None),
        section=_first(_SECTION, question),
        labels=labels_in(question) or (labels_in(context) if _POINTER.search(question) else ()),
        locate=bool(_LOCATE.search(question)) and not _NOT_LOCATE.search(question),
        things=compared(question),
        context=earlier,
        said=_said(turns) if earlier else "",
    )


def points(question: str) -> bool:
    """Whether a question begins with a connective or has a word for what was said before."""
    return bool(_CONNECTIVE.match(question) or _POINTER.search(question))


def leans(question: str) -> bool:
    """Whether a question plainly goes on from the one before: `points`, or it is very short."""
    words = len(question.split())
    return words < _SELF_SUFFICIENT_WORDS and (points(question) or words <= _SHORT_WORDS)


def subject(query: Query) -> str:
    """Return the text of a query without the words that ask where it stands, or in which source."""
    if not query.locate and query.kind is None:
        return query.text
    bare = " ".join(_FRAME.sub(" ", query.text).split())
    return bare if len(bare.split()) > 1 else query.text


def looked_up(question: str) -> str:
    """Return the Latin words of a question in another script: often the term that is asked about.

    "" where it has none, or is in English in spite of some foreign letters.
    """
    words = _LATIN.findall(question)
    english = any(word.lower() in STOP_WORDS for word in words)
    if english or len(words) > _TERM_WORDS or not _other_script(question):
        return ""
    return " ".join(words)


def why_unanswered(question: str, searched: str) -> str:
    """Say why no answer to `question` was found: none is there, or its words cannot be looked up.

    `searched`: what was looked up for it, with what it takes along from earlier questions.
    """
    words = question.lower().split()
    foreign = sum(word.strip("¿?¡!.,;:'’\"()") in _FOREIGN for word in words)
    english = sum(word.strip("?!.,;:'’\"()") in STOP_WORDS for word in words)
    if (_other_script(question) and not english) or foreign >= max(_LEAST_FOREIGN, english + 1):
        return IN_ENGLISH
    topic = any(re.search(r"[^\W\d]", word) for word in content_words(searched))
    return NO_ANSWER if topic else NO_TOPIC


def _other_script(text: str) -> bool:
    """Whether words of `text` are in neither Latin letters nor the symbols of formulas."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        names = [unicodedata.name(letter, "") for letter in word if not letter.isascii()]
        greek = sum(name.startswith("GREEK") for name in names)
        if greek >= _GREEK_WORD or any(not n.startswith(("LATIN", "GREEK")) for n in names):
            return True
    return False


def _words(question: str) -> str:
    """Return a question on one line, as it is searched; its own words stay as they are."""
    seen = legible(question).translate(_FULL_WIDTH)
    bare = _MARKERS.sub(" ", _LINK.sub(r" \1 ", seen))
    # An image or markers alone leave nothing, and a search needs some text.
    return " ".join(_LONG.sub(r"\1", bare).split()) or "?"


def _context(turns: Sequence[Turn]) -> str:
    """Return the earlier question, with the one before where it is a short follow-up itself."""
    asked = [turn.text for turn in turns if turn.role == "user"]
    if not asked:
        return ""
    previous = _words(asked[-1])
    if len(asked) > 1 and len(previous.split()) <= _SHORT_WORDS:
        previous = f"{_words(asked[-2])} {previous}"
    return previous[:_CONTEXT_CHARS]


def _said(turns: Sequence[Turn]) -> str:
    """Return the beginning of the last answer, without code; "" where it was none."""
    answers = [turn.text for turn in turns if turn.role == "assistant"]
    if not answers or any(words in answers[-1] for words in (NO_ANSWER, IN_ENGLISH, NO_TOPIC)):
        return ""
    prose = "".join(part for part in CODE.split(answers[-1]) if not part.startswith("```"))
    return " ".join(_words(prose).split()[:_SAID_WORDS]) if prose.strip() else ""


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None


def _number(pattern: re.Pattern[str], question: str, context: str) -> int | None:
    found = _first(pattern, question) or _first(pattern, context)
    return int(found) if found else None


def _numbers(pattern: re.Pattern[str], question: str, context: str) -> tuple[int, ...]:
    """Return every number that the question names, else those of its context."""
    found = pattern.findall(question) or pattern.findall(context)
    return tuple(dict.fromkeys(int(number) for number in found))


def _assignment(text: str) -> str | None:
    for pattern, name in _ASSIGNMENTS:
        if match := pattern.search(text):
            return f"{name}{int(match.group(1))}"
    return None
