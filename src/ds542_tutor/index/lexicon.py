"""The words of a corpus: what its abbreviations stand for, and how its words are spelt.

Mined once, when a generation is written; a search then reads a question in the corpus's own words.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract
from spellchecker import SpellChecker

_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
# One that stands by itself: no part of a path, of a name with digits, of a word with accents.
_LONE_WORD = re.compile(r"(?<![\w./\\-])[A-Za-z]+(?:'[a-z]+)?(?![\w/\\-])")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]")
_IN_BRACKETS = re.compile(r"\(([A-Za-z][A-Za-z0-9-]{1,7})\)")
# A name is typed with capitals beyond the first letter (RoPE, NF4), or is no word at all (cutmix).
_NAME = re.compile(
    r"(?<![\w.@/\\-])(?<!class )(?<!import )"
    r"(?:[A-Z]{2,}[\w-]*|[A-Za-z]+[A-Z][\w-]*|[A-Z]\w*\d[\w-]*)(?![\w@/\\(\[=]|\.\w| =)"
)
# A word with a capital inside a sentence is a name as well (Mamba), and in German any noun.
_TITLED = re.compile(r"(?<=[a-z0-9,;] )[A-Z][a-z]{3,}(?![\w@/\\(\[=-]|\.\w| =)")
_ENGLISH = re.compile(r"\b(?:the|is|are|do|does|how|what|why|of|to|and|can|with|it|you)\b", re.I)
_RARE = 4e-7  # share of all words of English texts; weekdays have more
_LEAST_ENGLISH = 2  # such words make a message one in English
_NO_WORD = re.compile(r"(?<![\w./\\-])[a-z][a-z0-9-]{4,}(?![\w/\\-])")
_OF_PYTHON = re.compile(r"(?:Error|Exception|Warning)$|_")
_UNIT = re.compile(r"\d\s*$")  # "2.31 GiB" names nothing
_SHOUTED = 0.5  # share of capitals from which they say nothing
_BEFORE = 100  # characters before the bracket in which the long form ends
_HEADING = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_PARTS = re.compile(r" [-–—] |: ")
_SMALL_WORDS = frozenset("a an and by for from in of on or the to with".split())
_INITIALS = range(3, 6)  # words of a heading whose initials may be typed for it

_MIN_SPELT = 3  # chunks that must have a word before a question is spelt its way
_MIN_LETTERS = 5
# Letters from which two slips are forgiven: of eight, "convnext" lies near "context", "grokking"
# near "growing", and a name that the corpus does not have must not become a word that it has.
_TWO_SLIPS = 10


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A short form, lower case, and its long form; in how many chunks each stands."""

    short: str
    long: str
    short_in: int = 0
    long_in: int = 0

    @property
    def used(self) -> bool:
        """Whether the corpus has the short form, or the long one more than once.

        The initials of one heading ("More outlier examples") are often another thing's.
        """
        return self.short_in > 0 or self.long_in > 1


