"""Citation recall and precision after ALCE, against examples computed by hand."""

from collections.abc import Sequence
from typing import Any

import pytest
from fakes import WordEmbedder

from eval.metrics import alce
from eval.metrics.alce import Statement, statements
from eval.support import ExactOrOverlap, SupportCheck, WordOverlap, support_check, word_overlap


def supports(pairs: Sequence[tuple[str, str]]) -> list[bool]:
    """A claim "a b c stand." is supported by a premise that has all of its letters."""
    letters = [{w for w in claim.split() if len(w) == 1} for _, claim in pairs]
    return [
        wanted <= set(premise.split()) for (premise, _), wanted in zip(pairs, letters, strict=True)
    ]


def answer(text: str, *passages: str, status: str = "answered") -> dict[str, Any]:
    citations = [
        {"marker": n, "title": "Title", "locator": "slide", "text": passage}
        for n, passage in enumerate(passages, start=1)
    ]
    return {"status": status, "text": text, "citations": citations}


@pytest.mark.parametrize(
    ("text", "passages", "recall", "precision"),
    [
        # One sentence, one passage that says it.
        ("Here a and b stand firmly [1].", ["a b"], 1.0, 1.0),
        # The passage does not say it: not recalled, its citation not precise.
        ("Here a and b stand firmly [1].", ["a"], 0.0, 0.0),
        # Only together: both citations are needed.
        ("Here a and b stand firmly [1][2].", ["a", "b"], 1.0, 1.0),
        # The first says it alone, the second adds nothing: it is irrelevant.
        ("Here a and b stand firmly [1][2].", ["a b", "x"], 1.0, 0.5),
        # Both say it alone: neither is irrelevant.
        ("Here a and b stand firmly [1][2].", ["a b", "b a"], 1.0, 1.0),
        # Neither alone; the third adds nothing, the others are needed.
        ("Here a and b stand firmly [1][2][3].", ["a", "b", "x"], 1.0, 2 / 3),
        # A sentence without a citation is not recalled, and no citation.
        ("Here a stands quite firmly [1]. There b stands quite firmly.", ["a"], 0.5, 1.0),
        # A marker that points nowhere spoils its sentence.
        ("Here a stands quite firmly [1][7].", ["a"], 0.0, 0.0),
        # Nothing cited at all.
        ("Here a stands quite firmly.", [], 0.0, 0.0),
    ],
)
def test_hand_computed_answers(
    text: str, passages: list[str], recall: float, precision: float
) -> None:
    scores = alce.score(answer(text, *passages), supports)
    assert scores == {
        "citation recall": pytest.approx(recall),
        "citation precision": pytest.approx(precision),
    }


def test_what_was_not_answered_is_not_judged_and_an_error_is_zero() -> None:
    text = "Here a stands quite firmly [1]."
    for status in ("hinted", "refused", "abstained"):
        assert set(alce.score(answer(text, "a", status=status), supports).values()) == {None}
    assert set(alce.score(answer("", status="error"), supports).values()) == {0.0}
    assert set(alce.score(answer("```python\nx = 1\n```"), supports).values()) == {None}


def test_sentences_are_what_claims_something() -> None:
    text = (
        "Yes. The gradient vanishes for negative inputs [1][2]. Does the unit recover? It is 0 [1]."
        "\n\n```python\nx = y[1]\n```\n\n- The slope is one elsewhere. [2]"
    )
    assert statements(text) == [
        Statement("The gradient vanishes for negative inputs.", (1, 2)),
        Statement("It is 0.", (1,)),
        Statement("The slope is one elsewhere.", (2,)),
    ]


def test_title_and_place_belong_to_a_passage() -> None:
    place = {"marker": 1, "title": "a", "locator": "b", "text": "c"}
    given = {"status": "answered", "text": "Look at a b c there [1].", "citations": [place]}
    spaced = lambda pairs: supports([(p.replace(",", " "), c) for p, c in pairs])  # noqa: E731
    assert alce.score(given, spaced)["citation recall"] == 1.0


# --- The checks behind it -------------------------------------------------------------------------


def test_word_overlap_is_the_share_of_words() -> None:
    pairs = [("The slope is one.", "the slope is zero"), ("x", ""), ("One. Two", "two ONE")]
    assert WordOverlap().score(pairs) == [0.75, 1.0, 1.0]
    assert word_overlap()(pairs) == [False, True, True]


def test_the_packaged_check_takes_what_stands_there_word_for_word() -> None:
    check = SupportCheck("own", ExactOrOverlap(WordEmbedder()), 0.7)
    premise = "Dropout zeroes units. The ﬁnal layer keeps them."
    pairs = [(premise, "the final layer keeps them"), (premise, "Momentum averages 3 gradients.")]
    assert check.verifier.score(pairs)[0] == 1.0
    assert check(pairs) == [True, False]
    assert check([]) == []


def test_the_report_can_say_which_check_it_was() -> None:
    assert "tutor's own" in support_check("", WordEmbedder()).name
