"""Retrieval: is the place that holds the answer among the passages that were found?

A gold is one page of a document, or a whole document where no pages are given. A hit matches a
gold when it is of that document and covers that page. Ranks count hits, not pages, from 1. The
measures are those of ir-measures (MacAvaney, Macdonald, Ounis, ECIR 2022); a case whose hits are
missing scores 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ir_measures
from ir_measures import RR, R, Success

from eval.cases import Case

DEFINITIONS = {
    "hit@1": "the first hit is on a gold page",
    "success@5": "a gold page is among the first 5 hits",
    "success@10": "a gold page is among the first 10 hits",
    "recall@5": "share of the gold pages among the first 5 hits",
    "recall@10": "share of the gold pages among the first 10 hits",
    "mrr@10": "1 / rank of the first hit on a gold page, 0 beyond rank 10",
}

_FIRST = {"hit@1": Success @ 1, "success@5": Success @ 5, "success@10": Success @ 10,
          "mrr@10": RR @ 10}  # fmt: skip
_SHARE = {"recall@5": R @ 5, "recall@10": R @ 10}

Place = tuple[str, int | None]


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score the hits of one answer; None where the case has no gold."""
    golds = gold_places(case)
    if not golds:
        return dict.fromkeys(DEFINITIONS)
    ranks = [ranks_on([gold], answer["hits"]) for gold in golds]
    anywhere = sorted({rank for found in ranks for rank in found})
    # One gold in the judgements of a question of its own: chunks of several pages, and several
    # chunks of one page, then keep the ranks of the hits, which a list of pages would shift.
    each = [_measure(found[:1], _SHARE.values(), len(answer["hits"])) for found in ranks]
    first = _measure(anywhere[:1], _FIRST.values(), len(answer["hits"]))
    scores: dict[str, float | None] = {name: first[measure] for name, measure in _FIRST.items()}
    for name, measure in _SHARE.items():
        scores[name] = sum(values[measure] for values in each) / len(each)
    return scores


def gold_places(case: Case) -> list[Place]:
    """Return the golds of a case as (document, page), page None for a whole document."""
    return [(gold.doc, page) for gold in case.relevant for page in gold.pages or (None,)]


def ranks_on(golds: Sequence[Place], hits: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ranks, from 1, of the hits that match one of `golds`."""
    return [
        rank
        for rank, hit in enumerate(hits, start=1)
        if any(matches(gold, hit["document"], _pages(hit)) for gold in golds)
    ]


def matches(gold: Place, document: str, pages: Iterable[int]) -> bool:
    """Say whether something on `pages` of `document` lies at the gold."""
    return gold[0] == document and (gold[1] is None or gold[1] in pages)


def _pages(hit: Mapping[str, Any]) -> list[int]:
    page = hit.get("page")
    return list(hit.get("pages") or ([] if page is None else [page]))


def _measure(ranks: Sequence[int], measures: Iterable[Any], depth: int) -> dict[Any, float]:
    """Measure a run of `depth` documents with the only relevant one at `ranks[0]`, or not in it."""
    relevant = str(ranks[0]) if ranks else "not found"
    # Scores must fall with the rank; ir-measures sorts by them.
    run = [ir_measures.ScoredDoc("q", str(rank), -rank) for rank in range(1, depth + 1)]
    found = ir_measures.calc_aggregate(measures, [ir_measures.Qrel("q", relevant, 1)], run)
    return dict(found)
