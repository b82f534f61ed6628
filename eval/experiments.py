"""The measurements behind the tutor's constants: `python -m eval.experiments NAME …`.

    sources  --cases F… --index D    factor for the course's own slides and site (retrieval)
    silence  --cases F… --index D    evidence of answerable questions against the others
    support  --wice FILE             support score of claims against their evidence (WiCE)
    vectors  --cases F… --index D    the index's vectors against exact ones: ranks, pages found

Prints tables; docs/experiments.md keeps what was concluded from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from ds542_tutor import retrieval
from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.citations import OverlapVerifier
from ds542_tutor.errors import TutorError
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.queries import standalone
from ds542_tutor.settings import Settings, load_settings
from eval.cases import Case, load_cases
from eval.metrics.retrieval import gold_places, matches
from eval.public.wice import LABELS
from eval.public.wice import load as load_claims

FACTORS = (1.0, 1.1, 1.2, 1.25, 1.3, 1.5)
THRESHOLDS = (0.25, 0.3, 0.33, 0.36, 0.4, 0.45, 0.5)
SUPPORT_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one experiment and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m eval.experiments", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="name")
    for name in ("sources", "silence", "vectors"):
        command = commands.add_parser(name)
        command.add_argument("--cases", nargs="+", type=Path, required=True)
        command.add_argument("--index", type=Path)
    commands.add_parser("support").add_argument("--wice", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        if options.name == "support":
            support(options.wice, settings)
        else:
            live = LiveTutor(with_overrides(settings, options.index, "quotes"))
            run = {"sources": sources, "silence": silence, "vectors": vectors}[options.name]
            run(live, load_cases(options.cases))
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def sources(live: LiveTutor, cases: Sequence[Case]) -> None:
    """Print success@1, @5, @10 and MRR@10 for each factor of slides and site."""
    wanted = [case for case in cases if case.relevant and case.kind != "schedule"]
    print(f"{len(wanted)} questions\nfactor  s@1   s@5   s@10  mrr@10")
    usual = dict(retrieval.OWN_MATERIAL)
    for factor in FACTORS:
        retrieval.OWN_MATERIAL.update(dict.fromkeys(usual, factor))
        ranks = [_rank(live, case) for case in wanted]
        rates = [np.mean([0 < rank <= k for rank in ranks]) for k in (1, 5, 10)]
        mrr = np.mean([1 / rank if 0 < rank <= 10 else 0.0 for rank in ranks])
        print(f"{factor:<7g} " + "  ".join(f"{value:.2f}" for value in (*rates, mrr)))
    retrieval.OWN_MATERIAL.update(usual)


def _rank(live: LiveTutor, case: Case) -> int:
    """Return the rank of the first hit on a gold page, 0 for none among the first ten."""
    hits = live.tutor.retriever.search(standalone(case.question, case.history))
    golds = gold_places(case)
    for rank, hit in enumerate(hits, start=1):
        if any(matches(gold, hit.chunk.document, hit.chunk.pages) for gold in golds):
            return rank
    return 0


def silence(live: LiveTutor, cases: Sequence[Case]) -> None:
    """Print how well evidence separates answerable questions, and what each threshold does."""
    tutor = live.tutor
    scores = []
    for case in cases:
        query = standalone(case.question, case.history)
        hits = tutor.retriever.search(query)
        scores.append(retrieval.evidence(query, hits, tutor.generation.lexical.rarity))
    known = np.array([case.expect != "abstain" for case in cases])
    judged = np.array(scores)
    print(
        f"{known.sum()} answerable, {(~known).sum()} not; AUROC {roc_auc_score(known, judged):.3f}"
    )
    print("threshold  answered of answerable  answered of the others")
    for t in THRESHOLDS:
        print(f"{t:<10g} {(judged[known] >= t).mean():<23.2f} {(judged[~known] >= t).mean():.2f}")


def vectors(live: LiveTutor, cases: Sequence[Case]) -> None:
    """Print how far the vectors of the index, often of 8 bits, are from exact ones.

    Cosine of each pair; of the questions' ten nearest chunks, how many are the same; Spearman's
    rank correlation over the sixty nearest by exact vectors; and the gold pages found by each.
    """
    generation, embedder = live.tutor.generation, live.tutor.retriever.embedder
    chunks = [
        c for d in generation.chunks.documents() for c in generation.chunks.by_document(d.path)
    ]
    stored = generation.dense.vectors([chunk.id for chunk in chunks])
    held = np.array([stored[chunk.id] for chunk in chunks], dtype=np.float32)
    exact = np.array(embedder.embed_documents([c.search_text for c in chunks]), dtype=np.float32)
    cosines = (held * exact).sum(axis=1)
    queries = np.array([embedder.embed_query(case.question) for case in cases])
    near, exactly = queries @ held.T, queries @ exact.T
    orders = np.argsort(-near, axis=1), np.argsort(-exactly, axis=1)
    same = [len(set(a[:10]) & set(b[:10])) / 10 for a, b in zip(*orders, strict=True)]
    top = [
        spearmanr(a[order[:60]], b[order[:60]]).statistic
        for a, b, order in zip(near, exactly, orders[1], strict=True)
    ]
    print(
        f"{len(chunks)} chunks, {len(cases)} questions; cosine mean {cosines.mean():.4f}, least "
        f"{cosines.min():.4f}; of ten nearest the same {np.mean(same):.3f}; Spearman over sixty "
        f"{np.mean(top):.3f}"
    )
    print("vectors      s@1   s@5   mrr@10")
    for name, order in zip(("of the index", "exact"), orders, strict=True):
        ranks = []
        for case, nearest in zip(cases, order, strict=True):
            golds = gold_places(case)
            hits = [chunks[i] for i in nearest[:10]]
            found = (any(matches(g, h.document, h.pages) for g in golds) for h in hits)
            if golds:
                ranks.append(next((r for r, hit in enumerate(found, start=1) if hit), 0))
        rates = [np.mean([0 < rank <= k for rank in ranks]) for k in (1, 5)]
        mrr = np.mean([1 / rank if rank else 0.0 for rank in ranks])
        print(f"{name:<12} " + "  ".join(f"{value:.3f}" for value in (*rates, mrr)))


def support(wice: Path, settings: Settings) -> None:
    """Print AUROC and thresholds of the support score on WiCE's JSON lines."""
    claims = load_claims(wice, None)
    labels = np.array([claim.label for claim in claims])
    pairs = [(claim.evidence, claim.text) for claim in claims]
    scores = np.array(OverlapVerifier(load_embedder(settings.models)).score(pairs))
    full, none = labels == LABELS.index("supported"), labels == LABELS.index("not_supported")
    print(
        f"{len(claims)} claims; AUROC supported against the rest "
        f"{roc_auc_score(full, scores):.3f}, at least partly supported against not "
        f"{roc_auc_score(~none, scores):.3f}"
    )
    print("threshold  supported kept  partly kept  not supported kept")
    for t in SUPPORT_THRESHOLDS:
        rates = ((scores[mask] >= t).mean() for mask in (full, ~full & ~none, none))
        print(f"{t:<10g} " + "  ".join(f"{rate:.2f}" for rate in rates))


if __name__ == "__main__":
    sys.exit(main())
