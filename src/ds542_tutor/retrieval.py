"""From a query to hits: dense and lexical search, ranked together, duplicates folded.

Storage is `index`'s business, the wording of the query that of `queries`, how candidates compare
that of `ranking`, how far the hits can carry an answer that of `evidence`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from ds542_tutor.continuity import goes_on
from ds542_tutor.course_matters import WORDS
from ds542_tutor.dialogue import Hit, Query, Turn
from ds542_tutor.documents import Chunk
from ds542_tutor.duplicates import fold_duplicates
from ds542_tutor.evidence import ASKING
from ds542_tutor.index.dense import Where
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.lexical import tokenize
from ds542_tutor.labels import LABEL
from ds542_tutor.protocols import Embedder, Reranker, Vector
from ds542_tutor.queries import standalone, subject
from ds542_tutor.ranking import Candidates, scores, tells_of_the_course
from ds542_tutor.settings import RetrievalSettings
from ds542_tutor.words import jaccard

_MOST_LABELLED = 6  # a listing or problem may fill several chunks; more would crowd out the rest
# Words of paths that name no document in particular, or are words of asking.
_COMMON_NAMES = frozenset(
    "pdf tex md book books notes course equation equations figure figures table problem problems "
    "answer answers errata main static files the and".split()
)
_SAME_TITLE = 0.5  # share of common words (Jaccard) from which two slides have one title
# Of a question in a conversation: weight of its own vector beside the one of it and the question
# before, and of that of the last answer; weight of the terms of that answer.
_OWN, _SAID, _SAID_TERMS = 0.3, 0.3, 0.25
_KEPT_SEARCHES = 256
_NAMING_DEPTH = 60  # hits of a search by words among which pages on the course are looked for
# What speaks of a thing that a question compares joins the hits here, when the first ones do not.
_SIDE_PLACE, _SIDE_DEPTH = 2, 4
_RERANK_DEPTH = 30  # cross-encoders are slow; beyond this depth gold pages are rare

NEIGHBOUR = "neighbour"
"""Name of the retriever of what stands beside a hit."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found for the latest queries; safe to share between threads."""

    found: Any = field(default_factory=lambda: LRUCache(_KEPT_SEARCHES))
    lock: Any = field(default_factory=threading.Lock)

    def get(self, key: tuple[Query, int]) -> tuple[Hit, ...] | None:
        with self.lock:
            found: tuple[Hit, ...] | None = self.found.get(key)
        return found

    def put(self, key: tuple[Query, int], hits: tuple[Hit, ...]) -> None:
        with self.lock:
            self.found[key] = hits