@dataclass(frozen=True)
class Lexicon:
    """What `build` mined.

    Attributes:
        words: in how many chunks each word stands, lower case, at least `_MIN_SPELT`.
        abbreviations: by short form.
    """

    words: Mapping[str, int] = field(default_factory=dict)
    abbreviations: Mapping[str, Abbreviation] = field(default_factory=dict)

    @classmethod
    def build(cls, texts: Iterable[str]) -> Lexicon:
        """Mine the search texts of all chunks: the heading path on the first line, then the text.

        Short forms are found beside their long form in brackets, after Schwartz and Hearst (2003),
        A simple algorithm for identifying abbreviation definitions in biomedical text,
        https://pubmed.ncbi.nlm.nih.gov/12603049/, here with at least half the letters initials;
        and as the initials of headings.
        """
        words: Counter[str] = Counter()
        long_forms: dict[str, Counter[str]] = {}
        headed: dict[str, Counter[str]] = {}
        folded = []
        for text in texts:
            plain = " ".join(_TOKEN.findall(_without_accents(text)))
            folded.append(f" {plain.lower().replace('-', ' ')} ")
            words.update({word.lower() for word in _WORD.findall(text)})
            for short, long in _definitions(text):
                long_forms.setdefault(short, Counter())[long] += 1
            for short, long in _initials(text):
                headed.setdefault(short, Counter())[long] += 1
        meant = {
            short: found.most_common(1)[0][0] for short, found in {**headed, **long_forms}.items()
        }
        # Texts have spaces for hyphens: "r-cnn" stands there as "r cnn".
        plainly = {short: short.replace("-", " ") for short in meant}
        counts = _count(folded, {*plainly.values(), *meant.values()})
        return cls(
            {word: n for word, n in words.items() if n >= _MIN_SPELT},
            {
                short: Abbreviation(short, long, counts[plainly[short]], counts[long])
                for short, long in meant.items()
            },
        )

    @classmethod
    def read(cls, file: Path) -> Lexicon:
        """Read what `write` wrote; an empty lexicon where there is no such file."""
        if not file.is_file():
            return cls()
        data = json.loads(file.read_text(encoding="utf-8"))
        return cls(data["words"], {row[0]: Abbreviation(*row) for row in data["abbreviations"]})

    def write(self, file: Path) -> None:
        """Write the lexicon as JSON."""
        rows = [[a.short, a.long, a.short_in, a.long_in] for a in self.abbreviations.values()]
        file.write_text(
            json.dumps({"words": dict(self.words), "abbreviations": rows}, ensure_ascii=False),
            encoding="utf-8",
        )

    def expansions(self, question: str) -> list[str]:
        """Return the other forms of what `question` names that the corpus uses more often.

        "VAE" gives "variational autoencoder" where the corpus spells it out more often, and the
        other way round. A short form that is an English word must be typed in capitals.
        """
        plain = f" {' '.join(_TOKEN.findall(question)).lower().replace('-', ' ')} "
        found = []
        for token in _TOKEN.findall(question):
            known = self._abbreviation(token)
            if known and known.long_in >= known.short_in and f" {known.long} " not in plain:
                found.append(known.long)
        found += [
            known.short
            for known in self.abbreviations.values()
            if known.short_in > known.long_in
            and known.long_in
            and f" {known.long} " in plain
            and f" {known.short} " not in plain
        ]
        return list(dict.fromkeys(found))

    def forms(self, question: str) -> list[tuple[str, str]]:
        """Return the short and long forms of what `question` abbreviates or spells out."""
        plain = f" {' '.join(_TOKEN.findall(question)).lower().replace('-', ' ')} "
        named = [self._abbreviation(token) for token in _TOKEN.findall(question)]
        named += [known for known in self.abbreviations.values() if f" {known.long} " in plain]
        return list(dict.fromkeys((known.short, known.long) for known in named if known))

    def in_full(self, question: str) -> str:
        """Return `question` with the short forms that the corpus only ever spells out in full."""
        return _TOKEN.sub(lambda match: self._in_full(match.group()), question)

    def _in_full(self, token: str) -> str:
        known = self._abbreviation(token)
        return known.long if known and known.used and not known.short_in else token

    def _abbreviation(self, token: str) -> Abbreviation | None:
        singular = token[:-1] if token.endswith("s") else token
        for form in (token, singular):
            known = self.abbreviations.get(form.lower())
            if known and (form.upper() == form or not is_english(form.lower())):
                return known
        return None

    def spelt(self, question: str) -> str:
        """Return `question` with words that neither the corpus nor English knows put right.

        Only where a word of the corpus is one slip away, in long words two, with the same first
        and last letter: a slip at the end is as often another form, or another word. Else a word
        may be cut short ("backprop"): the most frequent one that begins so.
        """
        return _LONE_WORD.sub(lambda match: self._spelt(match.group()), question)

    def _spelt(self, word: str) -> str:
        lower = word.lower()
        mixed = word not in (lower, lower.capitalize())  # a name, or an abbreviation
        if mixed or len(word) < _MIN_LETTERS or self._knows(lower):
            return word
        slips = 2 if len(word) >= _TWO_SLIPS else 1
        like = self._by_ends.get(lower[0] + lower[-1], ())
        near = extract(lower, like, scorer=OSA.distance, score_cutoff=slips, limit=10)
        if near:
            return min(near, key=lambda found: (found[1], -self.words[found[0]]))[0]
        if len(lower) <= _MIN_LETTERS:
            return word
        begun = (known for known in self.words if known.startswith(lower))
        return max(begun, key=lambda known: self.words[known], default=word)

    def _knows(self, word: str) -> bool:
        """Whether corpus or dictionary have it, as "entropies", "doesnt", "theyre" too."""
        forms = {word, word.removesuffix("'s"), word.removesuffix("s")}
        forms |= {f"{word[:-1]}'{word[-1]}", f"{word[:-2]}'{word[-2:]}"}
        forms |= {word.removesuffix("es"), f"{word.removesuffix('ies')}y"}
        return any(
            form in self.words or form in self.abbreviations or is_english(form) for form in forms
        )

    def unheard_names(self, text: str, has: Callable[[str], bool]) -> list[str]:
        """Return what `text` names in capitals that the corpus never does ("RoPE", "NF4").

        Args:
            has: whether the corpus has a word.
        """
        letters = [c for c in text if c.isalpha()]
        if sum(map(str.isupper, letters)) > _SHOUTED * len(letters):
            return []
        found = (m for m in _NAME.finditer(text) if not _UNIT.search(text[: m.start()]))
        names = dict.fromkeys(m[0] for m in found if not _OF_PYTHON.search(m[0]))
        if len(_ENGLISH.findall(text)) >= _LEAST_ENGLISH:
            names |= dict.fromkeys(name for name in _TITLED.findall(text) if _is_rare(name))
        return [name for name in names if not self._heard(name, has)]

    def _heard(self, name: str, has: Callable[[str], bool]) -> bool:
        """Whether the corpus or a dictionary has a name, as a plural or in parts too."""
        lower = name.lower()
        forms = {lower, lower.removesuffix("s")}
        short = self._abbreviation(name)
        if (short and short.used) or any(map(has, forms)):
            return True
        if name.isupper() and is_english(lower):
            return True  # stressed; RoPE is no rope
        return "-" in name and all(has(part) for part in lower.split("-") if part)

    def unheard_words(self, text: str, has: Callable[[str], bool]) -> list[str]:
        """Return the words of `text` in small letters that neither the corpus nor a dictionary has,
        and that are no slip of one they have ("cutmix")."""
        words = dict.fromkeys(_NO_WORD.findall(text))
        return [word for word in words if not has(word) and self._is_no_slip(word)]

    def _is_no_slip(self, word: str) -> bool:
        if self._knows(word) or ("-" in word and all(map(self._knows, word.split("-")))):
            return False
        slips = 1 if len(word) <= _MIN_LETTERS else 2
        if extract(word, self.words.keys(), scorer=OSA.distance, score_cutoff=slips, limit=1):
            return False
        speller = _dictionary()
        return not speller.known(speller.edit_distance_1(word))

    @functools.cached_property
    def _by_ends(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word in self.words:
            found.setdefault(word[0] + word[-1], []).append(word)
        return found


def is_english(word: str) -> bool:
    """Whether an English dictionary has the word (lower case)."""
    return bool(_dictionary().known([word]))


def _is_rare(name: str) -> bool:
    """Whether English hardly ever has the word: "Mamba", not "Please"."""
    return float(_dictionary().word_usage_frequency(name.lower())) < _RARE


@functools.cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language="en", distance=1)


