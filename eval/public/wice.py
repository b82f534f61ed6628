"""WiCE: does a web page support a sentence of Wikipedia? Judges the support check by itself.

Kamoi et al. 2023, https://arxiv.org/abs/2303.01432. JSON Lines of {"claim", "evidence": [sentence,
...], "label": "supported" | "partially_supported" | "not_supported", ...}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from tqdm import tqdm

from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.sentences import split_sentences
from ds542_tutor.settings import Settings
from ds542_tutor.support import SUPPORTED_FROM, WEAK_FROM, OverlapVerifier
from eval.public.figures import Figure, Report, Row, Table
from eval.public.reading import PublicSetError, every_nth, read_lines
from eval.stats import bootstrap
from eval.support import WordOverlap

PAPER = "https://arxiv.org/abs/2303.01432"
EXPECTED = "WiCE's claims as JSON Lines with label, claim and evidence (such as dev.jsonl)"

LABELS = ("not_supported", "partially_supported", "supported")
"""Ascending: a label's place is its class."""

Score = Callable[[Sequence[tuple[str, str]]], list[float]]
"""Scores (premise, claim) pairs: how well the premise supports the claim, in [0, 1]."""

RESAMPLES = 1000
"""Half of the usual: scikit-learn's measures take a millisecond each, and there are many."""

_BATCH = 64  # claims between two steps of the progress bar
_CANDIDATES = 30  # pairs of thresholds tried in hindsight lie at so many quantiles of the scores
_WINDOW_WORDS = 180  # about a chunk of the index: what the tutor puts before a support check
_MAJORITY = "majority class"


@dataclass(frozen=True, slots=True)
class Check:
    """A support check. Claims from `weak_from` on count as partly, from `supported_from` as fully.

    An `OverlapVerifier` scores a premise of any length; a model with a limit needs `in_windows`.
    """

    name: str
    score: Score
    supported_from: float
    weak_from: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the page that should support it, and its class (see `LABELS`)."""

    text: str
    evidence: str
    label: int


def run(path: Path, limit: int | None, settings: Settings, entailment: str | None) -> Report:
    """Judge our support check, or the entailment model of that name, on the claims of a file.

    Raises:
        PublicSetError: the file is unfit. ModelError: a model cannot be loaded or fails.
    """
    claims = load(path, limit)
    check = _entailment(entailment) if entailment else _overlap(settings)
    pairs = [(claim.evidence, claim.text) for claim in claims]
    scores: list[float] = []
    for start in tqdm(range(0, len(pairs), _BATCH), desc="claims", disable=None):
        scores += check.score(pairs[start : start + _BATCH])
    return report(claims, np.array(scores), check, path)


def load(path: Path, limit: int | None) -> list[Claim]:
    """Read the claims of a file, every n-th one under a limit.

    Raises:
        PublicSetError: the file is unfit, or its claims are all supported or all not.
    """
    claims = [
        Claim(
            item.text("claim"),
            "\n".join(item.texts("evidence")),
            LABELS.index(item.one_of("label", LABELS)),
        )
        for item in read_lines(path, EXPECTED)
    ]
    chosen = every_nth(claims, limit)
    if len({claim.label == LABELS.index("supported") for claim in chosen}) < 2:
        raise PublicSetError(
            f"{path}: the {len(chosen)} claims judged are all supported, or none is; raise --limit."
        )
    return chosen


def report(
    claims: Sequence[Claim],
    scores: NDArray[np.float64],
    check: Check,
    path: Path,
) -> Report:
    """Return the figures of a check's `scores`, one a claim, beside the floors."""
    three = np.array([claim.label for claim in claims])
    two = (three == LABELS.index("supported")).astype(int)
    words = np.array(WordOverlap().score([(claim.evidence, claim.text) for claim in claims]))
    systems = (
        _Rule(check.name, scores, (check.supported_from,), (check.weak_from, check.supported_from)),
        _fitted(f"{check.name}, hindsight", scores, two, three),
        _fitted("word overlap, hindsight", words, two, three),
        _majority(two, three),
    )
    rows = [
        Row("AUROC, supported", {s.name: _area(two, s.scores) for s in systems}),
        *(
            Row(
                f"{name}, {kind}",
                {s.name: _agreement(measure, truth, s.guess(k), k) for s in systems},
            )
            for kind, truth, k in (("two classes", two, 2), ("three classes", three, 3))
            for name, measure in (("macro-F1", macro_f1), ("accuracy", accuracy))
        ),
    ]
    meaning = (
        "Two classes: supported against the rest; three: supported, partially, not supported. "
        "95 % intervals by bootstrap over claims."
    )
    return Report(
        name="WiCE",
        paper=PAPER,
        path=str(path),
        items=len(claims),
        configuration={"check": check.name},
        tables=(Table("Support check", meaning, tuple(s.name for s in systems), tuple(rows)),),
        notes=_notes(systems, three),
    )


