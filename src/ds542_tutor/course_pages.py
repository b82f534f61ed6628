"""Which pages answer a question on the running of the course, and which on crediting AI use.

The policy on AI comes from the course's own pages, beside whatever else the question may be about;
a message with several questions is searched for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ds542_tutor.course_matters import matter_of
from ds542_tutor.course_questions import (
    OF_THE_COURSE,
    SURELY_OF_THE_COURSE,
    asks_a_matter,
    needs_course_pages,
)
from ds542_tutor.dialogue import Hit, Query, Turn
from ds542_tutor.models.rule_excerpts import parts_of
from ds542_tutor.policy.findings import judged
from ds542_tutor.policy.kinds import Kinds
from ds542_tutor.policy.signals import Sense
from ds542_tutor.ranking import tells_of_the_course
from ds542_tutor.retrieval import Retriever

_SITE_WORDS = "generative AI assistance GAIA policy"
_UNREAD = 0.5  # share of letters that no key word of another language accounts for
_BESIDE_POLICY = 0.15  # odds against the best hit
_POLICY_FIRST = 3  # hits on a matter of AI use that stay, however much better the first is
# Where the course says how to cite in short ("a chat link suffices"), after the policy itself.
_HOW_TO_CITE, _BEFORE_HOW = ("chat", "link"), 2
_NO_PLACE = 0.9  # probability of being about the course from which no slide is sought
_BEFORE_PARTS = 2  # hits of the whole message that stay before those of its parts


def on_the_course(
    query: Query,
    turns: Sequence[Turn],
    questions: Kinds | None,
    matters: Kinds | None,
    sense: Sense,
) -> Query:
    """Return `query` as one on the running of the course, with its matter, where it is one.

    Args:
        questions, matters: the regressions over kinds of calendar questions, and over matters.
        sense: what vectors tell of the question.
    """
    asked = query.original
    letters = [c for c in judged(asked) if c.isalpha()]
    if sum(not c.isascii() for c in letters) > _UNREAD * len(letters):
        return query  # of a message in another script, the words that are read are few
    needed = OF_THE_COURSE if query.kind in (None, "site") else SURELY_OF_THE_COURSE
    likely = needs_course_pages(asked, turns, questions, sense)
    if query.locate and query.kind in ("slides", "book", "notebook") and likely < _NO_PLACE:
        # A place in what is taught; but "which book do we use" is no question for one in a book.
        of_a_book = query.kind == "book" and likely >= OF_THE_COURSE
        return replace(query, locate=not of_a_book)
    if likely < needed:
        return query
    told = asks_a_matter(asked, questions, sense.vector)
    matter = matter_of(asked, matters, sense.vector) if told else ""
    return replace(query, about_course=True, locate=False, matter=matter)


def crediting_hits(retriever: Retriever, query: Query) -> tuple[Hit, ...]:
    """Search for the policy on AI use, and for whatever else `query` may be about."""
    policy = replace(query, text=f"{query.text} {_SITE_WORDS}")
    both = zip(retriever.search(query), retriever.search(policy), strict=False)
    found = {hit.chunk.id: hit for pair in both for hit in pair}
    ranked = list(found.values())
    return _moved_up(ranked, retriever.naming(_HOW_TO_CITE)[:1], _BEFORE_HOW)


def on_crediting(query: Query, hits: Sequence[Hit]) -> list[Hit]:
    """Return of `hits` the policy, and pages that are found nearly as well: all, if there is none.

    They may be asked about as well.
    """
    site = [
        hit for hit in hits
        if tells_of_the_course(hit.chunk)
        and not (hit.chunk.assignment or (hit.chunk.kind == "site" and hit.chunk.lecture))
    ]  # fmt: skip
    least = _BESIDE_POLICY * max((hit.score for hit in site), default=0.0)
    first = site[:_POLICY_FIRST] if query.matter else []
    kept = [
        hit for hit in site
        if hit in first or "GAIA" in hit.chunk.search_text or hit.score >= least
        or all(word in hit.chunk.text.casefold() for word in _HOW_TO_CITE)
    ]  # fmt: skip
    return kept or list(hits)


def with_parts(
    retriever: Retriever, matters: Kinds | None, query: Query, hits: Sequence[Hit]
) -> tuple[Hit, ...]:
    """Let the best page for each question of a message on the course be among the first hits."""
    ranked = list(hits)
    for part in parts_of(query.original) if not query.context else ():
        vector = retriever.embedder.embed_query(judged(part))
        alone = replace(query, text=part, original=part, matter=matter_of(part, matters, vector))
        ranked = list(_moved_up(ranked, retriever.search(alone, 1), _BEFORE_PARTS))
    return tuple(ranked)


def _moved_up(hits: Sequence[Hit], chosen: Sequence[Hit], place: int) -> tuple[Hit, ...]:
    """Put the `chosen` hits at `place`, those of them that are not among the first already."""
    first = {hit.chunk.id for hit in hits[: place + 1]}
    up = [hit for hit in chosen if hit.chunk.id not in first]
    moved = {hit.chunk.id for hit in up}
    rest = [hit for hit in hits if hit.chunk.id not in moved]
    return (*rest[:place], *up, *rest[place:])
