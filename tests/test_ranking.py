"""Features of candidates, and what a question's own words do to their order."""

from dataclasses import replace

import numpy as np
import pytest

from ds542_tutor.dialogue import Query
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.ranking import WEIGHTS, Candidates, features, scores


def chunk(identifier: str, text: str, heading: str = "Notes > Words", **values: object) -> Chunk:
    made = Chunk(
        id=identifier,
        document=f"{identifier}.pdf",
        title="Notes",
        kind="book",
        text=text,
        search_text=f"{heading}\n{text}",
        locator=Locator(),
        pages=(1,),
        ordinal=0,
    )
    return replace(made, **values)  # type: ignore[arg-type]


def candidates(*chunks: Chunk) -> Candidates:
    """All equally near in meaning, none found by words, no term matched."""
    n = len(chunks)
    return Candidates(
        chunks=chunks,
        cosines=np.full(n, 0.5),
        dense_ranks=np.full(n, 5.0),
        lexical_ranks=np.full(n, np.inf),
        matches=np.zeros((1, n), dtype=bool),
        terms=["dropout"],
        rarity=np.array([3.0]),
    )


LONG = "Dropout sets random hidden units to zero while a network is trained, and scales the others."


def test_every_feature_has_its_weight_and_is_finite() -> None:
    found = features(Query("dropout", "dropout"), candidates(chunk("a", LONG), chunk("b", "")))
    assert found.shape == (2, len(WEIGHTS))
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("better", "worse", "question"),
    [
        (chunk("a", LONG, "Notes > Dropout"), chunk("b", LONG), Query("dropout", "dropout")),
        (chunk("a", LONG, kind="slides"), chunk("b", LONG), Query("dropout", "dropout")),
        (chunk("a", LONG), chunk("b", LONG, exercise=True), Query("dropout", "dropout")),
        (chunk("a", LONG), chunk("b", LONG, title="Book: Errata"), Query("dropout", "dropout")),
        (
            chunk("a", LONG, lecture=7),
            chunk("b", LONG, lecture=8),
            Query("dropout", "dropout in lecture 7", lectures=(7,)),
        ),
        (
            chunk("a", LONG, locator=Locator(section=("4.2 Dropout",))),
            chunk("b", LONG, locator=Locator(section=("14.2 Dropout",))),
            Query("dropout", "dropout, 4.2", section="4.2"),
        ),
        (
            chunk("a", LONG, assignment="homework2"),
            chunk("b", LONG),
            Query("dropout", "dropout in hw2", assignment="homework2"),
        ),
        (
            chunk("a", LONG, kind="notebook"),
            chunk("b", LONG),
            Query("dropout", "the dropout notebook", kind="notebook"),
        ),
    ],
)
def test_what_speaks_for_a_candidate_raises_it(
    better: Chunk, worse: Chunk, question: Query
) -> None:
    first, second = scores(question, candidates(better, worse))
    assert first > second


def test_a_searcher_can_be_given_more_weight() -> None:
    both = replace(
        candidates(chunk("a", LONG), chunk("b", LONG)),
        dense_ranks=np.array([1.0, np.inf]),
        lexical_ranks=np.array([np.inf, 1.0]),
        cosines=np.array([0.6, 0.2]),
        matches=np.array([[False, True]]),
    )
    query = Query("dropout", "dropout")
    by_meaning = scores(query, both, dense_weight=1.0, lexical_weight=0.0)
    by_words = scores(query, both, dense_weight=0.0, lexical_weight=1.0)
    assert by_meaning[0] > by_meaning[1]
    assert by_words[0] < by_words[1]


def test_chunks_of_another_term_go_to_the_back() -> None:
    both = candidates(chunk("a", LONG, term="sp2026"), chunk("b", LONG, term="fa2025"))
    assert np.argmax(scores(Query("dropout", "dropout"), replace(both, term="fa2025"))) == 1


def test_nothing_found_is_no_score() -> None:
    assert scores(Query("dropout", "dropout"), candidates()).shape == (0,)
