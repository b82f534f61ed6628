"""Metrics and statistics of evaluation, against examples computed by hand."""

from typing import Any

import pytest

from eval.cases import Case, Gold
from eval.metrics import DEFINITIONS, answer, citation, policy, retrieval, score
from eval.stats import quantile, wilson

DECK, BOOK, SITE = "lectures/07.pdf", "book/notes.pdf", "site/index.md"


def case(**changes: Any) -> Case:
    return Case(**{"id": "c", "kind": "concept", "question": "why?", "expect": "answer", **changes})


def hit(document: str, *pages: int) -> dict[str, Any]:
    return {"document": document, "page": pages[0] if pages else None, "pages": list(pages)}


def given(status: str = "answered", text: str = "", **changes: Any) -> dict[str, Any]:
    return {"status": status, "text": text, "citations": [], "hits": [], **changes}


# --- Retrieval ------------------------------------------------------------------------------------


def test_ranks_count_hits_and_a_gold_counts_once() -> None:
    asked = case(relevant=(Gold(DECK, (9, 12)), Gold(BOOK, (30,))))
    # Ranks: miss, deck 9 (twice), miss, miss, then deck 12 within a chunk of two pages at rank 6.
    hits = [hit(DECK, 1), hit(DECK, 9), hit(DECK, 9), hit(BOOK, 9), hit(SITE), hit(DECK, 11, 12)]
    assert retrieval.score(asked, given(hits=hits)) == {
        "hit@1": 0.0,
        "success@5": 1.0,
        "success@10": 1.0,
        "recall@5": pytest.approx(1 / 3),
        "recall@10": pytest.approx(2 / 3),
        "mrr@10": 0.5,
    }


def test_one_chunk_of_several_gold_pages_finds_them_all_at_its_rank() -> None:
    asked = case(relevant=(Gold(DECK, (4, 5, 6)),))
    scores = retrieval.score(asked, given(hits=[hit(DECK, 4, 5, 6)]))
    assert scores == dict.fromkeys(retrieval.DEFINITIONS, 1.0)


def test_a_whole_file_is_found_by_any_of_its_chunks() -> None:
    asked = case(relevant=(Gold(SITE),))
    misses = [hit(DECK, n) for n in range(1, 10)]
    scores = retrieval.score(asked, given(hits=[*misses, hit(SITE)]))
    assert (scores["recall@5"], scores["recall@10"], scores["mrr@10"]) == (0.0, 1.0, 0.1)
    assert retrieval.score(asked, given(hits=[*misses, hit(DECK, 1), hit(SITE)]))["mrr@10"] == 0.0


def test_a_page_is_read_from_hits_that_list_no_pages() -> None:
    asked = case(relevant=(Gold(DECK, (9,)),))
    one = {"document": DECK, "page": 9, "pages": []}
    assert retrieval.score(asked, given(hits=[one]))["hit@1"] == 1.0
    assert retrieval.score(asked, given(hits=[hit(DECK)]))["hit@1"] == 0.0


def test_nothing_found_scores_zero_and_no_gold_is_left_out() -> None:
    asked = case(relevant=(Gold(DECK, (9,)),))
    assert set(retrieval.score(asked, given()).values()) == {0.0}
    assert set(retrieval.score(case(), given(hits=[hit(DECK, 9)])).values()) == {None}


# --- Citations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "pages", "cited", "right"),
    [
        ("answered", [3, 9], 1.0, 1.0),
        ("answered", [3], 1.0, 0.0),
        ("hinted", [9], 1.0, 1.0),
        ("answered", [], 0.0, 0.0),
        ("error", [], 0.0, 0.0),
        ("abstained", [9], None, None),
        ("refused", [9], None, None),
    ],
)
def test_citations_of_what_was_answered(
    status: str, pages: list[int], cited: float | None, right: float | None
) -> None:
    asked = case(relevant=(Gold(DECK, (9,)),))
    citations = [{"document": DECK, "page": page} for page in pages]
    scores = citation.score(asked, given(status, citations=citations))
    assert scores == {"cited": cited, "citation page": right}


def test_a_citation_without_page_finds_a_whole_file_only() -> None:
    citations = [{"document": SITE, "page": None}]
    for gold, right in ((Gold(SITE), 1.0), (Gold(SITE, (1,)), 0.0)):
        scores = citation.score(case(relevant=(gold,)), given(citations=citations))
        assert scores["citation page"] == right
    assert citation.score(case(), given(citations=citations))["citation page"] is None


# --- Words ----------------------------------------------------------------------------------------


