"""The weights behind `ranking`, fitted and tried: `python -m eval.ranking_weights …`.

    --cases F… --index D   [--cases F… --index D …]    each index with the cases over it

A softmax over the candidates of each question, whose share on the gold pages is to be large (Cao et
al. 2007, https://doi.org/10.1145/1273496.1273513), with weights held small. Prints how well the
questions fare by weights of the other nine tenths, then the weights of all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.errors import TutorError
from ds542_tutor.ranking import WEIGHTS, features
from ds542_tutor.settings import load_settings
from eval.arguments import cases_by_index
from eval.cases import load_cases
from eval.metrics.retrieval import gold_places, matches

PENALTIES = (3.0, 10.0, 30.0)
CHOSEN = 10.0
"""Penalty on the squares of the weights, of features of unit deviation, summed over questions."""

KINDS = ("concept", "compare", "code", "locate", "followup")
_FOLDS = 10

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A question's candidates: their features (n, features), and which lie on a gold page (n,)."""

    group: str
    rows: Matrix
    gold: NDArray[np.bool_]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print figures by file and the weights; return the exit status."""
    pairs = cases_by_index("eval.ranking_weights", __doc__, arguments)
    try:
        questions = measure(pairs)
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    for penalty in PENALTIES:
        ranks = np.array(judged_by_others(questions, penalty))
        print(f"penalty {penalty:g}: {_rates(ranks)}")
        groups = np.array([question.group for question in questions])
        for group in sorted(set(groups)):
            print(f"  {group}: {_rates(ranks[groups == group])}")
    for name, weight in zip(WEIGHTS, fit(questions, CHOSEN), strict=True):
        print(f'    "{name}": {weight:.2f},')
    return 0


def measure(pairs: Sequence[tuple[Path, Sequence[Path]]]) -> list[Judged]:
    """Return the candidates of every question on content that has gold pages."""
    questions = []
    for index, paths in pairs:
        retriever = LiveTutor(with_overrides(load_settings(), index, "quotes")).tutor.retriever
        for path in paths:
            for case in load_cases([path]):
                golds = gold_places(case)
                if case.kind not in KINDS or not golds:
                    continue
                query = retriever.query(case.question, case.history)
                found = retriever.candidates(query)
                gold = [any(matches(g, c.document, c.pages) for g in golds) for c in found.chunks]
                group = f"{path.parent.name}/{path.stem}"
                questions.append(Judged(group, features(query, found), np.array(gold)))
    return questions


def judged_by_others(questions: Sequence[Judged], penalty: float) -> list[int]:
    """Return the rank of each question's first gold candidate by weights of other questions.

    Ranks are from 1; 0 where no candidate is gold.
    """
    order = np.random.default_rng(542).permutation(len(questions))
    ranks = [0] * len(questions)
    for fold in range(_FOLDS):
        mine = set(order[fold::_FOLDS].tolist())
        weights = fit([q for i, q in enumerate(questions) if i not in mine], penalty)
        for i in mine:
            best = np.argsort(-(questions[i].rows @ weights), kind="stable")
            ranks[i] = next((r for r, j in enumerate(best, start=1) if questions[i].gold[j]), 0)
    return ranks


def fit(questions: Sequence[Judged], penalty: float) -> Matrix:
    """Return the weights that put most of the softmax on gold candidates. Shape: (features,)."""
    usable = [question for question in questions if question.gold.any()]
    scale = np.concatenate([question.rows for question in usable]).std(axis=0) + 1e-9
    rows = [question.rows / scale for question in usable]

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, gradient = penalty * float(weights @ weights), 2 * penalty * weights
        for found, question in zip(rows, usable, strict=True):
            logits = found @ weights
            odds = np.exp(logits - logits.max())
            share = odds / odds.sum()
            right = share[question.gold].sum() + 1e-12
            total -= float(np.log(right))
            pull = share - np.where(question.gold, share / right, 0.0)
            gradient = gradient + found.T @ pull
        return total, gradient

    result = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B")
    return np.asarray(result.x / scale)


def _rates(ranks: NDArray[np.int_]) -> str:
    reciprocal = np.array([1 / rank if 0 < rank <= 10 else 0.0 for rank in ranks])
    at = [float(np.mean((ranks > 0) & (ranks <= k))) for k in (1, 5, 10)]
    return (
        f"{len(ranks)} questions, success@1 {at[0]:.3f}, @5 {at[1]:.3f}, @10 {at[2]:.3f}, "
        f"MRR@10 {reciprocal.mean():.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
