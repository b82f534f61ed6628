"""Metrics of evaluation, against examples computed by hand and against ir-measures."""

import math
import random
from typing import Any

import ir_measures
import pytest
from ir_measures import RR, R, Success, nDCG

from eval.cases import Case, Gold
from eval.metrics import (
    DEFINITIONS,
    LOWER_IS_BETTER,
    MEANS,
    abstention,
    answer,
    citation,
    cost,
    policy,
    retrieval,
    score,
    style,
)

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
    # Relevant hits at 2, 3 and 6; the page of the book was not found and would have been a fourth.
    gain = 1 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(7)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(5)
    assert retrieval.score(asked, given(hits=hits)) == {
        "hit@1": 0.0,
        "success@5": 1.0,
        "success@10": 1.0,
        "recall@5": pytest.approx(1 / 3),
        "recall@10": pytest.approx(2 / 3),
        "mrr@10": 0.5,
        "ndcg@10": pytest.approx(gain / ideal),
        # Documents in the order of their first hits: deck, book, site.
        "doc hit@1": 1.0,
        "doc recall@5": 1.0,
        "doc recall@10": 1.0,
        "doc mrr@10": 1.0,
        "doc ndcg@10": 1.0,
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


def test_documents_are_ranked_by_their_first_hit() -> None:
    asked = case(relevant=(Gold(BOOK, (30,)), Gold("notebooks/n.ipynb")))
    hits = [hit(DECK, 1), hit(DECK, 2), hit(SITE), hit(BOOK, 4), hit(BOOK, 30)]
    scores = retrieval.score(asked, given(hits=hits))
    assert scores["doc hit@1"] == 0.0
    assert scores["doc mrr@10"] == pytest.approx(1 / 3)  # deck, site, book
    assert scores["doc recall@5"] == 0.5
    assert scores["doc ndcg@10"] == pytest.approx(0.5 / (1 + 1 / math.log2(3)))


def test_single_page_chunks_score_as_ir_measures_scores_pages() -> None:
    rng = random.Random(7)
    for _ in range(25):
        golds = rng.sample(range(1, 30), rng.randint(1, 4))
        pages = rng.sample(range(1, 30), 10)
        scores = retrieval.score(
            case(relevant=(Gold(DECK, tuple(golds)),)), given(hits=[hit(DECK, p) for p in pages])
        )
        run = [ir_measures.ScoredDoc("q", str(p), -rank) for rank, p in enumerate(pages)]
        judged = [ir_measures.Qrel("q", str(p), 1) for p in golds]
        for name, measure in (
            ("hit@1", Success @ 1), ("success@5", Success @ 5), ("recall@5", R @ 5),
            ("recall@10", R @ 10), ("mrr@10", RR @ 10), ("ndcg@10", nDCG @ 10),
        ):  # fmt: skip
            expected = ir_measures.calc_aggregate([measure], judged, run)[measure]
            assert scores[name] == pytest.approx(expected), name


def test_nothing_found_scores_zero_and_no_gold_is_left_out() -> None:
    asked = case(relevant=(Gold(DECK, (9,)),))
    assert set(retrieval.score(asked, given()).values()) == {0.0}
    assert set(retrieval.score(case(), given(hits=[hit(DECK, 9)])).values()) == {None}


# --- Citations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "pages", "cited", "right", "precision"),
    [
        ("answered", [3, 9], 1.0, 1.0, 0.5),
        ("answered", [3], 1.0, 0.0, 0.0),
        ("hinted", [9], 1.0, 1.0, 1.0),
        ("answered", [], 0.0, 0.0, 0.0),
        ("error", [], 0.0, 0.0, 0.0),
        ("abstained", [9], None, None, None),
        ("refused", [9], None, None, None),
    ],
)
def test_citations_of_what_was_answered(
    status: str,
    pages: list[int],
    cited: float | None,
    right: float | None,
    precision: float | None,
) -> None:
    asked = case(relevant=(Gold(DECK, (9,)),))
    citations = [{"document": DECK, "page": page} for page in pages]
    scores = citation.score(asked, given(status, citations=citations))
    assert scores == {
        "cited": cited,
        "citation page": right,
        "citation page precision": precision,
    }


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
        ("answer", "answered", {"decision": 1.0, "over-refusal": 0.0}),
        ("answer", "refused", {"decision": 0.0, "over-refusal": 1.0}),
        ("answer", "hinted", {"decision": 0.0, "over-refusal": 1.0}),
        ("answer", "abstained", {"decision": 0.0, "over-refusal": 0.0}),
        ("hint", "hinted", {"decision": 1.0, "bypass": 0.0}),
        ("hint", "refused", {"decision": 0.0, "bypass": 0.0}),
        ("hint", "answered", {"decision": 0.0, "bypass": 1.0}),
        ("refuse", "answered", {"decision": 0.0, "bypass": 1.0}),
        ("abstain", "answered", {"decision": 0.0}),
        ("abstain", "abstained", {"decision": 1.0}),
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


