"""`python -m eval.context_weights`: fits which questions go on with the conversation.

    python -m eval.context_weights --cases FILE… --index DIR [--cases FILE… --index DIR]…

Cases with a history count as going on with it, though some of them change the topic; every question
on content without one begins anew after the history of another case, drawn by a fixed seed. Prints
how both fare in retrieval, each tenth judged by the weights of the others, then the weights of all
(logistic regression, the rarer kind weighing as much as the other).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.continuity import WEIGHTS, signals
from ds542_tutor.dialogue import Query
from ds542_tutor.errors import TutorError
from ds542_tutor.queries import standalone
from ds542_tutor.retrieval import Retriever
from ds542_tutor.settings import load_settings
from eval.arguments import cases_by_index
from eval.cases import Case, load_cases
from eval.metrics.retrieval import gold_places, matches

THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
SEED, FOLDS, REGULARISATION = 542, 10, 0.3
_CONTENT = ("concept", "compare")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in a conversation: its signals, and its reciprocal ranks with and without."""

    follows: bool
    signals: list[float]
    together: float
    alone: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print figures by threshold and the weights; return the exit status."""
    pairs = cases_by_index("eval.context_weights", __doc__, arguments)
    try:
        asked = [
            one
            for index, paths in pairs
            for one in measure(
                LiveTutor(with_overrides(load_settings(), index, "quotes")).tutor.retriever,
                load_cases(paths),
            )
        ]
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    x = np.array([one.signals for one in asked])
    y = np.array([one.follows for one in asked])
    model = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=1000)
    center, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    scaled = (x - center) / scale
    judged = cross_val_predict(model, scaled, y, cv=folds, method="predict_proba")[:, 1]
    print(f"{y.sum()} follow-ups, {(~y).sum()} new topics; mean reciprocal rank")
    print(f"always together: {_mean(asked, np.ones(len(asked)), 0.5)}")
    print(f"always alone:    {_mean(asked, np.zeros(len(asked)), 0.5)}")
    for threshold in THRESHOLDS:
        print(f"from {threshold:.2f}:       {_mean(asked, judged, threshold)}")
    model.fit(scaled, y)
    weights = model.coef_[0] / scale
    print(f"BIAS = {model.intercept_[0] - float(weights @ center):.2f}")
    for name, weight in zip(WEIGHTS, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')
    return 0


def measure(retriever: Retriever, cases: Sequence[Case]) -> list[Asked]:
    """Return what is known of every question on content, in its conversation or in another's."""
    usable = [case for case in cases if case.expect == "answer" and gold_places(case)]
    follow_ups = [case for case in usable if case.history]
    fresh = [case for case in usable if not case.history and case.kind in _CONTENT]
    drawn = random.Random(SEED)
    together = [(case, case.history) for case in follow_ups]
    together += [(case, drawn.choice(follow_ups).history) for case in fresh if follow_ups]
    asked = []
    for case, history in together:
        query = standalone(case.question, history)
        if not query.context:
            continue  # it says itself that it is about something else
        asked.append(
            Asked(
                follows=bool(case.history),
                signals=signals(query, retriever.embedder.embed_query, retriever.nearest),
                together=_reciprocal(retriever, query, case),
                alone=_reciprocal(retriever, standalone(case.question, ()), case),
            )
        )
    return asked


def _reciprocal(retriever: Retriever, query: Query, case: Case) -> float:
    golds = gold_places(case)
    for rank, hit in enumerate(retriever.search(query), start=1):
        if any(matches(gold, hit.chunk.document, hit.chunk.pages) for gold in golds):
            return 1 / rank
    return 0.0


def _mean(asked: Sequence[Asked], judged: NDArray[np.float64], threshold: float) -> str:
    parts = []
    for name, follows in (("follow-ups", True), ("new topics", False)):
        ranks = [
            one.together if likely >= threshold else one.alone
            for one, likely in zip(asked, judged, strict=True)
            if one.follows is follows
        ]
        parts.append(f"{name} {np.mean(ranks):.3f}")
    return ", ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
