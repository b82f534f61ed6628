"""A small notation for ways of saying something, matched word by word.

A phrase is tokens separated by spaces; they must follow one another within one sentence:

    write|draft        one of these words          leave_out    two words in a row
    remov*             a word that begins so       (the|my)     may be left out
    ..4                up to four other words      {trace}      one of a named group's entries

Groups are written in the same notation, one alternative a token. Text is expected as
`disguise.plain` gives it. Matching looks only at places where a phrase's first word stands, and
only for phrases whose words the text has at all: a decision must not take long for a long message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_BREAK = ""  # stands between sentences: no phrase goes over it
_TOKEN = re.compile(r"\w+(?:'\w+)*|(?<!\bprof)(?<!\bdr)(?<!\bvs)[.!?]+(?=\s|$)")
_WORD = re.compile(r"\w+(?:'\w+)*\*?")

MAX_TRIES = 4000
"""Places a search begins at before it gives up: five times what an honest message needs."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as words, with the places where each stands."""

    text: str
    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    places: Mapping[str, Sequence[int]] = field(repr=False)
    known: frozenset[str] = field(repr=False)


@lru_cache(maxsize=64)
def words_of(text: str) -> Words:
    """Split `text` into words; the end of a sentence is a token of its own."""
    tokens, spans, places = [], [], {}  # type: ignore[var-annotated]
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] in ".!?":
            token = _BREAK
        else:
            places.setdefault(token, []).append(len(tokens))
        tokens.append(token)
        spans.append(match.span())
    return Words(text, tuple(tokens), tuple(spans), places, frozenset(places))


@dataclass(frozen=True, slots=True)
class Match:
    """Where a phrase was found: the half-open range of characters, and the words."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """One place of a phrase: any of `singles`, a word that begins with one of `stems`, or one of
    the sequences `runs`."""

    singles: frozenset[str]
    stems: tuple[str, ...]
    runs: tuple[tuple[str, ...], ...]
    optional: bool

    def heads(self, words: Words) -> set[str]:
        """Return the words of the text that may stand first here."""
        found = set(self.singles & words.known)
        found.update(run[0] for run in self.runs if run[0] in words.known)
        if self.stems:
            found.update(word for word in words.known if word.startswith(self.stems))
        return found

    def ends(self, tokens: Sequence[str], at: int) -> Iterator[int]:
        """Yield where the text goes on after this place has matched at token `at`."""
        if at >= len(tokens):
            return
        token = tokens[at]
        if token in self.singles or (self.stems and token.startswith(self.stems)):
            yield at + 1
        for run in self.runs:
            if token == run[0] and tuple(tokens[at : at + len(run)]) == run:
                yield at + len(run)


_Part = _Choice | int
"""A place, or the greatest number of words that may stand between."""


class Phrases:
    """Phrases that mean one thing; `search` finds any of them."""

    def __init__(self, phrases: Sequence[str], groups: Mapping[str, str]) -> None:
        """Compile `phrases`, written in the module's notation."""
        self._phrases = [_compile(phrase, groups) for phrase in phrases]
        self._written = tuple(phrases)

    def __eq__(self, other: object) -> bool:
        """Phrases written alike are alike."""
        return isinstance(other, Phrases) and self._written == other._written

    def __hash__(self) -> int:
        return hash(self._written)

    def search(self, text: str) -> Match | None:
        """Return the first phrase that is found anywhere in `text`."""
        return next(self._matches(text), None)

    def surely_absent(self, text: str) -> bool:
        """Say whether no phrase is in `text`; False also where the search would give up."""
        return not any(True for _ in self._matches(text))

    def remove(self, text: str) -> str:
        """Return `text` with a space where a phrase stood."""
        spans = sorted((m.start, m.end) for m in self._matches(text) if m)
        out, last = [], 0
        for start, end in spans:
            if start >= last:
                out.append(text[last:start])
                last = end
        return " ".join([*out, text[last:]]) if out else text

    def _matches(self, text: str) -> Iterator[Match | None]:
        """Yield what is found, and None at last where the search gives up."""
        words, tries = words_of(text), 0
        for parts in self._phrases:
            heads = _heads(parts, words)
            for at in sorted(place for head in heads for place in words.places[head]):
                tries += 1
                if tries > MAX_TRIES:
                    yield None
                    return
                end = _match(parts, 0, words.tokens, at)
                if end is not None:
                    start, stop = words.spans[at][0], words.spans[end - 1][1]
                    yield Match(start, stop, text[start:stop])


def compile_phrases(*phrases: str, groups: Mapping[str, str] | None = None) -> Phrases:
    """Return what finds any of the phrases."""
    return Phrases(phrases, groups or {})


def _heads(parts: Sequence[_Part], words: Words) -> set[str]:
    """Return the words at which a phrase may begin in this text; none where it cannot be there."""
    heads: set[str] = set()
    begun = False
    for part in parts:
        if isinstance(part, int):
            continue
        if part.optional:
            if not begun:
                heads |= part.heads(words)
            continue
        found = part.heads(words)
        if not found:
            return set()
        if not begun:
            heads |= found
            begun = True
    return heads


def _match(parts: Sequence[_Part], index: int, tokens: Sequence[str], at: int) -> int | None:
    """Return where the phrase ends when its parts from `index` on match from token `at`."""
    if index == len(parts):
        return at
    part = parts[index]
    if isinstance(part, int):
        for skipped in range(part + 1):
            end = _match(parts, index + 1, tokens, at + skipped)
            if end is not None:
                return end
            if at + skipped >= len(tokens) or tokens[at + skipped] == _BREAK:
                return None
        return None
    for after in part.ends(tokens, at):
        end = _match(parts, index + 1, tokens, after)
        if end is not None:
            return end
    return _match(parts, index + 1, tokens, at) if part.optional else None


def _compile(phrase: str, groups: Mapping[str, str]) -> list[_Part]:
    parts: list[_Part] = []
    for token in phrase.split():
        if token.startswith(".."):
            parts.append(int(token[2:]))
        elif token.startswith("(") and token.endswith(")"):
            parts.append(_choice(token[1:-1], groups, optional=True))
        else:
            parts.append(_choice(token, groups, optional=False))
    return parts


def _choice(token: str, groups: Mapping[str, str], *, optional: bool) -> _Choice:
    """Compile one token: alternatives of words and groups."""
    singles, stems, runs = set(), set(), set()
    for word in _alternatives(token, groups):
        plain = word if word.startswith("__") else word.replace("_", " ")
        run = tuple(_WORD.findall(plain))
        if len(run) > 1:
            runs.add(run)
        elif run[0].endswith("*"):
            stems.add(run[0][:-1])
        else:
            singles.add(run[0])
    return _Choice(frozenset(singles), tuple(sorted(stems)), tuple(sorted(runs)), optional)


def _alternatives(token: str, groups: Mapping[str, str]) -> Iterator[str]:
    for word in token.split("|"):
        if word.startswith("{"):
            yield from _alternatives("|".join(groups[word[1:-1]].split()), groups)
        else:
            yield word
