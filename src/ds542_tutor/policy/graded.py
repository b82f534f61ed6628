"""Graded work as something to compare with: what it asks, and the code it leaves to be written.

Built from the chunks of graded documents, unpublished ones included. Comparing is lexical (shared
word sequences), by code (names that only an assignment uses) and, when vectors are given, by
embedding. What a likeness means for a question is decided in `classify` and `enforce`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ds542_tutor.documents import Chunk
from ds542_tutor.labels import labels_in
from ds542_tutor.policy.code_forms import DEFINITION
from ds542_tutor.policy.disguise import plain
from ds542_tutor.policy.formulas import formulas_in, number_runs, squeezed
from ds542_tutor.policy.spelling import distance
from ds542_tutor.words import content_words

SHINGLE = 4
"""Words in a row that count as copied: shorter runs are common English ("what is the")."""

MIN_SHARED = 5
"""Shared shingles that make a paste: eight words in a row, or two shorter runs."""

MIN_SHARE = 0.3
"""Share of the message's shingles found in one item; a student adds words of her own to a paste."""

MIN_WHOLE, WHOLE_SHARE = 3, 0.8
"""The same for a short message that is nearly all quotation: one sentence of a task."""

MIN_COSINE = 0.72
"""Cosine (MiniLM) at which two texts pose the same task: of 206 benign questions none came nearer
to a graded chunk than 0.69 (docs/experiments.md)."""

MIN_NAME = 4
"""Letters a function's name needs to tell of an assignment: `f` and `net` are everybody's."""

_PROBLEMS = ("problem ", "exercise ")

_COMMON_PARAMETERS = frozenset("x y t a device model lr steps epochs seed batch data".split())
"""Parameters that any code has, which therefore tell of no assignment."""

_ASKING = frozenset(
    content_words(
        "write function code give show solve solution answer homework hw problem question complete "
        "full implement python return help can please print point exercise discussion project "
        "assignment graded example sentences paste"
    )
)
"""Words of asking, which tell nothing of what is asked about."""

_STUB = re.compile(
    r"TODO|__fill__|YOUR (?:CODE|CHANGES|ANSWER)|^\s*\w+\s*=\s*\.\.\."
    r"|^\s*(?:\.\.\.|pass)\s*$|raise NotImplementedError",
    re.I | re.M,
)
_PARAMETER = re.compile(r"(?:^|,)\s*\*{0,2}(?!self\b)([A-Za-z_]\w*)")
_ASSIGNED_STUB = re.compile(r"^\s*(\w+)\s*=\s*(?:\.\.\.|__fill__)", re.I | re.M)
_IS_FUNCTION = re.compile(r"[`'\"]? (?:function|func|method|class)\b")
_FUNCTION_IS = re.compile(r"\b(?:function|func|method|class|def)\W{1,3}$")
_LIBRARY = re.compile(r"\b(?:nn|np|torch|f|tf|math|numpy)\.$")  # `nn.ReLU` is not our `relu`
_FILE = re.compile(
    r"\b(?=[A-Za-z]*[-_\d])[A-Za-z][\w-]*\.(?:csv|npz|npy|pth?|png|json|safetensors)\b"
)
"""Names of files to be made or read, "train-onehot.csv"; "train.csv" is everybody's."""