def auroc(positive: NDArray[np.int_], scores: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve; NaN where all items are of one class."""
    if len(set(positive.tolist())) < 2:
        return float("nan")
    return float(roc_auc_score(positive, scores))


def macro_f1(truth: NDArray[np.int_], guess: NDArray[np.int_], classes: int) -> float:
    """Return the mean F1 of the classes 0 to `classes` - 1; one that nobody names counts as 0."""
    labels = list(range(classes))
    return float(f1_score(truth, guess, labels=labels, average="macro", zero_division=0))


def accuracy(truth: NDArray[np.int_], guess: NDArray[np.int_], classes: int) -> float:
    """Return the share of right guesses; of how many classes plays no part."""
    return float((truth == guess).mean())


def best_cuts(
    scores: NDArray[np.float64], truth: NDArray[np.int_], count: int
) -> tuple[float, ...]:
    """Return the `count` ascending thresholds with the highest macro-F1 on these very items.

    One threshold is tried at every score; two are tried at quantiles, else there are too many.
    """
    places = scores if count == 1 else np.quantile(scores, np.linspace(0, 1, _CANDIDATES + 1))
    tried = np.unique(places)
    return max(
        combinations_with_replacement(tried.tolist(), count),
        key=lambda cuts: macro_f1(truth, np.digitize(scores, cuts), count + 1),
    )


def in_windows(score: Score) -> Score:
    """Return a score that is the highest over windows of whole sentences of the premise.

    Models read a few hundred words and cut the rest; WiCE's pages are longer. The maximum over
    windows is how long premises are judged by inference (Laban et al. 2022, SummaC,
    https://arxiv.org/abs/2111.09525).
    """

    def best(pairs: Sequence[tuple[str, str]]) -> list[float]:
        cut = [(i, window) for i, (premise, _) in enumerate(pairs) for window in _windows(premise)]
        found = score([(window, pairs[i][1]) for i, window in cut])
        highest = [0.0] * len(pairs)
        for (i, _), value in zip(cut, found, strict=True):
            highest[i] = max(highest[i], value)
        return highest

    return best


def _windows(premise: str) -> list[str]:
    windows: list[list[str]] = [[]]
    size = 0
    for span in split_sentences(premise):
        words = len(span.text.split())
        if windows[-1] and size + words > _WINDOW_WORDS:
            windows.append([])
            size = 0
        windows[-1].append(span.text)
        size += words
    return [" ".join(window) for window in windows]


def _overlap(settings: Settings) -> Check:
    score = OverlapVerifier(load_embedder(settings.models)).score
    return Check("support check", score, SUPPORTED_FROM, WEAK_FROM)


def _entailment(name: str) -> Check:
    from ds542_tutor.models.entailment import ENTAILED_FROM, load_entailment

    score = in_windows(load_entailment(name).score)
    return Check(f"entailment {name}", score, ENTAILED_FROM, ENTAILED_FROM)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Scores and the ascending thresholds that make classes of them, for two and for three."""

    name: str
    scores: NDArray[np.float64]
    for_two: tuple[float, ...]
    for_three: tuple[float, ...]

    def guess(self, classes: int) -> NDArray[np.int_]:
        """Return the class of each item, among two or three `classes`."""
        return np.digitize(self.scores, self.for_two if classes == 2 else self.for_three)


def _fitted(
    name: str, scores: NDArray[np.float64], two: NDArray[np.int_], three: NDArray[np.int_]
) -> _Rule:
    return _Rule(name, scores, best_cuts(scores, two, 1), best_cuts(scores, three, 2))


def _majority(two: NDArray[np.int_], three: NDArray[np.int_]) -> _Rule:
    """Return the rule that gives every item the commonest class."""
    cuts = []
    for truth, count in ((two, 1), (three, 2)):
        commonest = int(np.bincount(truth).argmax())
        cuts.append(tuple(0.0 if i < commonest else 1.0 for i in range(count)))
    return _Rule("majority class", np.zeros(len(two)), *cuts)


def _area(truth: NDArray[np.int_], scores: NDArray[np.float64]) -> Figure:
    return _figure(lambda drawn: auroc(truth[drawn], scores[drawn]), len(truth))


def _agreement(
    measure: Callable[[NDArray[np.int_], NDArray[np.int_], int], float],
    truth: NDArray[np.int_],
    guess: NDArray[np.int_],
    classes: int,
) -> Figure:
    return _figure(lambda d: measure(truth[d], guess[d], classes), len(truth))


def _figure(statistic: Callable[[NDArray[np.intp]], float], items: int) -> Figure:
    value = statistic(np.arange(items))
    return Figure(value, *bootstrap(statistic, range(items), resamples=RESAMPLES), items)


def _notes(rules: Sequence[_Rule], truth: NDArray[np.int_]) -> tuple[str, ...]:
    counts = ", ".join(f"{(truth == i).sum()} {label}" for i, label in enumerate(LABELS))
    cuts = "; ".join(
        f"{rule.name} {_cuts(rule.for_two)} (two classes), {_cuts(rule.for_three)} (three)"
        for rule in rules[:-1]  # the majority class needs none
    )
    return (
        f"Claims: {counts}.",
        f"Thresholds: {cuts}.",
        f"Hindsight: the threshold, or the two among {_CANDIDATES} quantiles of the scores, with "
        "the best macro-F1 on these very claims. It flatters the floor.",
        "Word overlap: share of the claim's lower-cased words that occur in the evidence; no "
        "stemming, no stop words.",
    )


def _cuts(cuts: Sequence[float]) -> str:
    return " and ".join(f"{cut:.2f}" for cut in cuts)
