"""Sentences and blocks of course text: where they end, and that offsets are exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds542_tutor.sentences import block_sentences, split_blocks, split_sentences


def texts(text: str) -> list[str]:
    return [span.text for span in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Optimisers, e.g. Adam or i.e. others, use Eq. 3 of the book.",
        "The rate is 0.001 and the loss 2.5 at p. 212 there.",
        "Fig. 2 and Sec. 7.2 show what Vaswani et al. (2017) did.",
        "Prof. T. Gardos and K. He wrote vs. the others, cf. Ch. 4 here.",
        "Let $f(x) = x. Then$ hold for every \\(a. B\\) in the set.",
        "Call `model.eval(). Then` it is in test mode.",
        "See https://example.org/a.B for the file of Lec. 4 today.",
        "It is i.i.d. noise with 3.14 as its mean.",
    ],
)
def test_a_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert texts(f"{sentence} Another one follows.") == [sentence, "Another one follows."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It works! Does it? Yes.", ["It works!", "Does it?", "Yes."]),
        ('He said "stop." Then we left.', ['He said "stop."', "Then we left."]),
        ("This is class A. The rest is class B.", ["This is class A.", "The rest is class B."]),
        ("It converges. [1][2] It is fast. [3]", ["It converges. [1][2]", "It is fast. [3]"]),
        ("It converges [1]. It is fast [2].", ["It converges [1].", "It is fast [2]."]),
        ("One. $x$ is two. `f` is three.", ["One.", "$x$ is two.", "`f` is three."]),
        ("", []),
        ("  \n\n ", []),
        ("no stop at all", ["no stop at all"]),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_a_slide_is_its_title_and_its_bullets() -> None:
    slide = (
        "Dot-product self attention\n• Takes N inputs of size Dx1\n• Computes N values, with\n"
        "ReLU at all. None.\n– Weights depend on the inputs\n30"
    )
    blocks = split_blocks(slide)
    assert [(b.kind, b.text) for b in blocks] == [
        ("prose", "Dot-product self attention"),
        ("item", "Takes N inputs of size Dx1"),
        ("item", "Computes N values, with\nReLU at all. None."),
        ("item", "Weights depend on the inputs"),
        ("prose", "30"),
    ]
    assert [s.text for s in block_sentences(blocks[2])] == [
        "Computes N values, with\nReLU at all.",
        "None.",
    ]


def test_wrapped_body_text_is_joined_and_headings_are_not() -> None:
    page = (
        "7.5 Pooling\n"
        "By gradually aggregating information, yielding coarser and coarser maps, we accomplish\n"
        "This goal of ultimately learning a global representation. A torn variance of size 𝛾\n"
        "2\n"
        "is read on.\n"
    )
    assert texts(page) == [
        "7.5 Pooling",
        "By gradually aggregating information, yielding coarser and coarser maps, we accomplish\n"
        "This goal of ultimately learning a global representation.",
        "A torn variance of size 𝛾\n2\nis read on.",
    ]


def test_markdown_code_and_formulas_are_blocks_of_their_own() -> None:
    text = (
        "## Loss\n\nThe loss is:\n$$\nL = (y - \\hat y)^2. A\n$$\n1. Call it.\n2. Step.\n\n"
        "```python\nfor x in data:\n\n    loss(x)  # e.g. MSE. Good\n```\nAfter it."
    )
    assert [(b.kind, b.text) for b in split_blocks(text)] == [
        ("heading", "Loss"),
        ("prose", "The loss is:"),
        ("math", "$$\nL = (y - \\hat y)^2. A\n$$"),
        ("item", "Call it."),
        ("item", "Step."),
        ("code", "for x in data:\n\n    loss(x)  # e.g. MSE. Good"),
        ("prose", "After it."),
    ]
    assert "for x in data:\n\n    loss(x)  # e.g. MSE. Good" in texts(text)


def test_code_without_a_fence_is_seen_and_prose_with_an_equation_is_not_code() -> None:
    page = (
        "We compute the gradient of z = x * y by hand, for y = x in the case of one number.\n"
        "import torch\nx = torch.ones(3)\ny = x * x\ny.backward(gradient=torch.ones(len(y)))\n"
        "Now the gradient is there."
    )
    assert [b.kind for b in split_blocks(page)] == ["prose", "code", "prose"]
    assert split_blocks(page)[1].text.startswith("import torch\nx = ")


def test_an_unclosed_fence_or_formula_loses_nothing() -> None:
    assert texts("Before.\n```\nx = 1") == ["Before.", "x = 1"]
    assert texts("$$ a + b\n\nAfter it.") == ["$$ a + b", "After it."]


@given(st.text(alphabet="aB .?!\n$`•-#1[]()*:;,xé𝑥", max_size=120))
def test_spans_are_exact_ordered_and_trimmed(text: str) -> None:
    end = 0
    for span in split_sentences(text):
        assert text[span.start : span.end] == span.text
        assert span.start >= end
        assert span.text.strip("\n") == span.text != ""
        end = span.end