_CODE = re.compile(r"```.*?(?:```|\Z)", re.S)
_SHORT_NAME, _LONG_NAME = 6, 10
_PART = re.compile(r"(?<![\d.])(\d{1,2}[.-]\d{1,2})(?![\d.]*\d)")
_PART_SAID = re.compile(
    r"\b(?:prob(?:lem)?|ex(?:ercise)?|q(?:uestion)?|part|task)s?\b[ #.]*(\d{1,2}[.-]\d{1,2})"
)
_PART_HEADING = re.compile(r"(?:problem|exercise|question|part|task)\s+(\d{1,2}[.-]\d{1,2})", re.I)
_WORD = re.compile(r"[a-z_]\w*|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class GradedItem:
    """One graded chunk.

    Attributes:
        names: functions and classes that it leaves to be written. params: their parameters.
        stubs: variables that it leaves to be computed, as in `N = ...`.
        labels: the numbers of a book's problems that have no published answer ("problem 3.4").
        open: something is left to be filled in at all. text: of the chunk.
        words: its content words. parts: the numbers of its problems ("2.3").
        formulas: those of what it asks, not of its code (`formulas.formulas_in`).
    """

    chunk_id: str
    document: str
    assignment: str | None
    shingles: frozenset[tuple[str, ...]] = field(repr=False)
    names: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    stubs: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    open: bool = False
    vector: tuple[float, ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)
    words: frozenset[str] = field(default=frozenset(), repr=False)
    parts: frozenset[str] = frozenset()
    formulas: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a message resembles a graded item.

    `kind`: "paste" (runs of words), "words" (rare words), "name" (of a function), "number" (of a
    book's problem) or "meaning" (cosine). `shared`: how much it shares, in words or runs.
    """

    kind: str
    assignment: str | None
    score: float
    chunk_id: str
    shared: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class GradedItems:
    """All graded work.

    Attributes:
        names: each function that an assignment asks for, with the assignment.
        by_shingle, by_word: positions in `items` of those that have it.
        by_numbers: runs of numbers that one assignment alone has ("1 2 4 3 8 7"), with it.
        vectors: one row an item, or nothing when there are no embeddings.
    """

    items: tuple[GradedItem, ...] = ()
    names: Mapping[str, str | None] = field(default_factory=dict)
    stubs: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    by_shingle: Mapping[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict, repr=False)
    by_word: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    by_numbers: Mapping[tuple[str, ...], str | None] = field(default_factory=dict, repr=False)
    formulas: frozenset[str] = field(default=frozenset(), repr=False)
    vectors: NDArray[np.float32] | None = field(default=None, repr=False)

    @staticmethod
    def from_chunks(
        chunks: Iterable[Chunk],
        vectors: Mapping[str, Sequence[float]] | None = None,
    ) -> GradedItems:
        """Build from chunks; those that are not graded are left out.

        `vectors` maps chunk ids to unit vectors; without it likeness in meaning is not judged.
        """
        items = [
            _item(chunk, (vectors or {}).get(chunk.id, ())) for chunk in chunks if chunk.graded
        ]
        # A name that several assignments use ("train") belongs to none of them.
        uses = Counter(name for name, _ in {(n, i.assignment) for i in items for n in i.names})
        names = {n: i.assignment for i in items for n in i.names if uses[n] == 1}
        return _collect(tuple(items), names)

    def of(self, assignment: str | None) -> GradedItems:
        """Return what belongs to one assignment; everything for None."""
        if assignment is None:
            return self
        items = tuple(item for item in self.items if item.assignment == assignment)
        return _collect(items, {n: assignment for item in items for n in item.names})

    def quoted(self, text: str) -> Likeness | None:
        """Return the item with which `text` shares the most runs of words, if any; its share."""
        asked = shingles(text)
        shared = Counter(i for run in asked for i in self.by_shingle.get(run, ()))
        if not shared:
            return None
        best, count = max(shared.items(), key=lambda pair: (pair[1], -pair[0]))
        item = self.items[best]
        return Likeness("paste", item.assignment, count / len(asked), item.chunk_id, count)

    def pasted(self, text: str) -> Likeness | None:
        """Return the item that `text` quotes, when a good part of it does."""
        best = self.quoted(text)
        if best is None:
            return None
        quoted = best.shared >= MIN_SHARED and best.score >= MIN_SHARE
        whole = best.shared >= MIN_WHOLE and best.score >= WHOLE_SHARE
        return best if quoted or whole else None

    def worded(self, text: str) -> Likeness | None:
        """Return the item that has most of the content words of `text`, rare ones counting more.

        The score is the share of the words' weight that the item has: a word's weight is the
        logarithm of how few items have it, and a word that none has weighs most.
        """
        asked = set(content_words(text)) - _ASKING
        if not asked or not self.items:
            return None
        most = math.log(2 * len(self.items) + 1)
        score: Counter[int] = Counter()
        total, shared = 0.0, Counter[int]()
        for word in asked:
            having = self.by_word.get(word, ())
            weight = math.log((len(self.items) + 0.5) / len(having)) + 0.1 if having else most
            total += weight
            for i in having:
                score[i] += weight  # type: ignore[assignment]
                shared[i] += 1
        if not score:
            return None
        best = max(score, key=lambda i: (score[i], -i))
        item = self.items[best]
        return Likeness("words", item.assignment, score[best] / total, item.chunk_id, shared[best])

    def besides(self, text: str, like: Likeness) -> str:
        """Return the words of `text` that it does not share with the item it quotes."""
        words = _WORD.findall(plain(text))
        shared = next(i.shingles for i in self.items if i.chunk_id == like.chunk_id)
        copied = {
            j
            for i in range(len(words) - SHINGLE + 1)
            if tuple(words[i : i + SHINGLE]) in shared
            for j in range(i, i + SHINGLE)
        }
        return " ".join(word for i, word in enumerate(words) if i not in copied)

    def numbered(self, text: str) -> Likeness | None:
        """Return the problem of a book that `text` names by number ("problem 3.4")."""
        found = next((name for name in labels_in(text) if name in self.labels), None)
        return Likeness("number", None, 1.0, "") if found else None

    def named(self, text: str) -> tuple[str, Likeness] | None:
        """Return the first function or file of an assignment that `text` names, and the likeness.

        A run of numbers that stands in one assignment alone names it as well.

        It must be spelled as code (perhaps with a slip), called, or be said to be a function:
        words such as "sigmoid" are everybody's.
        """
        for run in number_runs(text):
            if run in self.by_numbers:
                return " ".join(run), Likeness("name", self.by_numbers[run], 1.0, "")
        for match in _FILE.finditer(text):
            file = match.group()
            if file.casefold() in self.names:
                return file, Likeness("name", self.names[file.casefold()], 1.0, "")
        for match in re.finditer(r"\w+", text):
            word = match.group()
            if ("_" in word or word in self.names) and (name := self._known_as(text, match)):
                return word, Likeness("name", self.names[name], 1.0, "")
        return None

    def _known_as(self, text: str, place: re.Match[str]) -> str | None:
        """Return the function's name that the word at `place` in `text` stands for."""
        word, begin, end = place.group(), *place.span()
        code = "_" in word.strip("_")
        if _LIBRARY.search(text[max(0, begin - 8) : begin]):
            return None
        if word in self.names:
            called = text.startswith("(", end) or _IS_FUNCTION.match(text, end)
            said = called or _FUNCTION_IS.search(text[max(0, begin - 20) : begin])
            return word if code or said else None
        if not code or len(word) < MIN_NAME:
            return None
        # "2_1_3" for `shallow_2_1_3`, and a slip or two in a long name.
        ending = next((name for name in self.names if name.endswith(f"_{word}")), None)
        slips = 2 if len(word) >= _LONG_NAME else 1
        return ending or next(
            (
                name
                for name in self.names
                if abs(len(name) - len(word)) <= slips
                and len(word) > _SHORT_NAME
                and sum(map(str.isdigit, name)) == sum(map(str.isdigit, word))
                and re.sub(r"\D", "", name) == re.sub(r"\D", "", word)
                and distance(name, word) <= slips
            ),
            None,
        )

    def states(self, text: str) -> bool:
        """Whether `text` has a formula that stands in graded work, however it is typed."""
        asked = squeezed(text)
        return any(formula in asked for formula in self.formulas)

    def part(self, text: str, *, said: bool = False) -> bool:
        """Say whether `text` has the number of a part of graded work, such as "2.3" or "3-1".

        With `said` only a number counts that is said to be a problem's.
        """
        pattern = _PART_SAID if said else _PART
        return any(match[1] in self.parts for match in pattern.finditer(text))

    def nearest(self, vector: Sequence[float] | None) -> Likeness | None:
        """Return the item nearest in meaning, however far; None without embeddings."""
        if self.vectors is None or vector is None or len(vector) != self.vectors.shape[1]:
            return None
        cosines = self.vectors @ np.asarray(vector, dtype=np.float32)
        best = int(cosines.argmax())
        item = self.items[best]
        return Likeness("meaning", item.assignment, float(cosines[best]), item.chunk_id)

    def alike(self, vector: Sequence[float] | None) -> Likeness | None:
        """Return the item nearest in meaning, when it is near enough."""
        best = self.nearest(vector)
        return best if best and best.score >= MIN_COSINE else None


def _collect(items: tuple[GradedItem, ...], names: Mapping[str, str | None]) -> GradedItems:
    by_shingle: dict[tuple[str, ...], list[int]] = {}
    by_word: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        for run in item.shingles:
            by_shingle.setdefault(run, []).append(i)
        for word in item.words:
            by_word.setdefault(word, []).append(i)
    runs: dict[tuple[str, ...], list[str | None]] = {}
    for item in items:
        for run in number_runs(item.text):
            if item.assignment not in runs.setdefault(run, []):
                runs[run].append(item.assignment)
    size = max((len(item.vector) for item in items), default=0)
    rows = [item.vector or (0.0,) * size for item in items]
    return GradedItems(
        items,
        names,
        stubs=frozenset().union(*(item.stubs for item in items)),
        params=frozenset().union(*(item.params for item in items)),
        labels=frozenset().union(*(item.labels for item in items)),
        parts=frozenset().union(*(item.parts for item in items)),
        by_shingle={run: tuple(found) for run, found in by_shingle.items()},
        by_word={word: tuple(found) for word, found in by_word.items()},
        formulas=frozenset().union(*(item.formulas for item in items)),
        by_numbers={run: key for run, (key, *more) in runs.items() if not more},
        vectors=np.array(rows, dtype=np.float32) if size else None,
    )


@lru_cache(maxsize=16)  # several signals ask for those of one message
def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of `SHINGLE` words (names, numbers) of `text`, punctuation ignored."""
    words = _WORD.findall(plain(text))
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _item(chunk: Chunk, vector: Sequence[float]) -> GradedItem:
    """Read one chunk: a chunk may join cells, so each definition goes up to the next one."""
    text = chunk.text
    starts = list(DEFINITION.finditer(text))
    bounds = [*(match.start() for match in starts), len(text)]
    left_open = [
        match
        for match, (a, b) in zip(starts, pairwise(bounds), strict=True)
        # Special methods belong to every class.
        if _STUB.search(text[a:b])
        and not match["name"].startswith("__")
        and len(match["name"]) >= MIN_NAME
    ]
    return GradedItem(
        chunk_id=chunk.id,
        document=chunk.document,
        assignment=chunk.assignment,
        shingles=shingles(text),
        names=frozenset(match["name"].casefold() for match in left_open)
        | frozenset(name.casefold() for name in _FILE.findall(text)),
        params=frozenset(
            name
            for match in left_open
            for name in _PARAMETER.findall(match["params"] or "")
            if name not in _COMMON_PARAMETERS
        ),
        stubs=frozenset(_ASSIGNED_STUB.findall(text)),
        formulas=formulas_in(_CODE.sub("", text)),
        labels=frozenset(name for name in chunk.labels if name.startswith(_PROBLEMS)),
        open=_STUB.search(text) is not None,
        vector=tuple(vector),
        text=text,
        words=frozenset(content_words(text)),
        # Headings stand in the text for searching. A book's problems have labels instead.
        parts=frozenset(_PART_HEADING.findall(chunk.search_text) if chunk.assignment else ()),
    )