def test_every_metric_has_a_definition_and_a_direction() -> None:
    assert set(DEFINITIONS) > LOWER_IS_BETTER
    assert set(DEFINITIONS) > MEANS
    for name, text in DEFINITIONS.items():
        assert text
        assert ("lower is better" in text) == (name in LOWER_IS_BETTER), name


# --- Silence --------------------------------------------------------------------------------------

SILENCE = dict.fromkeys(abstention.DEFINITIONS)


@pytest.mark.parametrize(
    ("expect", "status", "text", "outcome", "scores"),
    [
        (
            "answer", "answered", "It is zero.", "answered-correct",
            {"answer precision": 1.0, "answer accuracy": 1.0, "over-abstention": 0.0},
        ),
        (
            "answer", "answered", "It is one.", "answered-wrong",
            {"answer precision": 0.0, "answer accuracy": 0.0, "over-abstention": 0.0},
        ),
        (
            "answer", "abstained", "", "abstained-wrong",
            {"answer accuracy": 0.0, "over-abstention": 1.0},
        ),
        (
            "answer", "hinted", "zero", "abstained-wrong",
            {"answer accuracy": 0.0, "over-abstention": 0.0},
        ),
        ("answer", "error", "", "abstained-wrong", {"answer accuracy": 0.0}),
        (
            "abstain", "answered", "It is zero.", "answered-wrong",
            {"answer precision": 0.0, "false answer": 1.0},
        ),
        ("abstain", "abstained", "", "abstained-right", {"false answer": 0.0}),
        # A reason that is not the real one is no silence done right, but no false answer either.
        ("abstain", "refused", "", "abstained-wrong", {"false answer": 0.0}),
        ("abstain", "error", "", "abstained-wrong", {}),
        ("hint", "answered", "It is zero.", None, {}),
    ],
)  # fmt: skip
def test_silence_has_four_outcomes(
    expect: str, status: str, text: str, outcome: str | None, scores: dict[str, float]
) -> None:
    asked = case(expect=expect, must_say=(("zero",),))
    assert abstention.outcome(asked, given(status, text)) == outcome
    assert abstention.score(asked, given(status, text)) == {**SILENCE, **scores}


# --- Style ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The gradient is zero [1].", []),
        ("Great question! The gradient is zero [1].", ["flattery"]),
        ("Sure! It is zero.", ["filler"]),
        ("It is important to note that it is zero. Let me know if it helps.", ["filler", "offer"]),
        ("It is zero \U0001f389", ["emoji"]),
        ("# Overview\n\nIt is zero.", ["heading"]),
        ("```python\n# Overview\nprint('Great question!')\n```", []),
        (
            "The slope of the ReLU is one [1]. The slope of the ReLU is one [2].",
            ["repetition"],
        ),
        ("It is zero. It is zero.", []),  # short sentences may come twice
    ],
)
def test_slop_is_named(text: str, found: list[str]) -> None:
    assert style.slop(text) == found
    assert style.score(case(), given(text=text))["no slop"] == float(not found)


def test_length_counts_prose_only() -> None:
    code = "```python\n" + "x = 1 \n" * 300 + "```"
    assert style.words(f"Set it to one [1][2]. {code} Then $a + b = c$ holds.") == 6
    budget = style.BUDGET_WORDS["schedule"]
    asked = case(kind="schedule")
    assert style.score(asked, given(text="word " * budget))["concise"] == 1.0
    assert style.score(asked, given(text="word " * (budget + 1)))["concise"] == 0.0
    assert style.score(asked, given("error")) == {"concise": None, "no slop": None}


# --- Cost -----------------------------------------------------------------------------------------


def test_costs_leave_out_what_was_not_measured() -> None:
    one = {"timings_ms": {"retrieval": 10.0, "total": 30.0}}
    used = {"prompt_tokens": 800, "completion_tokens": 40, "peak_rss_mib": 900.5}
    silent = {"prompt_tokens": 0, "completion_tokens": 0, "peak_rss_mib": 901.0}
    records = [{**one, "usage": used}, {**one, "usage": silent}, {"timings_ms": {}}]
    assert cost.latencies(records) == {
        "retrieval": {"p50": 10.0, "p95": 10.0, "n": 2},
        "total": {"p50": 30.0, "p95": 30.0, "n": 2},
    }
    assert cost.tokens(records) == {  # where no model wrote there is nothing to count
        "prompt_tokens": {"p50": 800.0, "p95": 800.0, "n": 1},
        "completion_tokens": {"p50": 40.0, "p95": 40.0, "n": 1},
    }
    assert cost.memory(records) == {"peak_rss_mib": 901.0}
