"""Graded work as something to compare with: what it asks, and the code it leaves to be written.

Built from the chunks of graded documents, unpublished ones included. Comparing is lexical (shared
word sequences), by code (names that only an assignment uses) and, when vectors are given, by
embedding. What a likeness means for a question is decided in `classify` and `enforce`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ds542_tutor.documents import Chunk
from ds542_tutor.labels import labels_in
from ds542_tutor.policy.disguise import plain

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

_STUB = re.compile(
    r"TODO|__fill__|YOUR (?:CODE|CHANGES|ANSWER)|^\s*\w+\s*=\s*\.\.\."
    r"|^\s*(?:\.\.\.|pass)\s*$|raise NotImplementedError",
    re.I | re.M,
)
_DEFINITION = re.compile(
    r"^[ \t]*(?:class[ \t]+|def[ \t]+(?=\w+\((?P<params>[^)]*)\)|))(?P<name>\w+)", re.M
)
_PARAMETER = re.compile(r"(?:^|,)\s*\*{0,2}(?!self\b)([A-Za-z_]\w*)")
_ASSIGNED_STUB = re.compile(r"^\s*(\w+)\s*=\s*(?:\.\.\.|__fill__)", re.I | re.M)
_WORD = re.compile(r"[a-z_]\w*|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class GradedItem:
    """One graded chunk.

    Attributes:
        names: functions and classes that it leaves to be written. params: their parameters.
        stubs: variables that it leaves to be computed, as in `N = ...`.
        labels: the numbers of a book's problems that have no published answer ("problem 3.4").
        open: something is left to be filled in at all. text: of the chunk.
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


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a message resembles a graded item. `kind`: "paste", "name", "number" or "meaning"."""

    kind: str
    assignment: str | None
    score: float
    chunk_id: str


@dataclass(frozen=True, slots=True)
class GradedItems:
    """All graded work. `names` maps each function that an assignment asks for to the assignment."""

    items: tuple[GradedItem, ...] = ()
    names: Mapping[str, str | None] = field(default_factory=dict)
    stubs: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()

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

    def pasted(self, text: str) -> Likeness | None:
        """Return the item that `text` quotes, when a good part of it does."""
        asked = shingles(text)
        best: Likeness | None = None
        for item in self.items:
            shared = len(asked & item.shingles)
            share = shared / max(1, len(asked))
            quoted = shared >= MIN_SHARED and share >= MIN_SHARE
            whole = shared >= MIN_WHOLE and share >= WHOLE_SHARE
            if (quoted or whole) and (not best or share > best.score):
                best = Likeness("paste", item.assignment, share, item.chunk_id)
        return best

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
        """Return the first function of an assignment that `text` names, and the likeness.

        It must be spelled as code: words such as "sigmoid" are everybody's, unless called.
        """
        for match in re.finditer(r"\w+", text):
            name = match.group()
            called = text[match.end() : match.end() + 1] == "("
            if name in self.names and (called or "_" in name.strip("_")):
                return name, Likeness("name", self.names[name], 1.0, "")
        return None

    def alike(self, vector: Sequence[float]) -> Likeness | None:
        """Return the item nearest in meaning, when it is near enough."""
        best: Likeness | None = None
        for item in self.items:
            cosine = sum(a * b for a, b in zip(item.vector, vector, strict=False))
            if cosine >= MIN_COSINE and (not best or cosine > best.score):
                best = Likeness("meaning", item.assignment, cosine, item.chunk_id)
        return best


def _collect(items: tuple[GradedItem, ...], names: Mapping[str, str | None]) -> GradedItems:
    stubs = frozenset().union(*(item.stubs for item in items))
    params = frozenset().union(*(item.params for item in items))
    labels = frozenset().union(*(item.labels for item in items))
    return GradedItems(items, names, stubs, params, labels)


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of `SHINGLE` words (names, numbers) of `text`, punctuation ignored."""
    words = _WORD.findall(plain(text))
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _item(chunk: Chunk, vector: Sequence[float]) -> GradedItem:
    """Read one chunk: a chunk may join cells, so each definition goes up to the next one."""
    text = chunk.text
    starts = list(_DEFINITION.finditer(text))
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
        names=frozenset(match["name"].casefold() for match in left_open),
        params=frozenset(
            name
            for match in left_open
            for name in _PARAMETER.findall(match["params"] or "")
            if name not in _COMMON_PARAMETERS
        ),
        stubs=frozenset(_ASSIGNED_STUB.findall(text)),
        labels=frozenset(name for name in chunk.labels if name.startswith(_PROBLEMS)),
        open=_STUB.search(text) is not None,
        vector=tuple(vector),
        text=text,
    )


def defined_names(code: str) -> set[str]:
    """Return the functions and classes that `code` defines, by its syntax tree or, failing that,
    by its `def` and `class` lines."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return {match["name"] for match in _DEFINITION.finditer(code)}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
