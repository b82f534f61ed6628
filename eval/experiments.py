"""The measurements behind the tutor's constants: `python -m eval.experiments NAME …`.

    support  --wice FILE             support score of claims against their evidence (WiCE)
    support  --claims F… --index D   the same of our claims over the course (eval/claims/)
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

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.errors import TutorError
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.settings import Settings, load_settings
from eval import support_claims
from eval.cases import Case, load_cases
from eval.metrics.retrieval import gold_places, matches


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one experiment and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m eval.experiments", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="name")
    command = commands.add_parser("vectors")
    command.add_argument("--cases", nargs="+", type=Path, required=True)
    command.add_argument("--index", type=Path)
    command = commands.add_parser("support")
    command.add_argument("--wice", type=Path)
    command.add_argument("--claims", nargs="+", type=Path, default=[])
    command.add_argument("--index", type=Path)
    options = parser.parse_args(arguments)
    if options.name == "support" and not (options.wice or options.claims):
        parser.error("support: give --wice FILE, or --claims FILE with --index DIR.")
    try:
        settings = load_settings()
        if options.name == "support":
            support(options.wice, options.claims, options.index, settings)
        else:
            live = LiveTutor(with_overrides(settings, options.index, "quotes"))
            vectors(live, load_cases(options.cases))
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


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


def support(
    wice: Path | None, claims: Sequence[Path], index: Path | None, settings: Settings
) -> None:
    """Print AUROC, thresholds and what is caught, of the support score on each file."""
    if wice is not None:
        scored = support_claims.score_wice(wice, load_embedder(settings.models))
        support_claims.print_report(wice.name, scored)
    if claims:
        tutor = LiveTutor(with_overrides(settings, index, "quotes")).tutor
        for file in claims:
            scored = support_claims.score_claims(
                support_claims.load(file),
                tutor.generation.chunks.by_document,
                tutor.retriever.embedder,
            )
            support_claims.print_report(file.name, scored)


if __name__ == "__main__":
    sys.exit(main())
