"""Numbering, markers, and the check of sentences against the passages they cite."""

import pytest

from ds542_tutor.citations import (
    UNSUPPORTED_NOTE,
    Checker,
    merge_spans,
    normalise_markers,
    number,
)
from ds542_tutor.dialogue import Hit, Passage
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.settings import ModelSettings
from ds542_tutor.support import OverlapVerifier

DROPOUT = (
    "Dropout sets each hidden unit to zero with probability 0.5 at every training step. "
    "At test time all units are kept, and their outputs are scaled. It was proposed in 2012."
)
POOLING = "Pooling layers have no parameters. Max pooling keeps the largest value of each window."


def chunk(text: str, page: int = 3) -> Chunk:
    return Chunk(
        id=f"id{page}",
        document="lectures/05.pdf",
        title="Lecture 5: Regularization",
        kind="slides",
        text=text,
        search_text=text,
        locator=Locator(page=page, slide_title="Dropout"),
        pages=(page,),
        sha256="a" * 64,
    )


PASSAGES = (Passage(1, chunk(DROPOUT), DROPOUT), Passage(2, chunk(POOLING, 4), POOLING))


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(OverlapVerifier(load_embedder(ModelSettings())))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("It works [1, 2].", "It works [1][2]."),
        ("It works. [1] Next.", "It works [1]. Next."),
        ("It works.[1][2]", "It works [1][2]."),
        ("It works (Source 1).", "It works [1]."),
        ("It works [source 2] and more.", "It works [2] and more."),
        ("It works 【1】.", "It works [1]."),
        ("It works[1].", "It works [1]."),
        ("In 2012 (1) it won.", "In 2012 (1) it won."),
        ("```python\nx[1] = a[1, 2]\n```", "```python\nx[1] = a[1, 2]\n```"),
        ("Index `x[1]` and $a[1]$ stay.", "Index `x[1]` and $a[1]$ stay."),
    ],
)
def test_markers_are_read_whatever_the_habit(written: str, normal: str) -> None:
    assert normalise_markers(written) == normal


def test_a_verbatim_sentence_is_supported_and_its_span_found(checker: Checker) -> None:
    checked = checker.check("Pooling layers have no parameters [2].", PASSAGES)
    (citation,) = checked.citations
    assert checked.text == "Pooling layers have no parameters [2]."
    assert (citation.marker, citation.support, citation.score) == (2, "supported", 1.0)
    assert POOLING[citation.start : citation.end] == citation.quote
    assert citation.quote == "Pooling layers have no parameters."
    assert (citation.page, citation.locator) == (4, "slide 4: Dropout")


def test_a_paraphrase_is_supported_by_the_sentence_it_rests_on(checker: Checker) -> None:
    checked = checker.check(
        "During training, dropout zeroes each hidden unit with probability 0.5 [1].", PASSAGES
    )
    (citation,) = checked.citations
    assert citation.support in ("supported", "weak")
    assert citation.quote.startswith("Dropout sets each hidden unit to zero")


def test_an_unsupported_sentence_is_removed_and_counted(checker: Checker) -> None:
    draft = (
        "Pooling layers have no parameters [2]. The capital of Peru is Lima and it is sunny [2]."
    )
    checked = checker.check(draft, PASSAGES)
    assert checked.text == "Pooling layers have no parameters [2]."
    assert checked.removed_sentences == 1


def test_a_wrong_number_is_not_supported(checker: Checker) -> None:
    for draft in ("It was proposed in 1987 [1].", "It was proposed in 1987."):
        checked = checker.check(draft, PASSAGES)
        assert (checked.citations, checked.text) == ((), "")


def test_unsupported_sentences_can_be_marked_instead() -> None:
    marking = Checker(OverlapVerifier(load_embedder(ModelSettings())), unsupported="mark")
    checked = marking.check("The capital of Peru is Lima and it is sunny [2].", PASSAGES)
    assert checked.text.endswith(UNSUPPORTED_NOTE)


def test_a_marker_that_points_nowhere_is_dropped_and_the_right_one_put(checker: Checker) -> None:
    checked = checker.check("Max pooling keeps the largest value of each window [7].", PASSAGES)
    assert checked.dropped_markers == 1
    assert checked.text == "Max pooling keeps the largest value of each window [2]."


def test_a_sentence_without_marker_gets_one(checker: Checker) -> None:
    checked = checker.check(
        "At test time all units are kept, and their outputs are scaled.", PASSAGES
    )
    assert checked.text.endswith("[1].")


def test_code_and_lists_keep_their_form(checker: Checker) -> None:
    code = "```python\nfor i in range(3):\n    x[1] = i\n```"
    items = "- Pooling layers have no parameters [2].\n- At test time all units are kept [1]."
    draft = f"{items}\n\n{code}"
    assert checker.check(draft, PASSAGES).text == draft


def test_passages_are_numbered_within_the_budget() -> None:
    hits = [Hit(chunk("word " * n, i), 1.0, "dense") for i, n in enumerate((50, 100, 20), start=1)]
    passages = number(hits, count=3, budget_words=80)
    assert [p.number for p in passages] == [1, 2]
    assert [p.chunk.locator.page for p in passages] == [1, 3]
    assert len(number(hits[1:], 3, 60)[0].text.split()) == 60


def test_every_supporting_span_of_a_passage_is_kept(checker: Checker) -> None:
    draft = (
        "It was proposed in 2012 [1]. "
        "Dropout sets each hidden unit to zero with probability 0.5 at every training step [1]."
    )
    (citation,) = checker.check(draft, PASSAGES).citations
    assert [DROPOUT[a:b] for a, b in citation.spans] == [
        "Dropout sets each hidden unit to zero with probability 0.5 at every training step.",
        "It was proposed in 2012.",
    ]


def test_spans_are_merged_where_they_touch() -> None:
    assert merge_spans([(10, 20), (0, 5), (21, 30), (0, 0), (12, 14)]) == ((0, 5), (10, 30))
