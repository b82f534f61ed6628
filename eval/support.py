"""The support checks that citation recall and precision are judged by, each with its name.

The check is exchangeable: an entailment cross-encoder where one is given, else the lexical-semantic
one of the tutor; plain word overlap stands beside either as the floor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ds542_tutor.protocols import Embedder, Verifier
from ds542_tutor.support import SUPPORTED_FROM, OverlapVerifier, find_exact

WORD_OVERLAP_FROM = 0.81
"""Share of words at which plain overlap tells supported claims from the rest best (macro-F1 .659
on the WiCE development set, chosen in hindsight: `python -m eval public wice`)."""


@dataclass(frozen=True, slots=True)
class SupportCheck:
    """A verifier with the score from which a claim counts as supported."""

    name: str
    verifier: Verifier
    threshold: float

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[bool]:
        """Say for each (premise, claim) pair whether the premise supports the claim."""
        return [score >= self.threshold for score in self.verifier.score(pairs)]


class WordOverlap:
    """Share of a claim's words that its premise has: the floor under every support check."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Score (premise, claim) pairs in [0, 1]; a claim without words is supported."""
        return [_overlap(premise, claim) for premise, claim in pairs]


class ExactOrOverlap:
    """The tutor's own order: a claim that stands in the premise word for word, else its score."""

    def __init__(self, embedder: Embedder) -> None:
        self._overlap = OverlapVerifier(embedder)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Score (premise, claim) pairs in [0, 1]."""
        exact = [find_exact(claim, premise) is not None for premise, claim in pairs]
        rest = [pair for pair, found in zip(pairs, exact, strict=True) if not found]
        scores = iter(self._overlap.score(rest))
        return [1.0 if found else next(scores) for found in exact]


def word_overlap() -> SupportCheck:
    """Return the floor."""
    return SupportCheck("plain word overlap", WordOverlap(), WORD_OVERLAP_FROM)


def support_check(entailment: str, embedder: Embedder) -> SupportCheck:
    """Return the check by the entailment model of that name; the packaged one when it is "".

    Raises:
        ModelError: the entailment model cannot be loaded.
    """
    if not entailment:
        name = "lexical-semantic (the tutor's own check of its sentences)"
        return SupportCheck(name, ExactOrOverlap(embedder), SUPPORTED_FROM)
    from ds542_tutor.models.entailment import ENTAILED_FROM, load_entailment

    return SupportCheck(f"entailment by {entailment}", load_entailment(entailment), ENTAILED_FROM)


def _overlap(premise: str, claim: str) -> float:
    wanted = _words(claim)
    return len(wanted & _words(premise)) / len(wanted) if wanted else 1.0


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
