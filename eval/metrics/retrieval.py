"""Retrieval: is the place that holds the answer among the passages that were found?

On pages, a gold is one page of a document, or a whole document where no pages are given; a hit
matches a gold when it is of that document and covers that page; ranks count hits, not pages, from
1. On documents, a hit stands for its document, at the rank of the document's first hit. The
measures are those of ir-measures (MacAvaney, Macdonald, Ounis, ECIR 2022,
https://doi.org/10.1007/978-3-030-99739-7_38), nDCG after Järvelin and Kekäläinen, ACM TOIS 20
(2002). A case whose hits are missing scores 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ir_measures
from ir_measures import RR, R, Success, nDCG

from eval.cases import Case

DEFINITIONS = {
    "hit@1": "the first hit is on a gold page",
    "success@5": "a gold page is among the first 5 hits",
    "success@10": "a gold page is among the first 10 hits",
    "recall@5": "share of the gold pages among the first 5 hits",
    "recall@10": "share of the gold pages among the first 10 hits",
    "mrr@10": "1 / rank of the first hit on a gold page, 0 beyond rank 10",
    "ndcg@10": "gain of the first 10 hits, discounted by rank, as a share of the best order's",
    "doc hit@1": "the first hit is of a gold document",
    "doc recall@5": "share of the gold documents among the first 5 documents found",
    "doc recall@10": "share of the gold documents among the first 10 documents found",
    "doc mrr@10": "1 / rank of the first gold document among those found, 0 beyond rank 10",
    "doc ndcg@10": "discounted gain of the documents found, as a share of the best order's",
}

MEANS = frozenset(DEFINITIONS) - {"hit@1", "success@5", "success@10", "doc hit@1"}
"""Metrics whose value of one case lies between 0 and 1: means and not rates."""

_FIRST = {"hit@1": Success @ 1, "success@5": Success @ 5, "success@10": Success @ 10,
          "mrr@10": RR @ 10}  # fmt: skip
_SHARE = {"recall@5": R @ 5, "recall@10": R @ 10}
_DOCUMENTS = {"doc hit@1": Success @ 1, "doc recall@5": R @ 5, "doc recall@10": R @ 10,
              "doc mrr@10": RR @ 10, "doc ndcg@10": nDCG @ 10}  # fmt: skip
_NDCG = nDCG @ 10

Place = tuple[str, int | None]


def score(case: Case, answer: Mapping[str, Any]) -> dict[str, float | None]:
    """Score the hits of one answer; None where the case has no gold."""
    golds = gold_places(case)
    if not golds:
        return dict.fromkeys(DEFINITIONS)
    hits = answer["hits"]
    scores = {**_on_pages(golds, hits), **_on_documents(golds, hits)}
    return {name: scores[name] for name in DEFINITIONS}


def _on_pages(golds: Sequence[Place], hits: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    ranks = [ranks_on([gold], hits) for gold in golds]
    anywhere = sorted({rank for found in ranks for rank in found})
    # One gold in the judgements of a question of its own: chunks of several pages, and several
    # chunks of one page, then keep the ranks of the hits, which a list of pages would shift.
    each = [_of_ranks(found[:1], 1, _SHARE.values(), len(hits)) for found in ranks]
    first = _of_ranks(anywhere[:1], 1, _FIRST.values(), len(hits))
    scores = {name: first[measure] for name, measure in _FIRST.items()}
    for name, measure in _SHARE.items():
        scores[name] = sum(values[measure] for values in each) / len(each)
    # All hits on gold pages are gains, and so would each gold have been that no hit covers: a
    # chunk of three gold pages is one gain, and no order of hits can do better than 1.
    unseen = sum(not found for found in ranks)
    gains = _of_ranks(anywhere, len(anywhere) + unseen, [_NDCG], len(hits))
    return {**scores, "ndcg@10": gains[_NDCG]}


def _on_documents(golds: Sequence[Place], hits: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    wanted = {document for document, _ in golds}
    found = list(dict.fromkeys(hit["document"] for hit in hits))
    ranks = [rank for rank, document in enumerate(found, start=1) if document in wanted]
    values = _of_ranks(ranks, len(wanted), _DOCUMENTS.values(), len(found))
    return {name: values[measure] for name, measure in _DOCUMENTS.items()}


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


def _of_ranks(
    ranks: Sequence[int], relevant: int, measures: Iterable[Any], depth: int
) -> dict[Any, float]:
    """Measure a run of `depth` items of which those at `ranks` are relevant.

    `relevant` counts all relevant items there are; those not at `ranks` were not found.
    """
    wanted = [str(rank) for rank in ranks]
    wanted += [f"not found {i}" for i in range(relevant - len(ranks))]
    # Scores must fall with the rank; ir-measures sorts by them.
    run = [ir_measures.ScoredDoc("q", str(rank), -rank) for rank in range(1, depth + 1)]
    judged = [ir_measures.Qrel("q", item, 1) for item in wanted]
    return dict(ir_measures.calc_aggregate(measures, judged, run))
