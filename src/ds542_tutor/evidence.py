"""How far what was found can carry an answer: the score below which the tutor stays silent.

A logistic regression over signals of question and hits; its weights come from `python -m
eval.evidence_weights` (docs/experiments.md). Near misses, questions that sound like the course but
are not answered by it, are what it has to tell apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from ds542_tutor.course_matters import WORDS
from ds542_tutor.dialogue import Hit, Query
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.lexical import LexicalIndex, tokenize
from ds542_tutor.labels import LABEL
from ds542_tutor.words import STOP_WORDS

WEIGHTS = {
    "nearest": 2.28,
    "first": 2.71,
    "mass": 0.89,
    "covered": 0.93,
    "missing": -0.76,
    "pair missing": -0.52,
    "unheard name": -3.33,
    "unheard word": -0.85,
    "length": 2.45,
    "value missing": -3.18,
    "course page": -0.65,
    "matter told": 2.25,
    "about the course": 0.30,  # not fitted: a rule unsaid costs a student more than a near miss
}
BIAS = -3.75

# Words of asking, as terms: they say nothing about what is asked.
ASKING = frozenset(tokenize(" ".join(sorted(STOP_WORDS))))

_TOP = 5  # hits that are looked at: about what an answer is written from
_FIRST = 3
_MOST_MASS, _MOST_LENGTH, _MOST_NAMES = 4.0, 2.0, 2
_TOGETHER = 3  # terms apart at which two words are still one thing
_NO_TERM = "\0"
_MANY_CHUNKS = 300  # from so many on, a word that is nowhere is taken to be no subject
_TERM_WORDS = frozenset(tokenize("last previous past next fall spring summer term semester year"))
_YEAR = re.compile(r"(?:fa|sp|su)?20\d\d")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]*")

_VALUE = re.compile(
    r"(?<!decides )(?<!determines )\bhow"
    r" (?:(?:many|much) (?P<many>(?:[\w-]+ ?){1,2})|(?:big|long|large|fast|often|wide|high))"
    r"|\b(?:what|which)(?:s| is| was|'s)? (?:the |an? )?"
    r"(?P<value>(?!determines|decides|affects|controls|changes|sets)(?:[\w-]+ ){0,2}(?:size"
    r"|rate|number"
    r"|length|rank|dimension|percent\w*|accuracy|score|year|value|alpha|ratio|algorithm|version))\b",
    re.I,
)
_PIECE = re.compile(r"[A-Za-z]+|\d[\d.,]*")
_A_NUMBER = re.compile(
    r"\d.*|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|hundred|thousand|million|billion)s?"
)
_BESIDE = 15  # words between a number and what it counts, in a table or a list


def evidence(query: Query, hits: Sequence[Hit], generation: Generation) -> float:
    """Return how likely `hits`, best first, hold an answer to `query`, in [0, 1]."""
    if hits and hits[0].retriever == LABEL:
        return 1.0  # what was asked for by its number is there
    found = signals(query, hits, generation)
    if not found:
        return 0.0
    total = BIAS + sum(WEIGHTS[name] * value for name, value in found.items())
    return 1 / (1 + math.exp(-total))


def signals(query: Query, hits: Sequence[Hit], generation: Generation) -> dict[str, float]:
    """Return the value of each of `WEIGHTS`; nothing where there is nothing to compare.

    "nearest" and "first": the highest and the first cosine of the best five hits. "mass": the
    rarity of the terms that the best of them shares with the question, "covered": their share of
    all its terms, "missing": the rarity of the rarest term that none has; rarity is the inverse
    document frequency, as a share of that of an unknown term. "pair missing": the same of two
    neighbours. "unheard name" and "unheard word": what nothing in the corpus has. "course page": a
    page on the course is found for a question that was not taken to be about that, "about the
    course": for one that was. "matter told": how many of the words of its matter are found.
    "value missing": see `_value_missing`.
    """
    lexical, lexicon = generation.lexical, generation.lexicon
    terms = set(tokenize(lexicon.in_full(query.text))) - ASKING
    if query.term:  # all hits are of that term; they need not say which it is
        terms = {term for term in terms if term not in _TERM_WORDS and not _YEAR.fullmatch(term)}
    top = hits[:_TOP]
    if not top or not terms:
        return {}
    most = lexical.rarity(_NO_TERM)
    rarity = {term: lexical.rarity(term) / most for term in terms}
    found = [tokenize(hit.chunk.search_text) for hit in top]
    forms = lexicon.forms(query.text)
    has = [terms.intersection(_in_both_forms(each, forms)) for each in found]
    mass = max(sum(rarity[term] for term in each) for each in has)
    missing = terms.difference(*has)
    # That a handful of chunks happen not to have a word says less than that hundreds lack it.
    telling = min(1.0, math.log1p(len(lexical)) / math.log1p(_MANY_CHUNKS))
    asked = _content(lexicon.in_full(lexicon.spelt(query.original)))
    names = unheard(query.original, generation)
    words = lexicon.unheard_words(query.original, partial(_has, lexical))
    return {
        "nearest": max(hit.similarity for hit in top),
        "first": top[0].similarity,
        "mass": min(mass, _MOST_MASS),
        "covered": mass / sum(rarity.values()),
        "missing": max((rarity[term] for term in missing), default=0.0) * telling,
        "pair missing": _pair_missing(asked, found, lexical) * telling,
        "unheard name": float(min(len(names), _MOST_NAMES)),
        "unheard word": float(min(len(words), _MOST_NAMES)),
        "length": min(len(terms) / 10, _MOST_LENGTH),
        "value missing": _value_missing(query, terms, top, lexical),
        "course page": float(
            not query.about_course and any(hit.chunk.kind == "site" for hit in hits[:_FIRST])
        ),
        "matter told": _told(WORDS.get(query.matter, ""), found, lexical),
        "about the course": float(query.about_course),
    }


def _told(words: str, found: Sequence[Sequence[str]], lexical: LexicalIndex) -> float:
    """Return the share, by rarity, of the words of a matter that the best of the hits has."""
    rarity = {term: lexical.rarity(term) for term in set(tokenize(words))}
    shares = (sum(rarity.get(term, 0.0) for term in set(each)) for each in found)
    return max(shares, default=0.0) / (sum(rarity.values()) or 1.0)


def _in_both_forms(found: Sequence[str], forms: Sequence[tuple[str, str]]) -> set[str]:
    """Return the terms of a chunk, with the other form of what it abbreviates or spells out."""
    terms = set(found)
    for pair in forms:
        short, long = (set(tokenize(form)) for form in pair)
        if short <= terms or long <= terms:
            terms |= short | long
    return terms


def unheard(question: str, generation: Generation) -> list[str]:
    """Return what `question` names in capitals that nothing in the corpus names: "QLoRA"."""
    has = partial(_has, generation.lexical)
    return generation.lexicon.unheard_names(question, has)


def _has(lexical: LexicalIndex, word: str) -> bool:
    return any(map(lexical.has, tokenize(word)))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a question that says something: its place among all words, and its terms."""

    place: int
    terms: tuple[str, ...]