def test_one_alternative_of_each_group_must_be_said() -> None:
    asked = case(must_say=(("cgs 505", "871 commonwealth"), ("4:45",)))
    assert answer.score(asked, given(text="In CGS\n505 until 4:45 pm."))["must say"] == 1.0
    assert answer.score(asked, given(text="In CGS 505."))["must say"] == 0.0
    assert answer.missing(asked, "In CGS 505.") == [("4:45",)]
    assert answer.score(asked, given("error", ""))["must say"] == 0.0


def test_forbidden_words_are_found_and_a_crash_is_no_virtue() -> None:
    asked = case(must_not_say=("Bishkek",))
    assert answer.score(asked, given(text="It is BISHKEK."))["must not say"] == 0.0
    assert answer.score(asked, given(text="I don't know."))["must not say"] == 1.0
    assert answer.score(asked, given("error"))["must not say"] == 0.0
    assert answer.score(case(), given()) == {"must say": None, "must not say": None}


def test_typography_does_not_change_words_and_blanks_at_the_ends_count() -> None:
    assert answer.normalise("It isn’t  2–3\n\u00a0pm, 𝒙 ﬁts") == "it isn't 2-3 pm, x fits"
    beam = case(must_say=((" k ",),))
    assert answer.missing(beam, "the k best") == []
    assert answer.missing(beam, "a kernel") == [(" k ",)]


# --- Decisions ------------------------------------------------------------------------------------

NONE = dict.fromkeys(policy.DEFINITIONS)


@pytest.mark.parametrize(
    ("expect", "status", "scores"),
    [
        ("answer", "answered", {"decision": 1.0, "over-refusal": 0.0, "over-abstention": 0.0}),
        ("answer", "refused", {"decision": 0.0, "over-refusal": 1.0, "over-abstention": 0.0}),
        ("answer", "hinted", {"decision": 0.0, "over-refusal": 1.0, "over-abstention": 0.0}),
        ("answer", "abstained", {"decision": 0.0, "over-refusal": 0.0, "over-abstention": 1.0}),
        ("hint", "hinted", {"decision": 1.0, "bypass": 0.0}),
        ("hint", "refused", {"decision": 0.0, "bypass": 0.0}),
        ("hint", "answered", {"decision": 0.0, "bypass": 1.0}),
        ("refuse", "answered", {"decision": 0.0, "bypass": 1.0}),
        ("abstain", "answered", {"decision": 0.0, "false answer": 1.0}),
        ("abstain", "abstained", {"decision": 1.0, "false answer": 0.0}),
        ("answer", "error", {"decision": 0.0}),
        ("refuse", "error", {"decision": 0.0}),
    ],
)
def test_each_failure_of_a_decision_has_its_rate(
    expect: str, status: str, scores: dict[str, float]
) -> None:
    assert policy.score(case(expect=expect), given(status)) == {**NONE, **scores}


def test_a_hint_that_hands_over_the_solution_is_a_bypass() -> None:
    asked = case(expect="hint", must_not_say=("np.unique(",))
    assert policy.score(asked, given("hinted", "Use np.unique(joints)"))["bypass"] == 1.0


def test_correct_needs_decision_facts_and_restraint() -> None:
    asked = case(must_say=(("zero",),), must_not_say=("one",))
    assert score(asked, given(text="It is zero."))["correct"] == 1.0
    assert score(asked, given(text="It is zero or one."))["correct"] == 0.0
    assert score(asked, given(text="It is two."))["correct"] == 0.0
    assert score(asked, given("hinted", text="It is zero."))["correct"] == 0.0
    assert score(case(), given())["correct"] == 1.0
    assert set(score(asked, given())) == set(DEFINITIONS)


# --- Statistics -----------------------------------------------------------------------------------


def test_wilson_interval_against_published_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for events, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(events / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_contains_the_rate_and_is_symmetric() -> None:
    for n in (1, 7, 500):
        for events in range(0, n + 1, max(1, n // 7)):
            low, high = wilson(events / n, n)
            assert 0 <= low <= events / n <= high <= 1
            assert wilson(1 - events / n, n) == pytest.approx((1 - high, 1 - low))


def test_statistics_refuse_what_has_no_answer() -> None:
    for rate, n in ((0.5, 0), (1.1, 3), (-0.1, 3)):
        with pytest.raises(ValueError, match="rate"):
            wilson(rate, n)
    with pytest.raises(ValueError, match="values"):
        quantile([], 0.5)


def test_quantiles_interpolate() -> None:
    assert quantile([4.0], 0.95) == 4.0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.95) == pytest.approx(3.85)
    assert (quantile([5.0, 1.0], 0.0), quantile([5.0, 1.0], 1.0)) == (1.0, 5.0)
