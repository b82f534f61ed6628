"""The support check on labelled claims: WiCE's, and ours over the pages of the course.

Ours (`eval/claims/`) are JSON Lines of {"id", "doc", "page" (or null), "section", "claim", "label":
"supported" | "partly" | "unsupported", "error"}. Most wrong ones are a true sentence with one thing
changed, which `error` names. Reads, scores and prints; thresholds are `ds542_tutor.support`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ds542_tutor.documents import Chunk
from ds542_tutor.protocols import Embedder
from ds542_tutor.support import CONTRADICTED, SUPPORTED_FROM, WEAK_FROM, contradicts, find_exact
from ds542_tutor.words import content_words
from eval.public.reading import PublicSetError, read_lines
from eval.public.wice import LABELS as WICE_LABELS
from eval.public.wice import auroc
from eval.public.wice import load as load_wice
from eval.stats import bootstrap
from eval.support import ExactOrOverlap

EXPECTED = "labelled claims as JSON Lines, as in eval/claims/"
LABELS = ("supported", "partly", "unsupported")
ERRORS = ("entity", "negation", "number", "relation", "overreach", "unstated", "other-topic")
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)

_WITHOUT_PAGE = 2  # chunks: about what an answer puts before the check of one sentence


@dataclass(frozen=True, slots=True)
class LabelledClaim:
    """A sentence about a place of the materials.

    Attributes:
        page: 1-based; None where the document has no pages or the section says the place.
        error: what was changed, one of `ERRORS`; "" where the claim is supported.
    """

    id: str
    document: str
    page: int | None
    section: str
    text: str
    label: str
    error: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Claims with their labels, errors ("" where none is named) and scores, in one order.

    Attributes:
        plain: the scores had no sign of a contradiction been looked for. signs: whether one was.
    """

    labels: NDArray[np.str_]
    errors: NDArray[np.str_]
    scores: NDArray[np.float64]
    plain: NDArray[np.float64]
    signs: NDArray[np.bool_]


def load(path: Path) -> list[LabelledClaim]:
    """Read a file of claims.

    Raises:
        PublicSetError: the file is unfit, two claims share an id, or a label has no claim.
    """
    claims = []
    for item in read_lines(path, EXPECTED):
        page = item.fields.get("page")
        if page is not None and (type(page) is not int or page < 1):
            item.fail("page", "must be a page from 1, or null")
        label = item.one_of("label", LABELS)
        error = "" if label == "supported" else item.one_of("error", ERRORS)
        claims.append(
            LabelledClaim(
                item.text("id"),
                item.text("doc"),
                page,
                item.text("section", blank=True),
                item.text("claim"),
                label,
                error,
            )
        )
    if len({claim.id for claim in claims}) < len(claims):
        raise PublicSetError(f"{path}: two claims share an id; rename one.")
    if missing := set(LABELS) - {claim.label for claim in claims}:
        raise PublicSetError(f"{path}: no claim is {', '.join(sorted(missing))}; add some.")
    return claims


def premise(claim: LabelledClaim, chunks: Sequence[Chunk]) -> str:
    """Return the text of the chunks of its document that the claim is judged by.

    Those on its page; else, of those in its section, the two that share most words with it.

    Raises:
        PublicSetError: the index has no such document or page.
    """
    if claim.page is not None:
        found = [chunk for chunk in chunks if claim.page in chunk.pages]
    else:
        inside = [chunk for chunk in chunks if _is_in(chunk, claim.section)] or chunks
        words = set(content_words(claim.text))
        found = sorted(inside, key=lambda chunk: -len(words & set(content_words(chunk.text))))
        found = found[:_WITHOUT_PAGE]
    if not found:
        place = claim.document if claim.page is None else f"{claim.document}, page {claim.page}"
        raise PublicSetError(
            f"claim {claim.id}: {place} is not in the index; use the index of its materials."
        )
    return "\n\n".join(chunk.text for chunk in found)


def score_claims(
    claims: Sequence[LabelledClaim],
    by_document: Callable[[str], list[Chunk]],
    embedder: Embedder,
) -> Scored:
    """Score `claims` as the tutor would, each against its place in the index."""
    pairs = [(premise(claim, by_document(claim.document)), claim.text) for claim in claims]
    labels, errors = [claim.label for claim in claims], [claim.error for claim in claims]
    return _scored(pairs, labels, errors, embedder)


def score_wice(path: Path, embedder: Embedder) -> Scored:
    """Score WiCE's claims, its labels written as ours.

    Raises:
        PublicSetError: the file is unfit.
    """
    claims = load_wice(path, None)
    ours = dict(zip(reversed(WICE_LABELS), LABELS, strict=True))
    pairs = [(claim.evidence, claim.text) for claim in claims]
    labels = [ours[WICE_LABELS[claim.label]] for claim in claims]
    return _scored(pairs, labels, [""] * len(claims), embedder)


def area(scored: Scored, scores: NDArray[np.float64]) -> float:
    """Return the AUROC of `scores`: supported claims against the rest."""
    return auroc((scored.labels == "supported").astype(int), scores)


def print_report(name: str, scored: Scored) -> None:
    """Print AUROC with and without the signs, what is kept by threshold, what is caught by error.

    Caught: not called supported; removed: not even called weak.
    """
    print(f"{name}: {len(scored.labels)} claims; AUROC supported against the rest")
    for what, scores in (("with signs", scored.scores), ("without", scored.plain)):
        low, high = _interval(scored, scores)
        print(f"{what:<11} {area(scored, scores):.3f} ({low:.3f}-{high:.3f})")
    print("threshold  " + "  ".join(f"{label} kept" for label in LABELS))
    for threshold in THRESHOLDS:
        kept = [(scored.scores[scored.labels == la] >= threshold).mean() for la in LABELS]
        print(f"{threshold:<10g} " + "  ".join(f"{rate:.2f}" for rate in kept))
    if not scored.errors.any():
        return
    print("error        claims  sign  caught (without)  removed (without)")
    for error in ("", *ERRORS):
        of = scored.errors == error
        if of.any():
            sign, *rates = (
                scored.signs[of].mean(),
                *(
                    (scores[of] < threshold).mean()
                    for threshold in (SUPPORTED_FROM, WEAK_FROM)
                    for scores in (scored.scores, scored.plain)
                ),
            )
            shown = "{:.2f} ({:.2f})       {:.2f} ({:.2f})".format(*rates)
            print(f"{error or '(supported)':<12} {of.sum():<6}  {sign:.2f}  {shown}")


def _scored(
    pairs: Sequence[tuple[str, str]],
    labels: Sequence[str],
    errors: Sequence[str],
    embedder: Embedder,
) -> Scored:
    scores = np.array(ExactOrOverlap(embedder).score(pairs))
    exact = [find_exact(claim, text) is not None for text, claim in pairs]
    signs = np.array(
        [not same and contradicts(*pair) for same, pair in zip(exact, pairs, strict=True)]
    )
    plain = np.where(signs, scores / CONTRADICTED, scores)
    return Scored(np.array(labels), np.array(errors), scores, plain, signs)


def _interval(scored: Scored, scores: NDArray[np.float64]) -> tuple[float, float]:
    """95 % by bootstrap over claims."""
    supported = (scored.labels == "supported").astype(int)
    return bootstrap(
        lambda drawn: auroc(supported[drawn], scores[drawn]), range(len(scores)), resamples=1000
    )


def _is_in(chunk: Chunk, section: str) -> bool:
    headings = (*chunk.locator.section, chunk.locator.slide_title or "")
    return any(section.lower() in heading.lower() for heading in headings)