@dataclass(frozen=True, slots=True)
class Retriever:
    """Searches one generation of the index; work that is not out yet (`Query.out`) is never found.

    `reranker`, when given, reorders the best candidates. `term` is the running term: chunks of
    another one go to the back. What was found is kept for the same query: a generation never
    changes, and hits hold nothing of who asked.
    """

    generation: Generation
    embedder: Embedder
    settings: RetrievalSettings
    reranker: Reranker | None = None
    term: str | None = None
    _kept: _Kept = field(init=False, repr=False, compare=False, default_factory=lambda: _Kept())

    def search(self, query: Query, k: int | None = None) -> tuple[Hit, ...]:
        """Return up to `k` hits (settings.hits by default), best first, without duplicates.

        Scores are odds against the best: its own is 1, that of a hit which is as likely half as
        often the right one 0.5. What a label of the question names stands above 1.
        """
        key = (query, k or self.settings.hits)
        known = self._kept.get(key)
        if known is None:
            known = self._search(*key)
            self._kept.put(key, known)
        return known

    def _search(self, query: Query, k: int) -> tuple[Hit, ...]:
        candidates = self.candidates(query)
        ranked = scores(query, candidates, self.settings.dense_weight, self.settings.lexical_weight)
        odds = np.exp(ranked - ranked.max()) if len(ranked) else ranked
        hits = [
            Hit(
                chunk=chunk,
                score=float(score),
                retriever=_names(np.isfinite(by_meaning), np.isfinite(by_words)),
                similarity=float(cosine),
            )
            for chunk, score, cosine, by_meaning, by_words in zip(
                candidates.chunks,
                odds,
                candidates.cosines,
                candidates.dense_ranks,
                candidates.lexical_ranks,
                strict=True,
            )
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.chunk.id))
        hits = self._labelled_first(query, self._rerank(query, hits))
        return tuple(fold_duplicates(self._with_sides(query, hits), k))

    def with_neighbours(self, hits: Sequence[Hit], out: Sequence[str] = ()) -> list[Hit]:
        """Return `hits` with what goes on with the best one after it.

        That is the slide before or after under nearly the same title, or the piece of text before
        or after in the same section. `out`: as in `Query`.
        """
        if not hits:
            return []
        best, found = hits[0], {hit.chunk.id: hit for hit in hits}
        beside = [
            found.get(chunk.id) or replace(best, chunk=chunk, retriever=NEIGHBOUR)
            for chunk in self.generation.chunks.neighbours(best.chunk.document, best.chunk.ordinal)
            if _goes_on(best.chunk, chunk) and not self._withheld(chunk, out)
        ]
        return [best, *beside, *(hit for hit in hits[1:] if hit not in beside)]

    def unspoken(self, query: Query, chunks: Sequence[Chunk]) -> tuple[str, ...]:
        """Return the things that a question compares of which `chunks` have not one word."""
        said = {term for chunk in chunks for term in tokenize(chunk.search_text)}
        full = self.generation.lexicon.in_full
        return tuple(thing for thing in query.things if not said & set(tokenize(full(thing))))

    def naming(self, words: Sequence[str], term: str | None = None) -> tuple[Hit, ...]:
        """Return pages on the running of the course that have all `words`.

        Those of `term`, by default the running one, where it has some; else of any.
        """
        found = [i for i, _ in self.generation.lexical.search(" ".join(words), _NAMING_DEPTH)]
        chunks = {chunk.id: chunk for chunk in self.generation.chunks.get(found)}
        naming = [
            chunk
            for identifier in found
            if (chunk := chunks.get(identifier))
            and (chunk.kind == "site" or (chunk.term and tells_of_the_course(chunk)))
            and all(word in chunk.text.casefold() for word in words)
        ]
        own = [chunk for chunk in naming if chunk.term in (None, term or self.term)]
        return tuple(Hit(chunk, 1.0, "lexical", 1.0) for chunk in own or naming)

    def query(self, question: str, turns: Sequence[Turn] = ()) -> Query:
        """Return what to search for `question` after `turns`, oldest first.

        What was said before comes along only where the question goes on with it, see `continuity`.
        """
        query = standalone(question, turns)
        if goes_on(query, self.embedder.embed_query, self.nearest):
            return query
        return standalone(question, ())

    def nearest(self, vector: Vector) -> float:
        """Return the highest cosine of a chunk to `vector`; 0 for an empty index."""
        return next((cosine for _, cosine in self.generation.dense.search(vector, 1)), 0.0)

    def _vector(self, query: Query, text: str) -> Vector:
        """Embed what is searched; in a conversation the last question counts most."""
        vector = self.embedder.embed_query(text)
        if not query.context:
            return vector
        mixed = (1 - _OWN) * np.array(vector)
        mixed += _OWN * np.array(self.embedder.embed_query(query.original))
        if query.said:
            mixed += _SAID * np.array(self.embedder.embed_query(query.said))
        unit: list[float] = (mixed / np.linalg.norm(mixed)).tolist()
        return unit

    def wording(self, query: Query) -> str:
        """Return what is searched: the subject, slips corrected, abbreviations spelled out.

        What a question on the course is about is added in the words of pages.
        """
        lexicon = self.generation.lexicon
        text = lexicon.in_full(lexicon.spelt(subject(query)))
        words = WORDS.get(query.matter, "")
        return " ".join(filter(None, [text, *lexicon.expansions(text), words]))

    def _dense(self, query: Query, vector: Vector) -> list[tuple[str, float]]:
        """Search by meaning, among the pages that the question names as well as everywhere."""
        depth = self.settings.candidates
        found = self.generation.dense.search(vector, depth)
        wheres: list[Where] = []
        if query.lectures:
            wheres.append({"lecture": {"$in": list(query.lectures)}})
        if query.about_course:
            wheres.append({"kind": "site"})
        for where in wheres:
            known = {identifier for identifier, _ in found}
            named = self.generation.dense.search(vector, depth, where=where)
            found = [*found, *(pair for pair in named if pair[0] not in known)]
        return found

    def candidates(self, query: Query) -> Candidates:
        """Gather what both searches find, without what may not or need not be shown."""
        text = self.wording(query)
        vector = self._vector(query, text)
        dense = self._dense(query, vector)
        lexical = self.generation.lexical.search(text, self.settings.candidates)
        generation = self.generation
        found = list(dict.fromkeys(i for i, _ in (*dense, *lexical)))
        chunks = [
            chunk
            for chunk in generation.chunks.get(found)
            if not self._withheld(chunk, query.out)
            and not (query.about_course and _teaches_only(chunk, self.term))
        ]
        ids = [chunk.id for chunk in chunks]
        terms = list(dict.fromkeys(tokenize(text)))
        terms = [term for term in terms if term not in ASKING] or terms
        terms = [term for term in terms if generation.lexical.has(term)]
        said = [term for term in dict.fromkeys(tokenize(query.said)) if term not in ASKING]
        said = [t for t in said if t not in terms and generation.lexical.has(t)]
        rarity = [generation.lexical.rarity(term) for term in terms]
        rarity += [_SAID_TERMS * generation.lexical.rarity(term) for term in said]
        terms += said
        similar = self._similarities(vector, dense, ids)
        return Candidates(
            chunks=chunks,
            cosines=np.array([similar.get(i, 0.0) for i in ids]),
            dense_ranks=_ranks(dense, ids),
            lexical_ranks=_ranks(lexical, ids),
            matches=generation.lexical.matches(terms, ids),
            terms=terms,
            rarity=np.array(rarity),
            term=query.term or self.term,
        )

    def _labelled_first(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        """Put the chunks that carry a label of the question before everything that was searched."""
        found = {c.id: c for label in query.labels for c in self._carrying(label, query)}
        if not found:
            return list(hits)
        vector = self.embedder.embed_query(query.text)
        similar = self.generation.dense.similarities(vector, list(found))
        top = max((hit.score for hit in hits), default=0.0)
        first = [
            Hit(chunk, top + len(found) - rank, LABEL, similar.get(chunk.id, 0.0))
            for rank, chunk in enumerate(found.values())
        ]
        return [*first, *(hit for hit in hits if hit.chunk.id not in found)]

    def _with_sides(self, query: Query, hits: list[Hit]) -> list[Hit]:
        """Let each thing that the question compares be spoken of among the first hits.

        Searched at once, the one that the materials say more about may crowd out the other.
        """
        sides: dict[str, Hit] = {}
        for thing in query.things:
            words = set(tokenize(thing))
            shown = [*hits[:_SIDE_DEPTH], *sides.values()]
            if any(words <= set(tokenize(hit.chunk.search_text)) for hit in shown):
                continue
            alone = replace(query, text=thing, original=thing, things=())
            if found := self.search(alone, 1):
                sides[found[0].chunk.id] = found[0]
        if not sides or len(hits) <= _SIDE_PLACE:
            return hits
        first = hits[:_SIDE_PLACE]
        score = hits[_SIDE_PLACE].score
        known = {hit.chunk.id for hit in first}
        joined = [replace(hit, score=score) for i, hit in sides.items() if i not in known]
        rest = [hit for hit in hits[_SIDE_PLACE:] if hit.chunk.id not in sides]
        return [*first, *joined, *rest]

    def _carrying(self, label: str, query: Query) -> list[Chunk]:
        """The chunks with a label, best document first: the one named, the book, the rest.

        Two books may have an equation 4.7 each; when one is named, the other is left to search.
        """
        chunks = self.generation.chunks.labelled(label)
        chunks = [c for c in chunks if not self._withheld(c, query.out)]
        named = {c.document for c in chunks if _names_document(query.original, c)}
        chunks = [c for c in chunks if not named or c.document in named]
        errata = {c.id for c in chunks if any(name.startswith("erratum ") for name in c.labels)}
        chunks.sort(key=lambda c: (c.id in errata, c.kind != "book", c.ordinal))
        return chunks[:_MOST_LABELLED]

    def _similarities(
        self, vector: Vector, dense: Iterable[tuple[str, float]], ids: Iterable[str]
    ) -> dict[str, float]:
        known = dict(dense)
        missing = [identifier for identifier in ids if identifier not in known]
        return {**known, **self.generation.dense.similarities(vector, missing)}

    def _withheld(self, chunk: Chunk, out: Sequence[str]) -> bool:
        """Whether it poses work that students have not been given yet."""
        name, course = chunk.document.rpartition("/")[2], self.generation.course
        return chunk.kind != "site" and course.withholds(chunk.assignment, name, out)

    def _rerank(self, query: Query, hits: list[Hit]) -> list[Hit]:
        if self.reranker is None or not hits:
            return hits
        head, tail = hits[:_RERANK_DEPTH], hits[_RERANK_DEPTH:]
        scores = self.reranker.score(query.text, [hit.chunk.search_text for hit in head])
        ranked = sorted(zip(head, scores, strict=True), key=lambda pair: -pair[1])
        # The tail keeps its order below the reranked head.
        floor = min(scores, default=0.0)
        return [
            replace(hit, score=score, retriever=f"{hit.retriever}+rerank") for hit, score in ranked
        ] + [replace(hit, score=floor - 1 - rank) for rank, hit in enumerate(tail)]


def _goes_on(chunk: Chunk, beside: Chunk) -> bool:
    """Whether two chunks that stand beside each other are one thought; never graded work."""
    if beside.graded or beside.exercise or chunk.graded:
        return False
    if chunk.kind != "slides":
        return bool(chunk.locator.section) and chunk.locator.section == beside.locator.section
    one, other = (set((c.locator.slide_title or "").lower().split()) for c in (chunk, beside))
    return jaccard(one, other) >= _SAME_TITLE


def _ranks(found: Sequence[tuple[str, float]], ids: Sequence[str]) -> NDArray[np.float64]:
    """Return the rank of each of `ids` from 1; infinity where it was not found."""
    ranks = {identifier: rank for rank, (identifier, _) in enumerate(found, start=1)}
    return np.array([ranks.get(identifier, np.inf) for identifier in ids])


def _teaches_only(chunk: Chunk, term: str | None) -> bool:
    """Whether a chunk says nothing on the running of the course: a book, or an example.

    Where the course has a term, notes of none stand beside a book: its errata and answers.
    """
    of_a_book = chunk.kind == "book" or (chunk.kind == "notes" and not chunk.term and bool(term))
    return of_a_book or (chunk.kind == "notebook" and not chunk.graded)


def _names(dense: bool, lexical: bool) -> str:
    return "+".join(name for name, found in (("dense", dense), ("lexical", lexical)) if found)


def _names_document(question: str, chunk: Chunk) -> bool:
    """Whether a question names a chunk's document: "UDL" for Understanding Deep Learning."""
    title = chunk.title.partition(":")[0]
    words = re.findall(r"[A-Za-z0-9]+", title)
    names = {word.lower() for word in re.findall(r"[A-Za-z0-9]+", chunk.document)}
    names.add("".join(word[0] for word in words).lower())
    asked = set(re.findall(r"[a-z0-9]+", question.lower()))
    return bool(asked & {n for n in names - _COMMON_NAMES if len(n) > 2}) or (
        len(words) > 1 and title.lower() in question.lower()
    )
