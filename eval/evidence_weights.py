"""The weights behind `evidence`, fitted and tried: `python -m eval.evidence_weights …`.

    --cases F… --index D   [--cases F… --index D …]    each index with the cases over it

A logistic regression over the signals of the questions that an answer or silence is expected for.
Prints, by file of weights fitted to the other nine tenths and of those in use, how well answerable
questions are told from the rest and what each threshold does; then the weights of all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ds542_tutor import evidence
from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.course_pages import on_the_course
from ds542_tutor.course_questions import computed_answer
from ds542_tutor.errors import TutorError
from ds542_tutor.policy.classify import sense_of
from ds542_tutor.settings import load_settings
from ds542_tutor.tutor import Tutor
from eval.arguments import cases_by_index
from eval.cases import Case, load_cases

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
_PENALTY = 0.1  # C of scikit-learn, over signals of unit deviation
_CONTENT = ("answer", "abstain")

Matrix = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print figures and the weights; return the exit status."""
    pairs = cases_by_index("eval.evidence_weights", __doc__, arguments)
    try:
        rows, known, indexes = measure(pairs)
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=_PENALTY, class_weight="balanced", max_iter=5000)
    )
    folds = StratifiedKFold(10, shuffle=True, random_state=542)
    judged = cross_val_predict(model, rows, known, cv=folds, method="predict_proba")[:, 1]
    in_use = 1 / (1 + np.exp(-(rows @ np.array(list(evidence.WEIGHTS.values())) + evidence.BIAS)))
    for index in sorted(set(indexes)):
        mine = indexes == index
        for name, score in (("weights of others", judged), ("weights in use", in_use)):
            print(f"{index}, {name}: {_figures(score[mine], known[mine])}")
    model.fit(rows, known)
    scale, fitted = model[0], model[1]
    weights = fitted.coef_[0] / scale.scale_
    for name, weight in zip(evidence.WEIGHTS, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')
    print(f"BIAS = {float(fitted.intercept_[0]) - float(weights @ scale.mean_):.2f}")
    return 0


def measure(
    pairs: Sequence[tuple[Path, Sequence[Path]]],
) -> tuple[Matrix, NDArray[np.bool_], NDArray[np.str_]]:
    """Return a row of signals a question, which can be answered, and from which index."""
    rows, known, names = [], [], []
    for index, paths in pairs:
        tutor = LiveTutor(with_overrides(load_settings(), index, "quotes")).tutor
        for case in load_cases(paths):
            if case.expect in _CONTENT and (row := _row(tutor, case)):
                rows.append(row)
                known.append(case.expect == "answer")
                names.append(str(index))
    return np.array(rows), np.array(known), np.array(names)


def _row(tutor: Tutor, case: Case) -> list[float]:
    """Return the signals of a question as the tutor would search for it, none if it need not."""
    course, kinds = tutor.generation.course, tutor.course_kinds
    zone = ZoneInfo(course.timezone)
    now = datetime.combine(case.today, time(12), zone) if case.today else datetime.now(zone)
    asked, turns = case.question, case.history
    sense = sense_of(asked, turns, tutor.retriever.embedder.embed_query)
    if computed_answer(course, asked, turns, now, kinds, sense.vector) is not None:
        return []
    query = tutor.retriever.query(asked, turns)
    query = on_the_course(query, turns, kinds, tutor.matters, sense)
    found = evidence.signals(query, tutor.retriever.search(query), tutor.generation)
    return list(found.values())


def _figures(score: Matrix, known: NDArray[np.bool_]) -> str:
    lines = [
        f"{known.sum()} answerable, {(~known).sum()} not, AUROC {roc_auc_score(known, score):.3f}",
        "threshold  answered of answerable  answered of the others  F1 of silence",
    ]
    for t in THRESHOLDS:
        silent = score < t
        right = (silent & ~known).sum()
        f1 = 2 * right / max(silent.sum() + (~known).sum(), 1)
        rates = (~silent[known]).mean(), (~silent[~known]).mean()
        lines.append(f"{t:<10g} {rates[0]:<23.2f} {rates[1]:<23.2f} {f1:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