def _definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the (short, long) pairs of "long form (SF)" in `text`, lower case."""
    for match in _IN_BRACKETS.finditer(text):
        typed = match.group(1)
        short = typed[:-1] if typed.endswith("s") and typed[:-1].isupper() else typed
        if sum(letter.isupper() for letter in short) < 2:
            continue
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        if long := _long_form(short, before):
            yield short.lower(), long


def _long_form(short: str, before: str) -> str:
    """Return the words that end `before` and spell `short`, or ""."""
    letters = short.lower().replace("-", "")
    words = [w for token in _TOKEN.findall(before) for w in token.lower().split("-") if w]
    for count in range(2, min(len(words), len(letters) + 1) + 1):
        chosen = words[-count:]
        initials = "".join(word[0] for word in chosen)
        if initials[0] != letters[0] or short.lower() in chosen:
            continue
        joined, at = " ".join(chosen), 0
        for letter in letters:
            at = joined.find(letter, at) + 1
            if not at:
                break
        if at and 2 * sum(letter in initials for letter in letters) >= len(letters):
            return joined
    return ""


def _initials(text: str) -> Iterator[tuple[str, str]]:
    """Yield the initials of each heading, or part of one, that has few words, with its words."""
    whole = _without_accents(text.partition("\n")[0]).split(" > ")[1:]
    parts = (part for heading in whole for part in _PARTS.split(heading) if part != heading)
    for heading in (*whole, *parts):
        words = [part for word in _HEADING.findall(heading) for part in word.lower().split("-")]
        if len(words) in _INITIALS and not _SMALL_WORDS.intersection(words):
            yield "".join(word[0] for word in words), " ".join(words)


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _count(texts: Iterable[str], phrases: set[str]) -> Counter[str]:
    """Count the texts (words between single spaces) that have each phrase.

    Each text is read once, whatever the number of phrases: a large corpus has a hundred thousand.
    """
    counts: Counter[str] = Counter()
    begun = {
        " ".join(words[:n]) for p in phrases for words in [p.split()] for n in range(len(words))
    }
    for text in texts:
        words = text.split()
        found: set[str] = set()
        for start, first in enumerate(words):
            if first in phrases:
                found.add(first)
            run = first
            for word in words[start + 1 :] if first in begun else ():
                run = f"{run} {word}"
                found.update(form for form in (run, run.removesuffix("s")) if form in phrases)
                if run not in begun:
                    break
        counts.update(found)
    return counts