def _content(question: str) -> list[_Word]:
    words = (
        _Word(place, tuple(tokenize(word))) for place, word in enumerate(_WORD.findall(question))
    )
    return [word for word in words if word.terms and not ASKING.intersection(word.terms)]


def _rarity(word: _Word, lexical: LexicalIndex) -> float:
    return max(map(lexical.rarity, word.terms)) / lexical.rarity(_NO_TERM)


def _pair_missing(
    asked: Sequence[_Word], found: Sequence[Sequence[str]], lexical: LexicalIndex
) -> float:
    """Return the rarity, of two at most, of the rarest neighbours that stand nowhere together.

    "posterior collapse" is one thing, however often either word is there.
    """
    places = [_places(terms) for terms in found]
    pairs = ((a, b) for a, b in pairwise(asked) if b.place == a.place + 1)
    return max(
        (
            _rarity(a, lexical) + _rarity(b, lexical)
            for a, b in pairs
            if not any(_meet(each, a.terms[-1], b.terms[-1]) for each in places)
        ),
        default=0.0,
    )


def _value_missing(
    query: Query, terms: Collection[str], hits: Sequence[Hit], lexical: LexicalIndex
) -> float:
    """Return what share of its words, by rarity, a question for a value has that no number answers.

    "What batch size was CLIP trained with": of the hits with a number beside "batch size" the one
    that shares most of the other words counts. 0 where no value is asked for, but what decides it,
    or a place.
    """
    asked = _VALUE.search(query.original)
    if not asked or query.locate:
        return 0.0
    what = set(tokenize(asked["many"] or asked["value"] or "")) - ASKING
    rarity = {term: lexical.rarity(term) for term in terms if term not in what}
    if not rarity:
        return 0.0  # "what is the learning rate" asks for no value of something
    best = 0.0
    for hit in hits:
        words = [word.casefold() for word in _PIECE.findall(hit.chunk.search_text)]
        numbers = [at for at, word in enumerate(words) if _A_NUMBER.fullmatch(word)]
        stand = [at for at, word in enumerate(words) if what.intersection(tokenize(word))]
        if any(abs(a - b) <= _BESIDE for a in numbers for b in stand) or (numbers and not what):
            has = set(tokenize(hit.chunk.search_text))
            best = max(best, sum(value for term, value in rarity.items() if term in has))
    return 1.0 - best / sum(rarity.values())


def _places(terms: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, term in enumerate(terms):
        found.setdefault(term, []).append(place)
    return found


def _meet(places: Mapping[str, Sequence[int]], one: str, other: str) -> bool:
    return any(abs(a - b) <= _TOGETHER for a in places.get(one, ()) for b in places.get(other, ()))
