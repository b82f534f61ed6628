"""Is the abstention score worth its name: do questions with more evidence have better answers?

The score is `evidence` of an answer; the tutor stays silent below a threshold. A reliability
diagram (Niculescu-Mizil and Caruana, ICML 2005) groups the questions by score and shows the share
that has an answer in the materials, and the share that was answered rightly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from eval.stats import bootstrap, wilson

BINS = 8
"""Groups of equal size: with a hundred questions each still has a dozen."""

_LEAST = 5  # questions in a group, below which a share says nothing


def reliability(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Group the rows that have a score and expect an answer or silence.

    Returns {"n", "auroc": {value, low, high} or None, "bins": [{low, high, mean, n, answerable,
    answerable_low, answerable_high, correct}]}; `correct` counts a right answer of a question that
    has one, and silence on one that has none.
    """
    judged = sorted(
        (row for row in rows if row["evidence"] is not None and row["outcome"] is not None),
        key=lambda row: row["evidence"],
    )
    scores = np.array([row["evidence"] for row in judged])
    known = np.array([row["expect"] == "answer" for row in judged], dtype=bool)
    right = np.array([row["outcome"] in ("answered-correct", "abstained-right") for row in judged])
    bins = []
    count = max(1, min(BINS, len(judged) // _LEAST))
    for part in np.array_split(np.arange(len(judged)), count) if judged else []:
        share = float(known[part].mean())
        low, high = wilson(share, len(part))
        bins.append(
            {
                "low": float(scores[part].min()),
                "high": float(scores[part].max()),
                "mean": float(scores[part].mean()),
                "n": len(part),
                "answerable": share,
                "answerable_low": low,
                "answerable_high": high,
                "correct": float(right[part].mean()),
            }
        )
    return {"n": len(judged), "auroc": _auroc(scores, known, judged), "bins": bins}


def _auroc(
    scores: np.ndarray, known: np.ndarray, rows: Sequence[Mapping[str, Any]]
) -> dict[str, float] | None:
    """Area under the ROC curve of answerable questions against the others, with its interval."""
    if not known.any() or known.all():
        return None

    def area(drawn: np.ndarray) -> float:
        both = known[drawn].any() and not known[drawn].all()
        return float(roc_auc_score(known[drawn], scores[drawn])) if both else float("nan")

    low, high = bootstrap(area, [row["cluster"] for row in rows], resamples=500)
    return {"value": area(np.arange(len(rows))), "low": low, "high": high}
