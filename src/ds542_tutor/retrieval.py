"""From a query to hits: dense and lexical search, fused, preferences applied, duplicates folded.

Storage is `index`'s business, the wording of the query that of `queries`. How much the found hits
can carry an answer is judged here too (`evidence`), because it needs the same scores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ds542_tutor.dialogue import Hit, Query
from ds542_tutor.documents import Chunk
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.lexical import tokenize
from ds542_tutor.protocols import Embedder, Reranker, Vector
from ds542_tutor.settings import RetrievalSettings
from ds542_tutor.words import STOP_WORDS, content_words

# Preferences multiply the fused score. They only have to reorder near neighbours in rank: with
# rrf_k = 60 the first and the tenth rank of one searcher differ by a factor of 1.15.
# The course's own words: a book has several chunks for every sparse slide on the same subject, and
# would crowd them out of the first hits (docs/experiments.md).
OWN_MATERIAL = {"slides": 1.15, "site": 1.15}
_SAME_LECTURE = 1.6
_SAME_ASSIGNMENT = 1.5
_SAME_SECTION = 1.5
_SAME_KIND = 1.15
_SAME_PAGE = 1.5
_EXERCISE = 0.8
_OTHER_TERM = 0.5

# Words of asking, as terms: they say nothing about what is asked.
_ASKING = frozenset(tokenize(" ".join(sorted(STOP_WORDS))))

# A question is clear when terms as rare as this many that occur nowhere are matched.
_CLEAR_TERMS, _NO_TERM = 2.1, "\0"
LABEL = "label"
"""Name of the retriever of chunks whose number the question says."""
_MOST_LABELLED = 6  # a listing or problem may fill several chunks; more would crowd out the rest
# Words of paths that name no document in particular, or are words of asking.
_COMMON_NAMES = frozenset(
    "pdf tex md book books notes course equation equations figure figures table problem problems "
    "answer answers errata main static files the and".split()
)
_COURSE_PAGE = 1.4  # on questions on the running of the course
_DUPLICATE_OVERLAP = 0.85  # share of common words (Jaccard) from which two chunks say the same
_RERANK_DEPTH = 30  # cross-encoders are slow; beyond this depth gold pages are rare


@dataclass(frozen=True, slots=True)
class Retriever:
    """Searches one generation of the index; work that is not published yet is never found.

    `reranker`, when given, reorders the best candidates. `term` is the running term: chunks of
    another one go to the back.
    """

    generation: Generation
    embedder: Embedder
    settings: RetrievalSettings
    reranker: Reranker | None = None
    term: str | None = None

    def search(self, query: Query, k: int | None = None) -> tuple[Hit, ...]:
        """Return up to `k` hits (settings.hits by default), best first, without duplicates."""
        vector = self.embedder.embed_query(query.text)
        depth = self.settings.candidates
        dense = self.generation.dense.search(vector, depth)
        lexical = self.generation.lexical.search(query.text, depth)
        if query.lecture is not None:
            named = self.generation.dense.search(vector, depth, where={"lecture": query.lecture})
            known = {chunk for chunk, _ in dense}
            dense = [*dense, *(pair for pair in named if pair[0] not in known)]
        if query.about_course:
            pages = self.generation.dense.search(vector, depth, where={"kind": "site"})
            known = {chunk for chunk, _ in dense}
            dense = [*dense, *(pair for pair in pages if pair[0] not in known)]
        fused = reciprocal_rank_fusion(
            [(dense, self.settings.dense_weight), (lexical, self.settings.lexical_weight)],
            self.settings.rrf_k,
        )
        similar = self._similarities(vector, dense, fused)
        in_dense, in_lexical = {i for i, _ in dense}, {i for i, _ in lexical}
        chunks = {chunk.id: chunk for chunk in self.generation.chunks.get(list(fused))}
        hits = [
            Hit(
                chunk=chunk,
                score=score * self._preference(chunk, query),
                retriever=_names(identifier in in_dense, identifier in in_lexical),
                similarity=similar.get(identifier, 0.0),
            )
            for identifier, score in fused.items()
            if (chunk := chunks.get(identifier)) is not None
            and not self._withheld(chunk)
            and not (query.about_course and _teaches_only(chunk))
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.chunk.id))
        hits = self._labelled_first(query, vector, self._rerank(query, hits))
        return tuple(_fold_duplicates(hits, k or self.settings.hits))

    def _labelled_first(self, query: Query, vector: Vector, hits: Sequence[Hit]) -> list[Hit]:
        """Put the chunks that carry a label of the question before everything that was searched."""
        found = {c.id: c for label in query.labels for c in self._carrying(label, query)}
        if not found:
            return list(hits)
        similar = self.generation.dense.similarities(vector, list(found))
        top = max((hit.score for hit in hits), default=0.0)
        first = [
            Hit(chunk, top + len(found) - rank, LABEL, similar.get(chunk.id, 0.0))
            for rank, chunk in enumerate(found.values())
        ]
        return [*first, *(hit for hit in hits if hit.chunk.id not in found)]

    def _carrying(self, label: str, query: Query) -> list[Chunk]:
        """The chunks with a label, best document first: the one named, the book, the rest.

        Two books may have an equation 4.7 each; when one is named, the other is left to search.
        """
        chunks = [c for c in self.generation.chunks.labelled(label) if not self._withheld(c)]
        named = {c.document for c in chunks if _names_document(query.original, c)}
        chunks = [c for c in chunks if not named or c.document in named]
        errata = {c.id for c in chunks if any(name.startswith("erratum ") for name in c.labels)}
        chunks.sort(key=lambda c: (c.id in errata, c.kind != "book", c.ordinal))
        return chunks[:_MOST_LABELLED]

    def _similarities(
        self, vector: Sequence[float], dense: Iterable[tuple[str, float]], fused: Iterable[str]
    ) -> dict[str, float]:
        known = dict(dense)
        missing = [identifier for identifier in fused if identifier not in known]
        return {**known, **self.generation.dense.similarities(vector, missing)}

    def _withheld(self, chunk: Chunk) -> bool:
        """Whether it poses work that students have not been given yet."""
        name = chunk.document.rpartition("/")[2]
        return chunk.kind != "site" and self.generation.course.withholds(chunk.assignment, name)

    def _preference(self, chunk: Chunk, query: Query) -> float:
        factor = OWN_MATERIAL.get(chunk.kind, 1.0)
        if query.lecture is not None and chunk.lecture == query.lecture:
            factor *= _SAME_LECTURE
            if query.page is not None and query.page in chunk.pages:
                factor *= _SAME_PAGE
        if query.assignment is not None and chunk.assignment == query.assignment:
            factor *= _SAME_ASSIGNMENT
        if query.kind is not None and chunk.kind == query.kind:
            factor *= _SAME_KIND
        if query.section is not None and _in_section(chunk, query.section):
            factor *= _SAME_SECTION
        if query.about_course and tells_of_the_course(chunk):
            factor *= _COURSE_PAGE
        if chunk.exercise:
            factor *= _EXERCISE
        wanted = query.term or self.term
        if wanted and chunk.term and chunk.term != wanted:
            factor *= _OTHER_TERM
        return factor

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


def reciprocal_rank_fusion(
    rankings: Sequence[tuple[Sequence[tuple[str, float]], float]], k: int
) -> dict[str, float]:
    """Fuse weighted rankings: each adds weight / (k + rank) for every id, rank from 1.

    Source: Cormack, Clarke and Buettcher (2009), Reciprocal Rank Fusion outperforms Condorcet and
    individual rank learning methods, https://doi.org/10.1145/1571941.1572114
    """
    scores: dict[str, float] = {}
    for ranking, weight in rankings:
        for rank, (identifier, _) in enumerate(ranking, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + weight / (k + rank)
    return scores


def evidence(query: Query, hits: Sequence[Hit], rarity: Callable[[str], float]) -> float:
    """Judge in [0, 1] whether `hits` can carry an answer to `query`.

    0.75 c + 0.25 m, over the best five hits: the highest cosine between question and chunk (c), and
    the question's terms that the best single chunk contains, each weighted by `rarity` (inverse
    document frequency), as a share of what a clear question reaches (m). Weights and threshold
    were chosen in docs/experiments.md; the share of covered terms, tried first, punishes long
    questions and separates worse.
    """
    if hits and hits[0].retriever == LABEL:
        return 1.0  # what was asked for by its number is there
    top = hits[:5]
    terms = set(tokenize(query.text)) - _ASKING
    if not top or not terms:
        return 0.0
    similarity = max(hit.similarity for hit in top)
    mass = max(sum(map(rarity, terms & set(tokenize(hit.chunk.search_text)))) for hit in top)
    clear = _CLEAR_TERMS * rarity(_NO_TERM)
    return 0.75 * max(similarity, 0.0) + 0.25 * min(1.0, mass / clear)


def tells_of_the_course(chunk: Chunk) -> bool:
    """Whether a chunk is of the course site, a syllabus, or the first lecture, which has rules."""
    return chunk.kind in ("site", "notes") or (chunk.kind == "slides" and chunk.lecture == 1)


def _teaches_only(chunk: Chunk) -> bool:
    """Whether a chunk says nothing on the running of the course: a book, or an example."""
    return chunk.kind == "book" or (chunk.kind == "notebook" and not chunk.graded)


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


def _in_section(chunk: Chunk, number: str) -> bool:
    """Whether a heading on the chunk's path carries this number, or one below it."""
    pattern = re.compile(rf"(?:^|\s){re.escape(number)}(?:[.\s:]|$)")
    return any(pattern.search(heading) for heading in chunk.locator.section)


def _fold_duplicates(hits: Sequence[Hit], k: int) -> list[Hit]:
    """Keep the best of chunks that say the same, up to `k` hits."""
    kept: list[Hit] = []
    seen: list[set[str]] = []
    for hit in hits:
        words = set(content_words(hit.chunk.text))
        if any(_jaccard(words, other) >= _DUPLICATE_OVERLAP for other in seen):
            continue
        kept.append(hit)
        seen.append(words)
        if len(kept) == k:
            break
    return kept


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0
