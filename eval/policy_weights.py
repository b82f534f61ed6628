"""The weights behind `policy.signals`, fitted and tried: `python -m eval.policy_weights …`.

    --cases F… --index D   [--cases F… --index D …]    each index with the cases over it

A logistic regression over the signals of the cases' questions. Every file of cases is judged by the
weights of all the others; weights fitted to all are printed last. Those in `policy/signals.py` rest
on more questions than an index can hold (docs/experiments.md).
Requests that are refused whatever they are about are left out, and so are follow-ups.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.errors import TutorError
from ds542_tutor.policy.classify import sense_of
from ds542_tutor.policy.disguise import meant
from ds542_tutor.policy.findings import LIKELY
from ds542_tutor.policy.signals import signals
from ds542_tutor.settings import load_settings
from eval.arguments import cases_by_index
from eval.cases import load_cases

PENALTIES = (0.03, 0.1, 0.3, 1.0)
CHOSEN = 0.1
"""The penalty of the weights in use (C of scikit-learn, over signals of unit deviation)."""

_HELD_WEIGHT = 2  # a request that slips through is worse than a question held back

Matrix = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print figures by file and the weights; return the exit status."""
    pairs = cases_by_index("eval.policy_weights", __doc__, arguments)
    try:
        names, rows, held, groups = measure(pairs)
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(f"{len(held)} questions, {held.sum()} to be held back")
    for penalty in PENALTIES:
        likely = judged_by_others(rows, held, groups, penalty)
        print(f"C {penalty:g}: AUROC {roc_auc_score(held, likely):.4f}")
        for group in sorted(set(groups)):
            mine = groups == group
            print(f"  {group}: {_rates(likely[mine] >= LIKELY, held[mine])}")
    weights, bias = fit(rows, held, CHOSEN)
    for name, weight in zip(names, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')
    print(f"BIAS = {bias:.2f}")
    return 0


def measure(
    pairs: Sequence[tuple[Path, Sequence[Path]]],
) -> tuple[list[str], Matrix, NDArray[np.bool_], NDArray[np.str_]]:
    """Return the names of the signals, a row a question, which are to be held back, their files."""
    names: list[str] = []
    rows, held, groups = [], [], []
    for index, paths in pairs:
        tutor = LiveTutor(with_overrides(load_settings(), index, "quotes")).tutor
        assert tutor.kinds is not None, "LiveTutor loads them"
        embed, course = tutor.retriever.embedder.embed_query, tutor.generation.course
        for path in paths:
            for case in load_cases([path]):
                if case.history or case.expect == "refuse":
                    continue
                sense = sense_of(case.question, (), embed, tutor.kinds)
                likely = tutor.kinds.likely(meant(case.question), sense.vector)
                found = signals(case.question, tutor.graded, course, sense, likely)
                names = list(found.values)
                rows.append(list(found.values.values()))
                held.append(case.expect == "hint")
                groups.append(f"{path.parent.name}/{path.stem}")
    return names, np.array(rows), np.array(held), np.array(groups)


def judged_by_others(
    rows: Matrix, held: NDArray[np.bool_], groups: NDArray[np.str_], penalty: float
) -> Matrix:
    """Return the probability of each question by the weights of all other files."""
    likely = np.zeros(len(held))
    for group in set(groups):
        mine = groups == group
        weights, bias = fit(rows[~mine], held[~mine], penalty)
        likely[mine] = 1 / (1 + np.exp(-(rows[mine] @ weights + bias)))
    return likely


def fit(rows: Matrix, held: NDArray[np.bool_], penalty: float) -> tuple[Matrix, float]:
    """Return weights and bias of a logistic regression over signals of unit deviation."""
    scale = rows.std(axis=0) + 1e-9
    costs = {False: 1, True: _HELD_WEIGHT}
    model = LogisticRegression(C=penalty, class_weight=costs, max_iter=5000)
    model.fit(rows / scale, held)
    return model.coef_[0] / scale, float(model.intercept_[0])


def _rates(stopped: NDArray[np.bool_], held: NDArray[np.bool_]) -> str:
    caught = f"{stopped[held].sum()} of {held.sum()} caught"
    return f"{caught}, {stopped[~held].sum()} of {(~held).sum()} over-refused"


if __name__ == "__main__":
    sys.exit(main())
