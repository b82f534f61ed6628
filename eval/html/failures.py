"""What the HTML report shows of a case that failed: question, answer, and the sources side by side.

Everything that comes from cases, answers or course files is escaped here or by the template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from ds542_tutor.documents import Chunk
from ds542_tutor.index.generation import Generation
from eval.cases import Case, Gold
from eval.html.pages import Pages, Picture
from eval.metrics.answer import forbidden, missing
from eval.metrics.citation import lies_on_gold
from eval.metrics.retrieval import gold_places, ranks_on

WANTED = {
    "answer": "answer it from the materials",
    "hint": "help with a hint, but not solve it",
    "refuse": "refuse",
    "abstain": "stay silent, since the materials do not answer it",
}
"""What a case expects of the tutor, in words that complete "should"."""

_MARKER = re.compile(r"\[(\d{1,2})\]")
_NOTHING = Markup()
_PASSAGE = 600
"""Characters around marked words that are shown of a long passage."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place, cited or gold. `key` names it within the page; `quote` and `text` have marks.

    Attributes:
        label: the marker of a citation. verdict: of the support check. on_gold: a citation on a
            gold page, or a gold page that was cited. picture: the page, where there are pages.
    """

    key: str
    title: str
    place: str
    label: str = ""
    verdict: str = ""
    on_gold: bool = False
    picture: Picture | None = None
    quote: Markup = _NOTHING
    text: Markup = _NOTHING


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed case as the report shows it."""

    number: int
    case: Case
    row: Mapping[str, Any]
    wanted: str
    rule: str
    reason: str
    judgement: Mapping[str, Any] | None
    said: tuple[str, ...]
    lacking: tuple[str, ...]
    wrong: tuple[str, ...]
    answer: Markup
    cited: tuple[Source, ...]
    golds: tuple[Source, ...]
    hits: tuple[Mapping[str, Any], ...]


def show_failure(
    number: int,
    case: Case,
    record: Mapping[str, Any],
    row: Mapping[str, Any],
    pages: Pages,
    generation: Generation,
) -> Failure:
    """Gather what the report shows of one failed case; its pages are drawn in passing."""
    lacking = missing(case, record["text"])
    text = record["error"] if record["status"] == "error" else record["text"]
    by_marker = {c["marker"]: c for c in reversed(record["citations"])}  # the first of equals
    decision = record.get("decision", {})
    cited = tuple(_cited(number, case, by_marker[m], pages) for m in sorted(by_marker))
    return Failure(
        number=number,
        case=case,
        row=row,
        wanted=WANTED[case.expect],
        rule=decision.get("rule", ""),
        reason=decision.get("reason", ""),
        judgement=row.get("judgement"),
        said=tuple(" or ".join(g) for g in case.must_say if g not in lacking),
        lacking=tuple(" or ".join(g) for g in lacking),
        wrong=tuple(forbidden(case, record["text"])),
        answer=_linked(text, number, set(by_marker)),
        cited=cited,
        golds=tuple(_golds(number, case, record, pages, generation)),
        hits=tuple(_hits(case, record, pages)),
    )


def _linked(text: str, number: int, known: set[int]) -> Markup:
    """Escape an answer's text and link its markers to the sources shown beside it."""

    def link(found: re.Match[str]) -> str:
        marker = int(found.group(1))
        if marker not in known:
            return found.group()
        return f'<a class="marker" href="#f{number}-cited-{marker}">{found.group()}</a>'

    # Escaping leaves brackets and digits alone.
    return Markup(_MARKER.sub(link, str(escape(text.strip()))))


def _cited(number: int, case: Case, citation: Mapping[str, Any], pages: Pages) -> Source:
    document, page, marker = citation["document"], citation["page"], citation["marker"]
    quote = citation.get("quote", "")
    return Source(
        key=f"f{number}-cited-{marker}",
        label=f"[{marker}]",
        title=citation.get("title") or document,
        place=citation.get("locator") or (f"page {page}" if page else ""),
        verdict=citation.get("support", ""),
        on_gold=lies_on_gold(case, citation),
        picture=pages.show(document, page),
        quote=marked(quote, [quote]),
        text=marked(citation.get("text", ""), [quote]),
    )


def _golds(
    number: int, case: Case, record: Mapping[str, Any], pages: Pages, generation: Generation
) -> list[Source]:
    cited = {(c["document"], c["page"]) for c in record["citations"]}
    found: list[Source] = []
    for gold in case.relevant:
        title = pages.title(gold.doc)
        for index, page in enumerate(gold.pages):
            words = gold.support[index : index + 1]
            found.append(
                Source(
                    key=f"f{number}-gold-{len(found) + 1}",
                    title=title,
                    place=f"page {page}",
                    on_gold=(gold.doc, page) in cited,
                    picture=pages.show(gold.doc, page),
                    quote=marked(words[0], words) if words else _NOTHING,
                )
            )
        if not gold.pages:
            quote = Markup(" … ").join(marked(words, [words]) for words in gold.support)
            found.append(
                Source(
                    key=f"f{number}-gold-{len(found) + 1}",
                    title=title,
                    place="the whole document",
                    on_gold=any(document == gold.doc for document, _ in cited),
                    quote=quote,
                    text=_passages(gold, generation),
                )
            )
    return found


def _passages(gold: Gold, generation: Generation) -> Markup:
    """Return what stands around the support words of a gold that is a whole document."""
    patterns = [_pattern(words) for words in gold.support]
    chunks = [
        chunk
        for chunk in generation.chunks.by_document(gold.doc)
        if any(pattern.search(chunk.text) for pattern in patterns)
    ]
    return Markup("\n\n").join(_around(chunk, gold.support) for chunk in chunks)


def _around(chunk: Chunk, words: Sequence[str]) -> Markup:
    """Mark words in a chunk's text; of a long text only what stands around the first of them."""
    text = chunk.text
    if len(text) > 2 * _PASSAGE:
        first = min(m.start() for w in words if (m := _pattern(w).search(text)))
        start, end = max(0, first - _PASSAGE), first + _PASSAGE
        text = ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")
    return marked(text, words)


def marked(text: str, phrases: Sequence[str]) -> Markup:
    """Escape `text` and mark every phrase in it, however its blanks and case are."""
    spans = sorted(
        match.span()
        for phrase in phrases
        if phrase.strip()
        for match in _pattern(phrase).finditer(text)
    )
    parts, done = [], 0
    for start, end in spans:
        if start >= done:
            parts += [escape(text[done:start]), Markup("<mark>{}</mark>").format(text[start:end])]
            done = end
    return Markup().join([*parts, escape(text[done:])])


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in phrase.split()), re.I)


def _hits(case: Case, record: Mapping[str, Any], pages: Pages) -> list[dict[str, Any]]:
    golds = gold_places(case)
    right = set(ranks_on(golds, record["hits"]))
    return [
        {
            "rank": rank,
            "title": pages.title(hit["document"]),
            "pages": ", ".join(map(str, hit.get("pages") or [])) or "–",
            "gold": ("yes" if rank in right else "no") if golds else "–",
            "score": hit.get("score"),
        }
        for rank, hit in enumerate(record["hits"], start=1)
    ]
